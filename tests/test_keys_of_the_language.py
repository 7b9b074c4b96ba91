"""Keys of LANGUAGE.md §3, each doing what it says on the small methodology."""

from __future__ import annotations

from datetime import timedelta

from play import SMALL, Play, paired, started
from workspaces import settled, small_room

from flows.engine.steps import Ask
from schemas import reader
from schemas.model import Methodology


def changed(*changes: tuple[str, str, str]) -> dict[str, bytes]:
    """The files of the small methodology with (file, old, new) replaced."""
    content = reader.collect(SMALL)
    for file, old, new in changes:
        assert old in content[file].decode(), old
        content[file] = content[file].decode().replace(old, new, 1).encode()
    return content


def small_with(*changes: tuple[str, str, str]) -> Methodology:
    """The small methodology with (file, old, new) replaced."""
    return reader.read(changed(*changes)).or_refuse()


# --- when_stale ----------------------------------------------------------------------------------


def test_a_paper_that_is_kept_stands_when_what_it_was_made_from_changes():
    kept = small_with(
        (
            "stages/pairing.yaml",
            "agreements: {title: Соглашение,",
            "agreements: {title: Соглашение, when_stale: keep,",
        )
    )
    play = paired(Play(kept))
    play.hand("work/swaps", {"text": "замена"}, "G1")
    rows = [{"group": "G1", "form": "any", "mentors": ["t2"], "mentees": ["m1"]},
            {"group": "G2", "form": "any", "mentors": ["t2"], "mentees": ["m2"]}]  # fmt: skip
    play.hand("pairing/pairs", {"rows": rows, "unmatched": []})

    assert play.gate("pairing/group_approved", "G1").state == "stale"  # the row that was signed has changed
    assert play.paper("pairing/agreements", "G1") != "stale"
    assert play.task("pairing/agree", "G1").state == "done"

    play.sign("pairing/group_approved", "director", "G1")  # with no new agreement

    assert play.gate("pairing/group_approved", "G1").approved


def test_the_engine_does_not_redo_what_is_kept():
    play = started(
        Play(small_with(("stages/start.yaml", "title: Сводка,", "title: Сводка, when_stale: keep,")))
    )
    first = play.versions["start/summary"][""][-1].digest

    play.hand("start/plan", {"text": "Другой план", "items": ["а"]})

    assert [each.digest for each in play.versions["start/summary"][""]] == [first]
    assert play.paper("start/summary") == "valid"


# --- remind and escalate -------------------------------------------------------------------------

WATCHED = (
    "stages/start.yaml",
    "writes: rules, due: {within: P10D}",
    "writes: rules, due: {within: P10D}, remind: [{before: P5D}, {before: P1D}],"
    " escalate: {after: P2D, to: {role: director}}",
)


def told(play: Play) -> list[tuple[str, str, tuple[str, ...], str]]:
    """The letters written so far: kind, term, whom, and the last day that they name."""
    return [
        (each.kind, each.term, each.who, f"{each.due - timedelta(days=1):%m-%d}") for each in play.letters
    ]


def test_a_reminder_is_written_once_on_its_day_and_again_for_another_opening():
    play = Play(small_with(WATCHED))  # opened on the 1st, the last day is the 11th
    play.wait(until="2026-09-05")

    assert told(play) == []

    play.wait(until="2026-09-06")
    assert told(play) == [("reminded", "P5D", ("C",), "09-11")]

    play.wait(until="2026-09-11")
    assert told(play)[1:] == [("reminded", "P1D", ("C",), "09-11")]

    play.hand("start/rules", {"text": "Правила"})
    play.wait(until="2026-10-01")
    assert len(play.letters) == 2

    play.reopen("start/write_rules")
    play.wait(until="2026-10-06")
    assert told(play)[2:] == [("reminded", "P5D", ("C",), "10-11")]


def test_the_engine_wakes_for_a_reminder_and_for_the_passing_on():
    play = Play(small_with(WATCHED))
    play.settle()
    moments = []
    while (wake := play.settle().wake_at) and wake.month == 9 and wake.day < 20:
        moments.append(f"{wake:%m-%dT%H:%M}")
        play.now = wake

    assert moments == ["09-06T00:00", "09-10T00:00", "09-12T00:00", "09-14T00:00"]


def test_who_was_away_is_reminded_by_the_nearest_term_alone_and_not_of_what_is_over():
    play = Play(small_with(WATCHED))
    play.settle()
    play.now += timedelta(days=9, hours=5)
    play.settle()

    assert [each.term for each in play.letters] == ["P1D"]

    late = Play(small_with(WATCHED))
    late.settle()
    late.now += timedelta(days=11, hours=5)
    late.settle()

    assert late.letters == []


def test_what_stays_undone_is_passed_on_and_asked_of_the_other_role_too():
    play = Play(small_with(WATCHED))
    play.wait(until="2026-09-13")
    asked = [(step.role, step.escalated) for step in play.plan().steps if isinstance(step, Ask)]
    assert asked == [("curator", False)]

    play.wait(until="2026-09-14")
    asked = [(step.role, step.who, step.escalated) for step in play.plan().steps if isinstance(step, Ask)]

    assert asked == [("curator", ("C",), False), ("director", ("D",), True)]
    assert told(play)[-1] == ("escalated", "", ("D",), "09-11")

    play.wait(until="2026-10-14")
    assert [each.kind for each in play.letters].count("escalated") == 1

    play.hand("start/rules", {"text": "Правила"})
    assert not [step for step in play.plan().steps if isinstance(step, Ask) and step.escalated]


def test_reminders_count_on_the_calendar_of_the_term():
    school = (
        WATCHED[0],
        WATCHED[1],
        "writes: rules, due: {within: P10D, calendar: school}, remind: [{before: P1D}]",
    )
    play = Play(small_with(school))  # the last day is Tuesday the 15th
    play.wait(until="2026-09-14")

    assert told(play) == [("reminded", "P1D", ("C",), "09-15")]

    monday = Play(small_with((school[0], school[1], school[2].replace("P10D", "P9D"))))
    monday.wait(until="2026-09-11")  # the last day is Monday: the school day before it is Friday
    assert told(monday) == [("reminded", "P1D", ("C",), "09-14")]


def test_letters_of_a_term_lie_in_the_outbox_once_and_today_asks_the_other_role(tmp_path):
    room = small_room(tmp_path / "w", changed(WATCHED))
    for day in ("06", "06", "10", "14", "14"):
        settled(room, f"2026-09-{day}T09:00:00+03:00")
    letters = sorted(path.read_text("utf-8") for path in (room.folder / "data" / "outbox").iterdir())

    assert len(letters) == 3
    assert sum("Кузнецова Анна Сергеевна" in each and "до 11.09.2026" in each for each in letters) == 2
    assert (
        sum("Орлова Ирина Петровна" in each and "последний день был 11.09.2026" in each for each in letters)
        == 1
    )

    asked = room.do("today", "sosh-10", "--role", "director", now="2026-09-14T10:00:00+03:00").out
    assert "Поторопить" in asked
    assert "Правила" in asked
    assert room.do("verify").code == 0
