"""Lengths of time: ISO 8601 durations, in months or in days and less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import isodate


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: years and months, or days and less; on the school calendar only days count."""

    months: int = 0
    rest: timedelta = timedelta()
    school_days: bool = False


def span(text: str, *, school_days: bool = False) -> Span:
    """An ISO 8601 duration as a Span."""
    value = isodate.parse_duration(text)
    if isinstance(value, timedelta):
        return Span(0, value, school_days)
    return Span(int(value.years * 12 + value.months), value.tdelta, school_days)
