"""Two schools in one workspace: each has its own people, papers, runs and documents, and neither sees the other."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from workspaces import CURATOR, DIRECTOR, SAMPLE, Room, lived_until

ROOT = Path(__file__).parent.parent
FOLDERS = str(SAMPLE / "inbox" / "001-papka-materialov.yaml")
ORDER = str(SAMPLE / "inbox" / "002-prikaz-o-vnedrenii.docx")
UNTIL = "2026-10-01"
AFTER = "2026-10-20T09:00:00+03:00"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A school that is well into its year; beside it a new one with people of its own."""
    folder = tmp_path_factory.mktemp("two") / "workspace"
    room = lived_until(folder, UNTIL)
    room.do("school", "add", "sosh-22", "--title", "МОУ СОШ № 22", "--timezone", "Asia/Omsk", now=AFTER)
    for name, role in (("Ясенева Ольга Юрьевна", "director"), ("Тополев Иван Ильич", "curator")):
        room.do("people", "add", "sosh-22", "--name", name, "--role", role, now=AFTER)
    room.do("people", "assign", "sosh-22", CURATOR, "working_group", now=AFTER)
    room.do("start", "sosh-22", "--year", "2026/27", now=AFTER)
    return room


def seen(room: Room, school: str) -> tuple[Any, ...]:
    """Everything that commands show of a school."""
    return tuple(
        json.loads(room.do(*words, "--json", now=AFTER).out)
        for words in (
            ("status", school, "--keys"),
            ("today", school),
            ("people", "list", school),
            ("why", school, "preparation/launched"),
        )
    )


def test_a_new_school_begins_with_nothing_of_the_other(room: Room) -> None:
    old, _, _, _ = seen(room, "sosh-10")
    new, today, people, _ = seen(room, "sosh-22")

    assert {"approved"} <= {each["state"] for each in old["stages"][0]["artefacts"].values()}
    assert {each["state"] for stage in new["stages"] for each in stage["artefacts"].values()} <= {
        "missing", "not_owed",
    }  # fmt: skip
    assert [each["code"] for each in people["people"]] == [DIRECTOR, CURATOR]
    assert {each["school"] for each in today["programmes"]} == {"sosh-22"}


def test_what_one_school_does_changes_nothing_in_the_other(room: Room) -> None:
    before = seen(room, "sosh-10")
    room.do("submit", "sosh-22", "preparation/folders", FOLDERS, "--by", CURATOR, now=AFTER)

    assert seen(room, "sosh-10") == before
    assert seen(room, "sosh-22")[0]["stages"][0]["artefacts"]["folders"]["state"] == "valid"


def test_nobody_acts_in_a_school_that_he_does_not_belong_to(room: Room) -> None:
    """A code that only the other school has is unknown here."""
    before = seen(room, "sosh-22")
    answer = room("submit", "sosh-22", "preparation/folders", FOLDERS, "--by", "Н-005-9", now=AFTER)

    assert answer.code == 6
    assert "Н-005-9" in answer.err
    assert seen(room, "sosh-22") == before


def test_the_names_of_one_school_are_nobody_in_the_other(room: Room) -> None:
    """An order that names the first school's staff is refused in the second."""
    before = seen(room, "sosh-22")
    answer = room("submit", "sosh-22", "preparation/launch_order", ORDER, "--by", DIRECTOR, now=AFTER)

    assert answer.code == 4
    assert "человека с таким именем в школе нет" in answer.err
    assert seen(room, "sosh-22") == before


@pytest.mark.slow
def test_a_year_played_beside_the_same_year_is_the_same(room: Room) -> None:
    """Even with the same names and files: codes, papers and decisions are a school's own."""
    before = seen(room, "sosh-10")
    lived_until(room.folder, UNTIL, school="sosh-33")

    assert seen(room, "sosh-10") == before
    assert json.dumps(seen(room, "sosh-33")).replace("sosh-33", "sosh-10") == json.dumps(before)


@pytest.mark.slow
def test_one_run_carries_on_every_school_that_has_work(room: Room) -> None:
    """`run --all` through real Prefect: a run for each school, tagged by it."""
    room.do("submit", "sosh-22", "preparation/folders", FOLDERS, "--by", CURATOR, now=AFTER)
    before = seen(room, "sosh-10")[2], seen(room, "sosh-22")[2]
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "--workspace", str(room.folder), "run", "--all"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
        env={**os.environ, "NASTAVNIK_NOW": AFTER, "PYTHONUTF8": "1"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    with sqlite3.connect(room.folder / "data" / "prefect" / "prefect.db") as database:
        tags = database.execute(
            "SELECT r.tags FROM flow_run r JOIN flow f ON f.id = r.flow_id WHERE f.name = 'programme'"
        ).fetchall()
    assert {"sosh-10", "sosh-22"} <= {tag for (each,) in tags for tag in json.loads(each)}
    assert (seen(room, "sosh-10")[2], seen(room, "sosh-22")[2]) == before
