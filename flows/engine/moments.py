"""Moments: due dates, school days, expiry. Time enters the engine only through these functions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas import days
from schemas.stage import Due, Span


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day at the school."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of a day at the school."""
    return datetime.combine(day, time(), zone)


def day_after(start: datetime, span: Span, zone: ZoneInfo, week: int) -> date:
    """The day that lies a span after `start`; school days skip the days off, parts of a day are dropped."""
    day = local_day(start, zone)
    if span.months:
        month = day.month - 1 + span.months
        day = days.of(day.year + month // 12, month % 12 + 1, day.day)
    left = span.rest.days
    while left > 0:
        day += timedelta(days=1)
        left -= day.weekday() < week if span.school_days else 1
    return day


def after(start: datetime, span: Span, zone: ZoneInfo, week: int) -> datetime:
    """The end of the day that lies a span after `start`."""
    return start_of(day_after(start, span, zone, week) + timedelta(days=1), zone)


def due_moment(due: Due, opened: datetime, year: tuple[date, date], zone: ZoneInfo, week: int) -> datetime:
    """When a task is late: the first moment after its last day.

    A month and day means the one of the programme's year that is nearest to the opening.
    """
    if due.within:
        return after(opened, due.within, zone, week)
    if due.by is None:
        raise ValueError("a due date says within or by")
    last = days.nearest(*due.by, local_day(opened, zone), year)
    return start_of(last + timedelta(days=1), zone)


def expiry(until: str, zone: ZoneInfo) -> datetime:
    """A paper is in force through its last day: it runs out at 00:00 of the next."""
    return start_of(date.fromisoformat(until) + timedelta(days=1), zone)


def before(moment: datetime, span: Span, zone: ZoneInfo) -> datetime:
    """The start of the day that lies a span before a moment."""
    length = timedelta(days=span.rest.days + 30 * span.months)
    return start_of(local_day(moment, zone) - length, zone)
