"""The formats of values that our schemas may ask for: RFC 3339, as far as Python can compute with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-5][0-9])"
)
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_CLOCK = r"([0-9]{1,4}H([0-9]{1,4}M([0-9]{1,4}S)?)?|[0-9]{1,4}M([0-9]{1,4}S)?|[0-9]{1,4}S)"
_DAYS = r"([0-9]{1,3}Y([0-9]{1,4}M([0-9]{1,4}D)?)?|[0-9]{1,4}M([0-9]{1,4}D)?|[0-9]{1,4}D)"
_DURATION = re.compile(rf"P({_DAYS}(T{_CLOCK})?|T{_CLOCK}|[0-9]{{1,4}}W)")


def is_date(value: object) -> bool:
    """A day as `2026-09-01`; what is no text is none of this format's business, here and below."""
    return not isinstance(value, str) or (bool(_DAY.fullmatch(value)) and _exists(value, date.fromisoformat))


def is_moment(value: object) -> bool:
    """A moment with its offset, as `2026-09-01T10:00:00+03:00`; leap seconds can't be computed with."""
    return not isinstance(value, str) or (
        bool(_MOMENT.fullmatch(value)) and _exists(value, datetime.fromisoformat)
    )


def is_month_day(value: object) -> bool:
    """A day that each year has, as `09-01`."""
    return not isinstance(value, str) or (bool(_MONTH_DAY.fullmatch(value)) and is_date(f"2026-{value}"))


def is_duration(value: object) -> bool:
    """A length of time as `P3D` or `PT10M`, short enough to be added to a date."""
    return not isinstance(value, str) or bool(_DURATION.fullmatch(value))


def _exists(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


FORMATS: Mapping[str, Callable[[object], bool]] = {
    "date": is_date,
    "date-time": is_moment,
    "month-day": is_month_day,
    "duration": is_duration,
}
