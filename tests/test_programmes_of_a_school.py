"""Two programmes of one school in one year: `start --as` and `SCHOOL[/NAME][@YEAR]` (LANGUAGE §7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from play import SMALL
from workspaces import CURATOR, Room, opened_at, small_room

from flows.store import migrate
from flows.store.store import Store
from schemas import reader

NOW = "2026-09-02T09:00:00+03:00"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return small_room(tmp_path / "w", reader.collect(SMALL))


def handed(room: Room, address: str) -> str:
    found = room.do("status", address, "--json", now=NOW).out
    return str(json.loads(found)["stages"][0]["artefacts"]["plan"]["state"])


def test_a_second_programme_of_a_year_has_a_name_and_papers_of_its_own(room, tmp_path):
    room.do("start", "sosh-10", "--year", "2026/27", "--as", "summer", now=NOW)
    plan = tmp_path / "plan.yaml"
    plan.write_text("text: План\nitems: [а]\n", "utf-8")
    room.do("submit", "sosh-10/summer", "start/rules", str(plan), "--by", CURATOR, now=NOW)
    room.do("submit", "sosh-10/summer", "start/plan", str(plan), "--by", CURATOR, now=NOW)

    assert handed(room, "sosh-10/summer") != "missing"
    assert handed(room, "sosh-10/summer@2026/27") != "missing"
    assert handed(room, "sosh-10") == "missing"  # the one without a name

    shown = json.loads(room.do("today", "--json", now=NOW).out)["programmes"]
    assert [(each["school"], each.get("name")) for each in shown] == [
        ("sosh-10", None),
        ("sosh-10", "summer"),
    ]
    assert room.do("status", "sosh-10/summer", now=NOW).out.startswith("sosh-10/summer, 2026/27")
    assert room.do("verify").code == 0


def test_the_same_name_twice_a_name_that_is_none_and_an_unknown_one_are_refused(room):
    room.do("start", "sosh-10", "--year", "2026/27", "--as", "summer", now=NOW)

    twice = room("start", "sosh-10", "--year", "2026/27", "--as", "summer", now=NOW)
    assert (twice.code, "[W07]" in twice.err) == (6, True)
    odd = room("start", "sosh-10", "--year", "2026/27", "--as", "Лето", now=NOW)
    assert (odd.code, "[U01]" in odd.err) == (2, True)
    unknown = room("status", "sosh-10/sumer", now=NOW)
    assert (unknown.code, "возможно, «summer»?" in unknown.err) == (2, True)


def test_where_all_have_names_one_is_to_be_named_and_the_only_one_is_meant_without(tmp_path):
    room = small_room(tmp_path / "w", reader.collect(SMALL))
    room.do("school", "add", "sosh-11", "--title", "МОУ СОШ №11")
    room.do("start", "sosh-11", "--year", "2026/27", "--as", "autumn", now=NOW)
    assert room.do("status", "sosh-11", now=NOW).out.startswith("sosh-11/autumn")

    room.do("start", "sosh-11", "--year", "2026/27", "--as", "summer", now=NOW)
    answer = room("status", "sosh-11", now=NOW)
    assert answer.code == 2
    assert "sosh-11/autumn, sosh-11/summer" in answer.err


def test_papers_of_the_school_are_shared_by_its_programmes(room, tmp_path):
    room.do("start", "sosh-10", "--year", "2026/27", "--as", "summer", now=NOW)
    rules = tmp_path / "rules.yaml"
    rules.write_text("text: Правила\n", "utf-8")
    room.do("submit", "sosh-10", "start/rules", str(rules), "--by", CURATOR, now=NOW)

    with opened_at(room, "sosh-10/summer") as (office, programme, _), office.store.read() as view:
        assert view.snapshot(programme).versions_of("start/rules")


def test_an_older_database_is_upgraded_with_its_programmes(store: Store):
    """The programme that was there keeps its number and has no name; a second one may stand beside it."""
    from test_store import NOW as THEN
    from test_store import begun

    number = begun(store).id
    _move(store, "-1", down=True)
    _move(store, "head")
    with store.write() as transaction:
        row = transaction.programme("s")
        assert (row.id, row.year, row.name) == (number, "2026/27", "")
        other = transaction.start("s", "2026/27", row.bundle, "small", THEN, "summer")
        assert transaction.programme("s", None, "summer").id == other.id
    store.check_version()


def _move(store: Store, to: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with store.engine.connect().execution_options(nastavnik_write=True) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, to)
        connection.commit()


def test_an_overlay_that_is_refused_is_told_with_paths_as_seen_from_here(tmp_path, monkeypatch):
    room = small_room(tmp_path / "w", reader.collect(SMALL))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "overlay.yaml").write_text(
        'dsl: overlay/v1\nid: own\nversion: "1"\nextends: [small@1]\nset: {stages: {work: {title: Дело}}}\n',
        "utf-8",
    )

    refused = room("school", "add", "sosh-11", "--title", "Школа", "--overlay", "overlay.yaml")

    assert (refused.code, "[O03]" in refused.err + refused.out) == (3, True)
    assert str(tmp_path) not in refused.err + refused.out
