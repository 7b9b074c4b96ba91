"""The school calendar: `calendar: school` counts days with school only (LANGUAGE §2, §6.17)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from play import SMALL, ZONE, Play, paired
from workspaces import small_room

from flows.engine import moments
from schemas import reader
from schemas.school_days import SchoolDays, school_days
from schemas.spans import Span
from schemas.stage import Due

TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
CALENDAR = """
dsl: calendar/v1
title: Учебный год 2026/27
from: "2026-09-01"
until: "2027-08-31"
holidays: {unity_day: {on: "2026-11-04"}, new_year: {from: "2026-12-31", until: "2027-01-08"}}
vacations: {autumn: {from: "2026-10-26", until: "2026-11-03"}}
workdays: {for_new_year: {on: "2026-12-26"}}
"""


def content(*changes: tuple[str, str, str]) -> dict[str, bytes]:
    """The small methodology with the calendar above and (file, old, new) replaced."""
    found = reader.collect(SMALL) | {"calendar/ru-2026.yaml": CALENDAR.encode()}
    for file, old, new in (
        ("methodology.yaml", "week: 5,", "week: 5, holidays: calendar/ru-2026.yaml,"),
        *changes,
    ):
        assert old in found[file].decode(), old
        found[file] = found[file].decode().replace(old, new, 1).encode()
    return found


def days(*changes: tuple[str, str, str]) -> SchoolDays:
    return reader.read(content(*changes)).or_refuse().school_days


@pytest.mark.parametrize(
    ("day", "school"),
    [
        ("2026-10-23", True),
        ("2026-10-24", False),  # a Saturday
        ("2026-10-26", False),  # vacation
        ("2026-11-04", False),  # a holiday
        ("2026-11-05", True),
        ("2026-12-26", True),  # a Saturday that was made a working day
        ("2027-01-08", False),
        ("2027-01-11", True),
        ("2028-01-03", True),  # outside the calendar: the week alone tells
    ],
)
def test_a_day_is_a_school_day_by_holidays_vacations_transfers_and_the_week(day, school):
    assert days().is_school_day(date.fromisoformat(day)) is school


def test_a_term_in_school_days_jumps_over_vacations_and_holidays():
    play = Play(reader.read(content()).or_refuse(), start="2026-10-22")  # a Thursday
    play.settle()
    play.hand("start/rules", {"text": "Правила"})

    # the 23rd, then only the 5th and 6th of November have school
    assert play.task("start/write_plan").due == datetime(2026, 11, 7, tzinfo=ZONE)

    play.wait(until="2026-11-06")
    assert not play.task("start/write_plan").late
    play.wait(until="2026-11-07")
    assert play.task("start/write_plan").late


def test_recurring_work_on_the_school_calendar_is_not_asked_for_in_vacations():
    method = reader.read(
        content(
            ("stages/work.yaml", "period: P14D, until: final", "period: P5D, calendar: school, until: final")
        )
    ).or_refuse()
    play = paired(Play(method))
    play.wait(until="2026-10-21")
    play.hand("work/first", {"text": "познакомились"}, "G1")
    play.hand("work/meetings", {"date": "2026-10-21"}, "G1")

    assert play.task("work/meet", "G1").state == "waiting"

    play.wait(until="2026-11-08")  # since the 21st: two days of October, the 5th and the 6th of November
    assert play.task("work/meet", "G1").state == "waiting"

    play.wait(until="2026-11-09")
    assert play.task("work/meet", "G1").state == "open"


def test_a_day_of_the_year_on_the_school_calendar_is_the_last_school_day_before_it():
    plain = ("stages/start.yaml", "due: {within: P3D, calendar: school}", 'due: {by: "11-03"}')
    school = (
        "stages/start.yaml",
        "due: {within: P3D, calendar: school}",
        'due: {by: "11-03", calendar: school}',
    )
    found = []
    for change in (plain, school):
        play = Play(reader.read(content(change)).or_refuse())
        play.settle()
        play.hand("start/rules", {"text": "Правила"})
        found.append(play.task("start/write_plan").due.date())

    assert found == [date(2026, 11, 4), date(2026, 10, 24)]  # the last day is the one before


def test_the_calendar_is_part_of_the_pin():
    first = content()
    other = first | {"calendar/ru-2026.yaml": CALENDAR.replace("2026-11-03", "2026-11-02").encode()}
    readings = [reader.read(each) for each in (first, other)]

    assert "calendar/ru-2026.yaml" in readings[0].bundle
    assert len({each.or_refuse().digest for each in readings}) == 2
    assert reader.read(readings[0].bundle).or_refuse().school_days == readings[0].or_refuse().school_days


def test_the_shipped_calendar_covers_the_year_of_the_sample_school():
    method = reader.read_folder(TARGET).or_refuse()

    assert method.school_days.covers_all(*method.year("2026/27"))
    assert not method.school_days.covers_all(*method.year("2027/28"))


FREE = st.dictionaries(
    st.from_regex(r"[a-z]{1,5}", fullmatch=True),
    st.dates(date(2026, 9, 1), date(2027, 8, 1)).map(
        lambda day: {"from": day.isoformat(), "until": (day + timedelta(days=9)).isoformat()}
    ),
    max_size=5,
)


@given(FREE, FREE, st.sampled_from([5, 6]), st.dates(date(2026, 9, 1), date(2027, 8, 1)), st.integers(1, 40))
def test_a_term_of_n_school_days_ends_on_the_nth_of_them(holidays, vacations, week, start, length):
    calendar = school_days(
        week, {"from": "2026-09-01", "until": "2027-08-31", "holidays": holidays, "vacations": vacations}
    )
    zone = ZoneInfo("Asia/Vladivostok")
    end = moments.day_after(
        moments.start_of(start, zone), Span(0, timedelta(days=length), True), zone, calendar
    )
    between = [start + timedelta(days=each) for each in range(1, (end - start).days + 1)]

    assert calendar.is_school_day(end)
    assert sum(map(calendar.is_school_day, between)) == length


@given(FREE, st.dates(date(2026, 9, 1), date(2027, 6, 1)))
def test_a_day_of_the_year_moves_back_only_and_only_over_free_days(vacations, day):
    calendar = school_days(5, {"from": "2026-09-01", "until": "2027-08-31", "vacations": vacations})
    due = Due(by=(day.month, day.day), school_day=True)
    opened = moments.start_of(day, ZONE)
    year = date(2026, 4, 1), date(2027, 6, 30)
    moved = moments.local_day(moments.due_moment(due, opened, year, ZONE, calendar), ZONE) - timedelta(days=1)

    assert moved <= day
    assert calendar.is_school_day(moved)
    assert not any(
        calendar.is_school_day(moved + timedelta(days=each)) for each in range(1, (day - moved).days + 1)
    )


def test_start_says_where_the_calendar_ends_before_the_year_does(tmp_path):
    room = small_room(tmp_path / "w", content())
    short = room.do("start", "sosh-10", "--year", "2027/28", now="2027-09-01T09:00:00+03:00")

    assert "с 01.09.2026 по 31.08.2027" in short.err
    enough = room.do(
        "start", "sosh-10", "--year", "2026/27", "--as", "summer", now="2026-09-01T09:00:00+03:00"
    )
    assert "Календарь" not in enough.err
