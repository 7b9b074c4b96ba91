"""Which days a school teaches: its week, holidays, vacations and transferred working days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from schemas.problems import Problem, problem
from schemas.sources import Source

_DAY = timedelta(days=1)
_KINDS = ("vacations", "workdays", "holidays")  # in this order the first that names a day decides


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """The school calendar; a day outside its `covers` is told by the week alone."""

    week: int
    covers: tuple[date, date] | None = None
    free: frozenset[date] = field(default_factory=frozenset)
    taught: frozenset[date] = field(default_factory=frozenset)  # days off that were made working days

    def is_school_day(self, day: date) -> bool:
        """Whether there is school on a day."""
        return day in self.taught or (day.weekday() < self.week and day not in self.free)

    def covers_all(self, first: date, last: date) -> bool:
        """Whether every day of a year is known; a methodology without a calendar file asks for none."""
        return self.covers is None or (self.covers[0] <= first and last <= self.covers[1])


def school_days(week: int, data: Mapping[str, Any] | None) -> SchoolDays:
    """The school calendar of a checked calendar file, or of a week alone."""
    if data is None:
        return SchoolDays(week)
    days = {kind: frozenset(_days(data.get(kind, {}).values())) for kind in _KINDS}
    taught = days["workdays"] - days["vacations"]
    free = (days["vacations"] | days["holidays"]) - taught
    return SchoolDays(week, (_date(data["from"]), _date(data["until"])), free, taught)


def calendar_problems(source: Source) -> Iterator[Problem]:
    """Spans that end before they begin, or lie outside the days that the calendar covers."""
    data = source.data
    first, last = _date(data["from"]), _date(data["until"])
    if last < first:
        yield problem("K11", source.at(("until",)), first=first, last=last)
        return
    if (last - first).days > 800:  # a calendar is of one school year, with what lies around it
        yield problem("K13", source.at(("until",)))
        return
    for kind in _KINDS:
        for name, span in data.get(kind, {}).items():
            start, end = _ends(span)
            here = (kind, name)
            if end < start:
                yield problem("K11", source.at((*here, "until")), first=start, last=end)
                continue
            for key in ("on", "from", "until"):
                if key in span and not first <= _date(span[key]) <= last:
                    yield problem(
                        "K12", source.at((*here, key)), day=_date(span[key]), first=first, last=last
                    )


def _ends(span: Mapping[str, Any]) -> tuple[date, date]:
    return _date(span.get("on") or span["from"]), _date(span.get("on") or span["until"])


def _days(spans: Any) -> Iterator[date]:
    for span in spans:
        day, last = _ends(span)
        while day <= last:
            yield day
            day += _DAY


def _date(text: str) -> date:
    return date.fromisoformat(text)
