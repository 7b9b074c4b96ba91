"""Whether lengths and dates are possible: within the year, longer than nothing, counted in days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from schemas.problems import Problem, problem
from schemas.rules.sources import Sources
from schemas.sources import Pointer, Source
from schemas.spans import span

_DAY = re.compile(r"\d\d-\d\d")
_LENGTHS = {
    "within",
    "period",
    "or_after",
    "warn",
    "before",
    "after",
}  # all counted in days; a timeout is counted in seconds
LONGEST_YEAR = 600  # days; a year that ends a day before it began would be told as nearly two


def date_problems(sources: Sources) -> Iterator[Problem]:
    """Every date that can't come and every length that makes no sense."""
    method = sources.methodology
    year = method.data["calendar"]["year"]
    days = (date(2026, *_month_day(year["ends"])) - date(2025, *_month_day(year["starts"]))).days + 1
    if days > LONGEST_YEAR:
        at = method.at(("calendar", "year", "ends"))
        yield problem("R79", at, months=round(days / 30.4), ends=year["ends"])
    for source in sources.stages.values():
        for name, task in source.data.get("tasks", {}).items():
            by = task.get("due", {}).get("by")
            if by and _DAY.fullmatch(by) and not _inside(by, year["starts"], year["ends"], days):
                at = source.at(("tasks", name, "due", "by"))
                yield problem("R50", at, by=by, starts=year["starts"], ends=year["ends"])
        for pointer, text, school in _lengths(source.data, ()):
            yield from _length(source, pointer, text, days, school=school)


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _inside(by: str, starts: str, ends: str, days: int) -> bool:
    return days >= 365 or by >= starts or by <= ends


def _lengths(node: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str, bool]]:
    """Each length of a stage with its place, and whether it is counted on the school calendar."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _LENGTHS and isinstance(value, str):
            yield (*pointer, key), value, node.get("calendar") == "school"
        elif key in ("timeout", "retention"):
            yield (*pointer, key), value, False
        elif not str(key).startswith(("x-", "x_")):
            yield from _lengths(value, (*pointer, key))


def _length(source: Source, pointer: Pointer, text: str, year: int, *, school: bool) -> Iterator[Problem]:
    try:
        found = span(text)
    except (ValueError, OverflowError):
        return  # its shape is told already
    at = source.at(pointer)
    days = found.months * 30 + found.rest.days
    if not found.months and found.rest <= timedelta():
        yield problem("R52", at, value=text)
    elif pointer[-1] == "timeout":
        return
    elif found.rest.seconds or (school and found.months):
        yield problem("R53", at, value=text)
    elif days > year and pointer[-1] != "retention":
        yield problem("R51", at, value=text, days=year)
