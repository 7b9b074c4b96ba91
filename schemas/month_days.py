"""Days of a year as a definition writes them, `09-30`: which day is meant, and which years a programme has."""

from __future__ import annotations

import calendar
from datetime import date


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


def nearest(month: int, day: int, near: date, year: tuple[date, date]) -> date:
    """The month and day of a programme's year that is nearest to a day."""
    start, end = year
    candidates = [day_of(at, month, day) for at in range(start.year, end.year + 1)]
    inside = [each for each in candidates if start <= each <= end] or candidates
    return min(inside, key=lambda each: abs((each - near).days))
