"""`people`: finding, looking, giving and destroying what is kept of a person."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workspaces import CURATOR, DIRECTOR, Room, new_room

from flows.office import open_office
from flows.people import People, doubles
from flows.settings import Workspace
from schemas.problems import NOWHERE, Refusal
from schemas.validation import shipped, violations

NAME = "Ёлкина Алёна Игоревна"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return new_room(tmp_path / "workspace")


def code_of(room: Room, name: str = NAME, *more: str) -> str:
    return room.do("people", "add", "sosh-10", "--name", name, *more).out.strip()


@pytest.mark.parametrize("text", ["елкина", "Алёна Ёлкина", "Ёлкина А. И.", "ёлк", "Елкена Алена", "Н-003-4"])
def test_a_person_is_found_by_what_one_remembers(room: Room, text: str) -> None:
    code = code_of(room)

    assert code == "Н-003-4"
    assert room.do("people", "find", "sosh-10", text).out.splitlines() == [f"{code}  {NAME}"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (NAME, "Елкина Алена Игоревна", True),
        (NAME, "Алёна Ёлкина", True),
        (NAME, "Ёлкина А.И.", True),
        (NAME, "Ёлкина Анна Игоревна", False),
        (NAME, "Ёлкин Алексей Игоревич", False),
        ("Ким Ли", "Ли Ким", True),
    ],
)
def test_two_codes_of_what_may_be_one_person_are_shown(one: str, other: str, same: bool) -> None:
    """And nothing more than shown."""
    assert doubles({"Н-003-4": one, "Н-004-2": other}) == ([("Н-003-4", "Н-004-2")] if same else [])


def test_the_list_shows_doubles(room: Room) -> None:
    first, second = code_of(room), code_of(room, "Ёлкина А. И.")
    answer = room.do("people", "list", "sosh-10")

    assert f"{first} и {second}" in answer.err
    assert len(answer.out.splitlines()) == 4


def test_nobody_found_is_said(room: Room) -> None:
    answer = room.do("people", "find", "sosh-10", "Сидоров")

    assert answer.out == ""
    assert "people list" in answer.err


def test_a_card_is_shown_to_the_staff_and_that_is_written_down(room: Room) -> None:
    code = code_of(room, NAME, "--phone", "+7 900 000-00-00")
    stranger = room("people", "show", "sosh-10", code, "--by", code)
    room.do("people", "show", "sosh-10", code, "--by", CURATOR)
    shown = json.loads(room.do("people", "show", "sosh-10", code, "--by", DIRECTOR, "--json").out)

    assert stranger.code == 6
    assert "[P14]" in stranger.err
    assert NAME not in stranger.err
    assert violations(shipped("output", "person"), shown, lambda *_, **__: NOWHERE) == []
    assert shown["card"] == {"name": NAME, "phone": "+7 900 000-00-00"}
    assert [(each["kind"], each["by"]) for each in shown["journal"]] == [
        ("seen", CURATOR),
        ("seen", DIRECTOR),
    ]


def test_everything_kept_of_a_person_is_given_and_of_nobody_else(room: Room, tmp_path: Path) -> None:
    out = tmp_path / "all.json"
    room.do("people", "export", "sosh-10", CURATOR, "--by", DIRECTOR, "--out", str(out))
    found = json.loads(out.read_text("utf-8"))

    assert found["schema"] == "person/v1"
    assert found["roles"] == ["curator", "working_group"]
    assert "Орлова" not in out.read_text("utf-8")


def test_what_cannot_be_written_is_refused_before_anything_is_noted(room: Room, tmp_path: Path) -> None:
    to_a_folder = room("people", "export", "sosh-10", CURATOR, "--by", DIRECTOR, "--out", str(tmp_path))
    to_nowhere = room(
        "people", "export", "sosh-10", CURATOR, "--by", DIRECTOR, "--out", str(tmp_path / "no" / "a.json")
    )
    shown = json.loads(room.do("people", "show", "sosh-10", CURATOR, "--by", DIRECTOR, "--json").out)

    assert "[W24]" in to_a_folder.err
    assert "[U04]" in to_nowhere.err
    assert [each["kind"] for each in shown["journal"]] == ["seen"]


def test_a_stranger_is_not_noted(room: Room) -> None:
    assert "[P02]" in room("people", "show", "sosh-10", "Н-500-9", "--by", DIRECTOR).err
    assert (
        "[P02]" in room("people", "erase", "sosh-10", "Н-500-9", "--by", DIRECTOR, "--reason", "Просьба").err
    )
    room.do("verify")


def test_a_name_in_place_of_a_code_is_not_repeated(room: Room) -> None:
    answer = room("people", "show", "sosh-10", NAME, "--by", DIRECTOR)

    assert "[P07]" in answer.err
    assert NAME not in answer.err


def test_an_erasure_has_a_reason_and_an_erased_person_gets_no_role(room: Room) -> None:
    code = code_of(room)
    assert "[G09]" in room("people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", " ").err
    room.do("people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", "Просьба")

    assert "[P13]" in room("people", "assign", "sosh-10", code, "curator").err


def test_a_base_that_still_holds_an_erased_code_can_be_handed_in(room: Room) -> None:
    """A printed base has the code without a name; only a name for it is refused."""
    code = code_of(room)
    room.do("people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", "Просьба")
    with opened_people(room) as people:
        people.update("sosh-10", code, {"name": "", "phone": ""})
        with pytest.raises(Refusal):
            people.update("sosh-10", code, {"name": NAME})


@contextmanager
def opened_people(room: Room) -> Iterator[People]:
    office = open_office(Workspace(room.folder))
    with office.store.write() as transaction:
        yield office.people(transaction)


def test_an_erased_person_is_nowhere_any_more(room: Room) -> None:
    """Neither in an answer nor, in any form, in the database; the code stays taken, and the journal whole."""
    code = code_of(room)
    sealed = wrapped(room, code)
    act = room.do(
        "people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", "Заявление матери от 12.05"
    ).out

    assert "Заявление матери от 12.05" in act
    assert code in act
    assert NAME not in act
    assert room.do("people", "find", "sosh-10", "Ёлкина").out == ""
    assert "[P13]" in room("people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", "Ещё раз").err
    shown = json.loads(room.do("people", "show", "sosh-10", code, "--by", CURATOR, "--json").out)
    assert (shown["erased"], shown["card"]) == (True, {})
    for path in (room.folder / "data").rglob("*"):
        assert not path.is_file() or not any(each in path.read_bytes() for each in sealed)
    assert code_of(room) == "Н-004-2"
    room.do("verify")


def wrapped(room: Room, code: str) -> list[bytes]:
    """What the database keeps of a card: the wrapped key and the sealed card."""
    with sqlite3.connect(room.folder / "data" / "store.db") as connection:
        query = "SELECT wrapped_key, sealed FROM person WHERE code = ?"
        return list(connection.execute(query, (code,)).fetchone())


def test_who_still_takes_part_is_not_erased(room: Room) -> None:
    answer = room("people", "erase", "sosh-10", CURATOR, "--by", DIRECTOR, "--reason", "Просьба")

    assert answer.code == 6
    assert "[P15]" in answer.err
    assert "curator" in answer.err


def test_an_erased_record_that_comes_back_is_damage(room: Room) -> None:
    code = code_of(room)
    room.do("people", "erase", "sosh-10", code, "--by", CURATOR, "--reason", "Просьба")
    with sqlite3.connect(room.folder / "data" / "store.db") as connection:
        connection.execute("UPDATE person SET sealed = x'00', wrapped_key = x'00' WHERE code = ?", (code,))

    assert "[V10]" in room("verify").err
