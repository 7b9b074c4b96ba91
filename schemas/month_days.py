"""Days of a year as a definition writes them, `09-30`: which day is meant, and which years a programme has."""

from __future__ import annotations

import calendar
from datetime import date

JUST_PAST = 90  # days


def month_day(text: str) -> tuple[int, int]:
    """The month and the day of `09-30`."""
    month, day = text.split("-")
    return int(month), int(day)


def day_of(year: int, month: int, day: int) -> date:
    """A day of a year; the last of its month where the month is shorter."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def of_year(first: int, starts: tuple[int, int], ends: tuple[int, int]) -> tuple[date, date]:
    """The first and the last day of a programme whose year begins in `first` and ends in the year after."""
    return day_of(first, *starts), day_of(first + 1, *ends)


def meant(month: int, day: int, opened: date, year: tuple[date, date]) -> date:
    """The day of a programme's year that a task means, opened on a day: the first to come, or one just past.

    A year of fifteen months has some days twice. One that passed within `JUST_PAST` days was meant and missed; one
    that lies further back was another year's. Where the year has none to come, it is the last one.
    """
    start, end = year
    candidates = [day_of(at, month, day) for at in range(start.year, end.year + 1)]
    inside = [each for each in candidates if start <= each <= end] or candidates
    return next((each for each in inside if (opened - each).days <= JUST_PAST), inside[-1])
