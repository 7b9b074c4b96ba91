"""`part_of`: a section of a paper, handed in inside it or by itself (LANGUAGE §3)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_keys_of_the_language import changed
from workspaces import CURATOR, Room, opened_at, small_room

PART = (
    (
        "stages/start.yaml",
        "artefacts:\n",
        "artefacts:\n  risks: {title: Риски, schema: paper, part_of: plan}\n",
    ),
    (
        "stages/start.yaml",
        "tasks:\n",
        "tasks:\n  weigh: {uses: form, after: [write_plan], who: {role: curator}, writes: risks}\n",
    ),
)
NOW = "2026-09-02T09:00:00+03:00"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = small_room(tmp_path / "w", changed(*PART))
    made.do("submit", "sosh-10", "start/rules", paper(tmp_path, "text: Правила\n"), "--by", CURATOR, now=NOW)
    return made


def paper(folder: Path, text: str) -> str:
    path = folder / "paper.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def stored(room: Room, path: str) -> list[object]:
    with opened_at(room, "sosh-10") as (office, programme, _), office.store.read() as view:
        return [each.data for each in view.snapshot(programme).versions_of(path)]


def test_a_part_is_handed_in_inside_the_whole_and_becomes_a_paper_of_its_own(room, tmp_path):
    file = paper(tmp_path, "text: План\nitems: [а]\nrisks: {text: Болезни}\n")
    answer = room.do("submit", "sosh-10", "start/plan", file, "--by", CURATOR, now=NOW)

    assert stored(room, "start/plan") == [{"text": "План", "items": ["а"]}]
    assert stored(room, "start/risks") == [{"text": "Болезни"}]
    assert "start/plan" in answer.err
    assert "start/risks" in answer.err


def test_a_part_by_itself_leaves_the_whole_as_it_is(room, tmp_path):
    room.do("submit", "sosh-10", "start/plan", paper(tmp_path, "text: План\n"), "--by", CURATOR, now=NOW)
    room.do("submit", "sosh-10", "start/risks", paper(tmp_path, "text: Болезни\n"), "--by", CURATOR, now=NOW)

    assert len(stored(room, "start/plan")) == 1
    assert stored(room, "start/risks") == [{"text": "Болезни"}]


def test_a_whole_with_a_broken_part_is_not_accepted_at_all(room, tmp_path):
    file = paper(tmp_path, "text: План\nrisks:\n  texd: Болезни\n")
    answer = room("submit", "sosh-10", "start/plan", file, "--by", CURATOR, now=NOW)

    assert answer.code == 4
    assert "paper.yaml:3:3" in answer.err
    assert "texd" in answer.err
    assert stored(room, "start/plan") == []


def test_a_part_is_shown_under_its_whole(room):
    lines = room.do("show", "--school", "sosh-10").out.splitlines()
    at = next(index for index, line in enumerate(lines) if line.strip().startswith("* plan "))

    assert lines[at + 1].split() == ["risks", "Риски"]
    assert lines[at + 1].index("risks") == lines[at].index("plan") + 2
    status = json.loads(room.do("status", "sosh-10", "--json", now=NOW).out)
    assert status["stages"][0]["artefacts"]["risks"]["part_of"] == "plan"
