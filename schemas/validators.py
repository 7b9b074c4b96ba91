"""The two validators: jsonschema_rs says at once whether data hold, jsonschema says what is wrong with them.

Nearly always nothing is, and then jsonschema is not even imported: it is slow to load and to run. Formats
are ours in both.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs

from schemas.formats import FORMATS

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


def extra(schema: Schema, data: Mapping[str, Any]) -> list[str]:
    """The keys that neither `properties` nor `patternProperties` of `schema` speak of."""
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return [
        name
        for name in data
        if name not in known and not any(_compiled(each).search(name) for each in patterns)
    ]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # `$` also matches before a last newline in `re`, not in JSON Schema
    return re.compile(re.sub(r"\$$", r"\\Z", pattern))


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
        dict(same.schema),
        formats=dict(FORMATS),
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
    )


@cache
def _thorough() -> tuple[Any, Any]:
    import jsonschema

    def pattern(_: Any, pattern: str, value: Any, schema: Schema) -> Iterator[Any]:
        if isinstance(value, str) and not _compiled(pattern).search(value):
            yield jsonschema.ValidationError(f"does not match {pattern!r}")

    def named(validator: Any, value: Any, schema: Any, name: str, schema_path: str) -> Iterator[Any]:
        for error in validator.descend(value, schema, path=name, schema_path=schema_path):
            if schema is False:
                error.path.appendleft(name)  # `descend` forgets it
            yield error

    def properties(validator: Any, properties: Mapping[str, Any], data: Any, _: Schema) -> Iterator[Any]:
        for name, schema in properties.items() if isinstance(data, Mapping) else ():
            if name in data:
                yield from named(validator, data[name], schema, name, name)

    def patterned(validator: Any, patterns: Mapping[str, Any], data: Any, _: Schema) -> Iterator[Any]:
        for pattern, schema in patterns.items() if isinstance(data, Mapping) else ():
            for name, value in data.items():
                if _compiled(pattern).search(name):
                    yield from named(validator, value, schema, name, pattern)

    def additional(validator: Any, allowed: Any, data: Any, schema: Schema) -> Iterator[Any]:
        more = extra(schema, data) if isinstance(data, Mapping) else []
        if allowed is False and more:
            yield jsonschema.ValidationError(f"more than known: {more}")
        for name in more if isinstance(allowed, Mapping) else ():
            yield from validator.descend(data[name], allowed, path=name)

    formats = jsonschema.FormatChecker(formats=())
    for name, check in FORMATS.items():
        formats.checks(name)(check)
    validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call] # jsonschema declares no types here
        jsonschema.Draft202012Validator,
        {
            "pattern": pattern,
            "properties": properties,
            "patternProperties": patterned,
            "additionalProperties": additional,
        },
    )
    return validator, formats
