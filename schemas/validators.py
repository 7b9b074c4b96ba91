"""The two validators: jsonschema_rs says at once whether data hold, jsonschema says what is wrong with them.

Nearly always nothing is, and then jsonschema is not even imported: it is slow to load and to run. Formats
are ours in both.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

import isodate
import jsonschema_rs

Schema = Mapping[str, Any]


def holds(schema: Schema, data: Any) -> bool:
    """Whether `data` are known to keep to `schema`; where this says no, `errors` has the last word."""
    with contextlib.suppress(ValueError):  # a lone surrogate, or no JSON: not known
        return _quick(_Same(schema)).is_valid(data)
    return False


def errors(schema: Schema, data: Any) -> Iterator[Any]:
    """Everything in `data` that breaks `schema`, as errors of jsonschema."""
    validator, formats = _thorough()
    return iter(validator(schema, format_checker=formats).iter_errors(data))


class _Same:
    """A schema as a key: the same object, not an equal one."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.schema is self.schema


@lru_cache(maxsize=256)
def _quick(same: _Same) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(same.schema), formats=FORMATS, validate_formats=True, ignore_unknown_formats=False, offline=True
    )


@cache
def _thorough() -> tuple[Any, Any]:
    import jsonschema

    def pattern(_: Any, pattern: str, value: Any, schema: Schema) -> Iterator[Any]:
        # `$` also matches before a last newline in `re`, not in JSON Schema
        if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
            yield jsonschema.ValidationError(f"does not match {pattern!r}")

    def properties(validator: Any, properties: Mapping[str, Any], data: Any, _: Schema) -> Iterator[Any]:
        if not isinstance(data, Mapping):
            return
        for name, schema in properties.items():
            if name in data:
                for error in validator.descend(data[name], schema, path=name, schema_path=name):
                    if schema is False:
                        error.path.appendleft(name)  # `descend` forgets it
                    yield error

    formats = jsonschema.FormatChecker(formats=())
    for name, check in FORMATS.items():
        formats.checks(name)(check)
    validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call] # jsonschema declares no types here
        jsonschema.Draft202012Validator, {"pattern": pattern, "properties": properties}
    )
    return validator, formats


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_month_day(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(re.fullmatch(r"\d\d-\d\d", value)) and _is_date(f"2026-{value}")  # of no leap year


def _is_duration(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        isodate.parse_duration(value)
    except (isodate.ISO8601Error, ValueError):
        return False
    return value.startswith("P")


FORMATS = {"date": _is_date, "date-time": _is_moment, "month-day": _is_month_day, "duration": _is_duration}
