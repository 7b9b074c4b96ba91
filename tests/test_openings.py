"""Opening: what warns of it, the day that it makes due, papers on request, which answers count after it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from play import SMALL, ZONE, Play, based, started

from flows.engine import explain, moments
from flows.views import status as views
from schemas import reader
from schemas.model import Methodology
from schemas.school_days import school_days
from schemas.stage import Due

SURVEYS = Path(__file__).parent / "methodologies" / "surveys"


def changed(folder: Path, file: str, old: str, new: str) -> Methodology:
    """A methodology with one text of a file replaced."""
    content = reader.collect(folder)
    assert old.encode() in content[file]
    content[file] = content[file].replace(old.encode(), new.encode())
    return reader.read(content).or_refuse()


# --- conditions of opening that do not block -----------------------------------------------------


@pytest.fixture
def tight() -> Play:
    """Pairs open although there are fewer seats than mentees; the definition warns of it."""
    enter = (
        'enter:\n  capacity: {check: "sum(mentors.rows.map(r, r.slots)) >= size(mentees.rows)", '
        "message: 'Мест меньше, чем наставляемых', blocks: false}\nartefacts:\n  proposal:"
    )
    return Play(changed(SMALL, "stages/pairing.yaml", "artefacts:\n  proposal:", enter))


def warned(play: Play) -> list[str]:
    stage = play.methodology.stages["pairing"]
    why = explain.why_stage(play.standing, stage)
    found = [each.values["message"] for each in why.because if each.code == "warning"]
    shown = views.status(play.plan(), play.standing, "ru")["stages"]
    reasons = next(each["reasons"] for each in shown if each["id"] == "pairing")
    assert found == [each["text"].removeprefix("внимание: ") for each in reasons if each["code"] == "warning"]
    return found


def test_a_condition_that_does_not_block_warns_as_long_as_it_is_false(tight: Play) -> None:
    based(tight, mentees=3, mentors=2)

    assert warned(tight) == ["Мест меньше, чем наставляемых"]
    assert tight.task("pairing/confirm").state == "open"


def test_what_is_not_known_yet_or_true_is_not_warned_of(tight: Play) -> None:
    assert warned(tight) == []

    based(tight, mentees=2, mentors=2)

    assert warned(tight) == []


# --- due days ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "last"),
    [
        ("2026-09-10", "2027-04-30"),  # nearer to the April that is over, but nobody can still keep that day
        ("2027-04-30", "2027-04-30"),
        ("2027-05-03", "2027-04-30"),  # the year has no later one: it opens late
        ("2026-03-20", "2026-04-30"),  # before the year begins
        ("2027-09-01", "2027-04-30"),
    ],
)
def test_a_day_of_the_year_is_the_first_one_after_the_opening(opened: str, last: str) -> None:
    year = (date(2026, 4, 1), date(2027, 6, 30))
    days = school_days(5, {"from": "2026-04-01", "until": "2027-08-31"})
    start = datetime.fromisoformat(f"{opened}T10:00").replace(tzinfo=ZONE)
    due = moments.due_moment(Due(by=(4, 30)), start, year, ZONE, days)

    assert (due - timedelta(seconds=1)).date().isoformat() == last


# --- papers on request ---------------------------------------------------------------------------


def test_a_paper_on_request_waits_for_what_its_task_comes_after() -> None:
    method = changed(
        SMALL, "stages/start.yaml", "annotate: {uses: form, on_request: true,",
        "annotate: {uses: form, on_request: true, after: [write_rules],",
    )  # fmt: skip
    play = Play(method)
    play.settle()
    annotate = method.task("start/annotate")

    assert {each.code for each in play.standing.work.waits(annotate)} >= {"after"}

    started(play)

    assert play.standing.work.waits(annotate) == ()


# --- surveys asked again -------------------------------------------------------------------------


def answers(*codes: str) -> dict[str, object]:
    given = {"mood": {"joy": 5, "worry": 5}}
    return {"answers": [{"code": code, "answers": given} for code in codes]}


def test_answers_from_before_a_survey_was_opened_again_are_no_answers_to_it() -> None:
    """All have answered and the survey has closed; asked again, it waits for all of them."""
    method = changed(
        SURVEYS, "stages/ask.yaml", "    sign_off: {director: {role: director}}\n",
        "    sign_off: {director: {role: director}}\n"
        "    on_return: {again: {title: Опросить ещё раз, reopen: [measure_again]}}\n",
    )  # fmt: skip
    play = Play(method)
    play.results["ask/measure_again"] = {"rows": []}
    play.settle()
    play.hand("ask/mentees", {"rows": [{"code": "m1", "form": "any"}, {"code": "m2", "form": "any"}]})
    play.accept("ask/after", "", answers("m1", "m2"), "", "collected")
    play.settle()

    assert play.task("ask/measure_again").state == "done"

    play.note("ask/measure_again", "", "reopened")
    play.settle()

    assert play.task("ask/measure_again").state == "open"
    assert "Ask ask/measure_again" in play.asked()

    play.accept("ask/after", "", answers("m1"), "", "collected")
    play.settle()

    assert play.task("ask/measure_again").state == "open"

    play.accept("ask/after", "", answers("m1", "m2"), "", "collected")
    play.settle()

    assert play.task("ask/measure_again").state == "done"
