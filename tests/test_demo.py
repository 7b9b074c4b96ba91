"""The sample school's year through real Prefect: how it ends, what it shows and never shows, and being killed."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from killing import Killer, children
from workspaces import Room

from flows.office import open_office
from flows.server import alive
from flows.settings import Workspace
from schemas.model import Methodology
from schemas.problems import Location
from schemas.validation import shipped, violations

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
AFTER = "2027-07-01T09:00:00+03:00"
KILLS = int(os.environ.get("NASTAVNIK_TEST_KILLS", "2"))


def play(folder: Path, home: Path) -> subprocess.Popen[str]:
    """`nastavnik demo` as on a machine where nothing is set up: an empty home, no environment."""
    home.mkdir(exist_ok=True)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "flows.cli", "demo", str(folder)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The workspace that an unbroken demo leaves; everything that it writes lies there."""
    folder = tmp_path_factory.mktemp("demo")
    before = tree()
    process = play(folder / "demo", folder / "home")
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said[-3000:]
    assert tree() == before
    return Room(folder / "demo")


def tree() -> list[tuple[str, int]]:
    """The project's own files and when they were last written."""
    parts = [ROOT / name for name in ("definitions", "flows", "schemas", "tasks")]
    files = [path for part in parts for path in part.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return sorted((str(path), path.stat().st_mtime_ns) for path in files)


def as_json(room: Room, *words: str) -> Any:
    return json.loads(room.do(*words, now=AFTER).out)


def pinned(room: Room) -> Methodology:
    """The methodology that the school's programme runs by."""
    office = open_office(Workspace(room.folder))
    with office.store.read() as view:
        return office.methodology(view.programme("sosh-10").bundle)


# --- how it ends ---------------------------------------------------------------------------------


def test_the_year_ends_with_seven_stages_done(demo: Room) -> None:
    status = as_json(demo, "status", "sosh-10", "--json")

    assert status["state"] == "closed"
    assert [stage["state"] for stage in status["stages"]] == ["done"] * 7
    assert status["waiting_for"] == []


def test_every_required_paper_is_valid_and_approved_where_a_gate_covers_it(demo: Room) -> None:
    status = as_json(demo, "status", "sosh-10", "--keys", "--json")
    methodology = pinned(demo)
    required = 0
    for stage in status["stages"]:
        gates = methodology.stages[stage["id"]].checkpoints.values()
        covered = {each.id for gate in gates for each in gate.requires if each.check is None}
        for name, paper in stage["artefacts"].items():
            if not paper["required"]:
                continue
            required += 1
            wanted = {"approved"} if name in covered else {"approved", "valid"}
            states = {each["state"] for each in paper.get("keys", {}).values()} or {paper["state"]}
            assert states <= wanted | {"not_owed", "withdrawn"}, (stage["id"], name, states)
            assert states & wanted, (stage["id"], name)
    assert required >= 40


def test_every_gate_shows_who_signed_when_under_which_number_and_on_what(demo: Room) -> None:
    status = as_json(demo, "status", "sosh-10", "--keys", "--json")
    methodology = pinned(demo)
    seen = 0
    for stage in status["stages"]:
        for name, gate in stage["checkpoints"].items():
            signers = methodology.stages[stage["id"]].checkpoints[name].sign_off
            passed = [each for each in gate.get("keys", {"": gate}).values() if each["state"] == "approved"]
            assert passed, (stage["id"], name)
            for one in passed:
                assert {each["sign_off"] for each in one["signed"]} == set(signers)
                for each in one["signed"]:
                    seen += 1
                    assert each["by"].startswith("Н-")
                    assert each["at"]
                    assert each["evidence"]
                    asked = {key for key, needed in signers[each["sign_off"]].asks.items() if needed}
                    assert asked <= each.keys(), (stage["id"], name, each)
    assert seen > 100


def test_journal_and_files_are_whole(demo: Room) -> None:
    assert demo("verify", now=AFTER).code == 0


def test_papers_are_printed_with_names(demo: Room) -> None:
    folder = demo.folder / "documents" / "sosh-10" / "2026-27"
    names = {path.stem for path in folder.glob("*.docx")}
    order = docx.Document(str(folder / "pairing-order-pupil_pupil.docx"))
    text = "\n".join(
        [each.text for each in order.paragraphs]
        + [cell.text for table in order.tables for row in table.rows for cell in row.cells]
    )

    assert {"launch-order", "curator-order", "closing-report", "pairing-order-pupil_pupil"} <= names
    assert any(name.startswith("thank-you-letter-") for name in names)
    assert "Лучинина" in text
    assert "{{" not in text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("status", ("status", "sosh-10", "--json")),
        ("status", ("status", "sosh-10", "--keys", "--json")),
        ("why", ("why", "sosh-10", "matching/pairs", "--json")),
        ("why", ("why", "sosh-10", "work/group_started/Г-01", "--json")),
        ("today", ("today", "--json")),
        ("people", ("people", "list", "sosh-10", "--json")),
        ("doctor", ("doctor", "--json")),
        ("check", ("check", "--format", "json")),
        ("show", ("show", "--school", "sosh-10", "--format", "json")),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else each,
)
def test_every_json_answer_keeps_its_published_schema(
    demo: Room, schema: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    answer = as_json(demo, *words)

    assert (
        violations(shipped("output", schema), answer, lambda pointer, key=False: Location(str(pointer))) == []
    )


# --- what it never shows -------------------------------------------------------------------------


def spellings(text: str) -> Iterator[bytes]:
    """Every form in which a text could lie in a file."""
    yield text.encode()
    yield text.encode("cp1251")
    yield text.encode("utf-16-le")
    escaped = json.dumps(text)[1:-1].encode()
    yield escaped
    yield escaped.replace(b"\\u", b"\\\\u")
    for shift in range(3):  # base64 begins at any byte of three
        coded = base64.b64encode(b"\0" * shift + text.encode())
        yield coded[(0, 2, 3)[shift] : -4]


def secrets_of(room: Room) -> set[str]:
    """Whole names, family names, phones and addresses of everybody in the school."""
    office = open_office(Workspace(room.folder))
    found: set[str] = set()
    with office.store.read() as view:
        people = office.people(view)
        for code in people.codes("sosh-10"):
            for kind, text in people.card("sosh-10", code).items():
                found.add(text)
                if kind in ("name", "guardian_name"):
                    found.add(text.split()[0])
    return {text for text in found if len(text) >= 5}


def test_no_name_or_contact_reaches_prefect_logs_results_or_file_names(demo: Room) -> None:
    """What only `people`, printed papers and letters may hold is nowhere else."""
    secrets = {form: text for text in secrets_of(demo) for form in spellings(text)}
    assert len(secrets) > 1000
    holds_names = {demo.folder / "documents", demo.folder / "data" / "outbox"}
    read, told = 0, []
    for path in demo.folder.rglob("*"):
        place = str(path.relative_to(demo.folder))
        told.extend(text for text in secrets_of_name(place, secrets))
        if path.is_file() and not holds_names & {path, *path.parents}:
            content = path.read_bytes()
            read += 1
            told.extend(f"{place}: {text}" for form, text in secrets.items() if form in content)

    assert read > 50
    assert told == []


def secrets_of_name(place: str, secrets: dict[bytes, str]) -> Iterator[str]:
    for form, text in secrets.items():
        if form in place.encode():
            yield f"{place}: {text}"


def test_the_canary_would_be_seen(tmp_path: Path) -> None:
    """The search itself finds a name in every spelling."""
    name = "Веснянкина Дарья"
    for form in spellings(name):
        assert any(each in b"..." + form + b"..." for each in spellings(name))
    assert base64.b64encode(b"{'" + name.encode() + b"'}").find(list(spellings(name))[-1]) >= 0


# --- killed --------------------------------------------------------------------------------------


def everything(room: Room) -> tuple[object, ...]:
    """The final status, every version, decision and fact, every letter and every document's name."""
    with sqlite3.connect(room.folder / "data" / "store.db") as database:
        versions = database.execute(
            "SELECT path, key, occurrence, digest, origin, by FROM artefact ORDER BY seq"
        )
        decisions = database.execute(
            "SELECT gate, key, sign_off, verdict, by, number FROM decision ORDER BY seq"
        )
        counted = sorted(versions.fetchall()), sorted(decisions.fetchall())
    letters = sorted(path.name for path in (room.folder / "data" / "outbox").iterdir())
    documents = sorted(path.name for path in (room.folder / "documents").rglob("*.docx"))
    return as_json(room, "status", "sosh-10", "--keys", "--json"), *counted, letters, documents


def test_a_demo_that_is_killed_again_and_again_ends_as_the_unbroken_one(demo: Room, tmp_path: Path) -> None:
    """Nothing is lost and nothing is done twice, whenever the power fails ($NASTAVNIK_TEST_KILLS times)."""
    moments = random.Random()
    times = [moments.uniform(1, 45 / (KILLS**0.5)) for _ in range(KILLS)]
    for seconds in times:
        process = play(tmp_path / "demo", tmp_path / "home")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = play(tmp_path / "demo", tmp_path / "home")
    said, _ = process.communicate(timeout=600)

    assert process.returncode == 0, (times, said[-3000:])
    assert everything(Room(tmp_path / "demo")) == everything(demo), times
    assert Room(tmp_path / "demo")("verify", now=AFTER).code == 0


def test_a_demo_says_what_was_killed_under_it_and_goes_on_when_run_again(demo: Room, tmp_path: Path) -> None:
    """First Prefect's server is killed, then the process of a task; neither leaves a trace in the end."""
    folder = tmp_path / "demo"
    process = play(folder, tmp_path / "home")
    until = time.monotonic() + 120
    while (server := alive(Workspace(folder))) is None:
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(6)
    os.kill(server.pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=300)

    assert process.returncode == 1, said[-3000:]
    assert "сервер Prefect перестал отвечать" in said
    assert "Traceback" not in said

    until = time.monotonic() + 120
    while children(folder):  # of the run that ended; the one to be killed is of the next
        assert time.monotonic() < until
        time.sleep(0.2)
    process = play(folder, tmp_path / "home")
    killer = Killer(folder, each=True)
    killer.start()
    said, _ = process.communicate(timeout=300)
    killer.ended = True
    killer.join()

    assert killer.killed
    assert process.returncode == 1, said[-3000:]
    assert "задача не выполнилась" in said
    assert "Traceback" not in said

    process = play(folder, tmp_path / "home")
    said, _ = process.communicate(timeout=600)

    assert process.returncode == 0, said[-3000:]
    assert everything(Room(folder)) == everything(demo)
    assert Room(folder)("verify", now=AFTER).code == 0
