"""`personal` and `visible_to`: whose eyes a paper is for (LANGUAGE §3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from play import Play
from test_keys_of_the_language import changed, small_with
from workspaces import CURATOR, DIRECTOR, Room, small_room

SEEN = ("stages/start.yaml", "plan: {title: План,", "plan: {title: План, visible_to: [director],")
PERSONAL = ("stages/start.yaml", "plan: {title: План,", "plan: {title: План, personal: true,")
NOW = "2026-09-02T09:00:00+03:00"


def handed_in(folder: Path, *changes: tuple[str, str, str]) -> Room:
    """A plan with no items, so that the gate `begun` says why it waits."""
    room = small_room(folder / "w", changed(*changes))
    paper = folder / "paper.yaml"
    paper.write_text("text: Тайный план\nitems: []\n", "utf-8")
    for path in ("start/rules", "start/plan"):
        room.do("submit", "sosh-10", path, str(paper), "--by", CURATOR, now=NOW)
    return room


def test_a_paper_is_printed_only_to_a_holder_of_a_role_that_may_see_it(tmp_path):
    room = handed_in(tmp_path, SEEN)
    render = ("render", "sosh-10", "start/plan", "--out", str(tmp_path / "plan.xlsx"))

    nobody = room(*render, now=NOW)
    assert (nobody.code, "Директор" in nobody.err, "--as" in nobody.err) == (6, True, True)
    curator = room(*render, "--as", "curator", "--by", CURATOR, now=NOW)
    assert (curator.code, "[K41]" in curator.err) == (6, True)
    impostor = room(*render, "--as", "director", "--by", CURATOR, now=NOW)
    assert (impostor.code, "[P01]" in impostor.err) == (6, True)
    assert not (tmp_path / "plan.xlsx").exists()

    room.do(*render, "--as", "director", "--by", DIRECTOR, now=NOW)
    assert (tmp_path / "plan.xlsx").exists()


def test_the_form_of_a_task_shows_no_paper_that_its_reader_may_not_see(tmp_path):
    room = handed_in(tmp_path, SEEN)
    answer = room("render", "sosh-10", "start/write_plan", "--out", str(tmp_path / "f.xlsx"), now=NOW)

    assert (answer.code, "[K41]" in answer.err) == (6, True)


@pytest.mark.parametrize("change", [SEEN, PERSONAL])
def test_reasons_tell_no_values_of_what_is_not_for_everybody(tmp_path, change):
    said = handed_in(tmp_path, change).do("why", "sosh-10", "start/begun", now=NOW).out

    assert "Мало пунктов" in said
    assert "size(plan.items)" not in said
    assert "значения видят не все" in said


def test_reasons_tell_the_values_of_all_other_papers(tmp_path):
    assert "size(plan.items)" in handed_in(tmp_path).do("why", "sosh-10", "start/begun", now=NOW).out


def test_a_row_of_a_personal_table_is_told_as_little():
    table = ("stages/base.yaml", "    schema: mentees\n", "    schema: mentees\n    personal: true\n")
    play = Play(small_with(table))

    assert play.methodology.artefact("base/mentees").confidential
    assert not play.methodology.artefact("base/mentors").confidential
