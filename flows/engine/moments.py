"""Moments: due dates, school days, expiry. Time enters the engine only through these functions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.month_days import day_of, meant
from schemas.school_days import SchoolDays
from schemas.spans import Span
from schemas.stage import Due

_FREE_AT_MOST = 200  # days without school in a row: a summer, and more


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day at the school."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of a day at the school."""
    return datetime.combine(day, time(), zone)


def day_after(start: datetime, span: Span, zone: ZoneInfo, days: SchoolDays) -> date:
    """The day that lies a span after `start`; school days skip the days off, parts of a day are dropped."""
    day = local_day(start, zone)
    if span.months:
        month = day.month - 1 + span.months
        day = day_of(day.year + month // 12, month % 12 + 1, day.day)
    left = span.rest.days
    while left > 0:
        day += timedelta(days=1)
        left -= days.is_school_day(day) if span.school_days else 1
    return day


def after(start: datetime, span: Span, zone: ZoneInfo, days: SchoolDays) -> datetime:
    """The end of the day that lies a span after `start`."""
    return start_of(day_after(start, span, zone, days) + timedelta(days=1), zone)


def due_moment(
    due: Due, opened: datetime, year: tuple[date, date], zone: ZoneInfo, days: SchoolDays
) -> datetime:
    """When a task is late: the first moment after its last day.

    A month and day means the one of the programme's year that `month_days.meant` finds for the opening.
    """
    if due.within:
        return after(opened, due.within, zone, days)
    if due.by is None:
        raise ValueError("a due date says within or by")
    last = meant(*due.by, local_day(opened, zone), year)
    if due.school_day:
        last = _school_day_before(last, days)
    return start_of(last + timedelta(days=1), zone)


def remind_moment(due: datetime, before: Span, zone: ZoneInfo, days: SchoolDays) -> datetime:
    """The start of the day that lies a span before the last day of a task."""
    day = local_day(due - timedelta(seconds=1), zone)
    month = day.year * 12 + day.month - 1 - before.months
    day = day_of(month // 12, month % 12 + 1, day.day)
    left = before.rest.days
    while left > 0:
        day -= timedelta(days=1)
        left -= days.is_school_day(day) if before.school_days else 1
    return start_of(day, zone)


def escalate_moment(due: datetime, wait: Span, zone: ZoneInfo, days: SchoolDays) -> datetime:
    """The first moment after a task has been late for a span."""
    return after(due - timedelta(seconds=1), wait, zone, days)


def _school_day_before(day: date, days: SchoolDays) -> date:
    """The day itself, or the last school day before it; the day itself where none is near."""
    near = (day - timedelta(days=back) for back in range(_FREE_AT_MOST))
    return next((each for each in near if days.is_school_day(each)), day)


def expiry(until: str, zone: ZoneInfo) -> datetime:
    """A paper is in force through its last day: it runs out at 00:00 of the next."""
    return start_of(date.fromisoformat(until) + timedelta(days=1), zone)


def before(moment: datetime, span: Span, zone: ZoneInfo) -> datetime:
    """The start of the day that lies a span before a moment."""
    length = timedelta(days=span.rest.days + 30 * span.months)
    return start_of(local_day(moment, zone) - length, zone)
