"""`status`, `why` and `today` say what is so, and what a command needs to be written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from workspaces import Room, lived_until, new_room

OCTOBER = "2026-10-01T09:00:00+03:00"


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return lived_until(tmp_path_factory.mktemp("october") / "workspace", "2026-10-01")


def test_a_gate_that_nobody_has_come_to_is_not_ready(tmp_path: Path) -> None:
    room = new_room(tmp_path / "workspace")

    assert "не готово" in room.do("why", "sosh-10", "matching/group_approved").out


def test_status_with_keys_shows_each_member_at_each_gate(october: Room) -> None:
    whole = october.do("status", "sosh-10", now=OCTOBER).out
    each = october.do("status", "sosh-10", "--keys", now=OCTOBER).out

    assert "Н-036-4" not in whole
    assert "Н-036-4" in each
    assert each.splitlines()[0] == whole.splitlines()[0]


def test_a_role_is_understood_by_its_title(october: Room) -> None:
    told = october.do("today", "sosh-10", "--role", "Куратор", now=OCTOBER).out

    assert "Куратор" in told
    assert told == october.do("today", "sosh-10", "--role", "curator", now=OCTOBER).out


def test_the_next_signer_is_named_with_the_word_for_the_command(tmp_path: Path) -> None:
    room = lived_until(tmp_path / "workspace", "2026-05-20")

    assert "Педагогический совет (pedsovet)" in room.do(
        "why", "sosh-10", "preparation/regulation_approved", now="2026-05-20T09:00:00+03:00"
    ).out  # fmt: skip


def test_what_was_let_go_is_not_asked_for(october: Room) -> None:
    """The curator let the baseline of one mentee go: it is not overdue for ever."""
    today = json.loads(october.do("today", "sosh-10", "--json", now=OCTOBER).out)
    asked = [each for each in today["programmes"][0]["waiting_for"] if each["item"] == "mentee_base/baseline"]

    assert [each for each in asked if "Н-036-4" in each["keys"]] == []


def test_a_count_of_many_shows_the_first_and_how_many_more(october: Room, tmp_path: Path) -> None:
    """Of eighteen six are named and twelve are counted."""
    folder = tmp_path / "workspace"
    shutil.copytree(october.folder, folder)
    told = Room(folder).do("why", "sosh-10", "mentor_training", now=OCTOBER).out

    assert "ещё в пути: 18" in told
    assert "(+12)" in told
