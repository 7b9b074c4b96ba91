"""The profile of JSON Schema 2020-12 that artefact schemas keep to: what is left means the same everywhere.

Known keywords and formats only, each with a value of its kind; `$ref` to our own files only, with nothing beside it
that restricts; anchored patterns that need linear time; no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from schemas.messages import hint, said
from schemas.problems import Location, Problem, problem
from schemas.sources import Pointer, Source

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FORMATS = {"date", "date-time", "duration"}
_TYPES = {"null", "boolean", "object", "array", "number", "string", "integer"}
_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "examples", "default"}
_BY_NAME = {"properties", "patternProperties", "$defs"}
_NESTED = {"items", "additionalProperties", "propertyNames", "if", "then", "else", "not"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_kind(value: Any) -> bool:
    kinds = value if isinstance(value, list) else [value]
    return bool(kinds) and _is_texts(kinds) and set(kinds) <= _TYPES


def _is_dependency(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_texts, value.values()))


_VALUES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("$schema", "$id", "$ref", "title", "description", "pattern", "format"), ("text", _is_text)
    ),
    **dict.fromkeys(
        ("minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength"),
        ("count", _is_count),
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("number", _is_number)),
    **dict.fromkeys(_BY_NAME, ("schemas_by_name", lambda value: isinstance(value, Mapping))),
    "multipleOf": ("divisor", lambda value: _is_count(value) and value > 0),
    "type": ("type", _is_kind),
    "enum": ("values", lambda value: isinstance(value, list) and bool(value)),
    "examples": ("values", lambda value: isinstance(value, list)),
    "required": ("texts", _is_texts),
    "dependentRequired": ("texts_by_name", _is_dependency),
    "uniqueItems": ("boolean", lambda value: isinstance(value, bool)),
    "allOf": ("schemas", lambda value: isinstance(value, list) and bool(value)),
}
_KEYWORDS = set(_VALUES) | _ANNOTATIONS | _NESTED | {"const"}


def profile_problems(source: Source) -> list[Problem]:
    """What in a schema file falls outside the profile."""
    found: list[Problem] = []

    def walk(node: Any, pointer: Pointer) -> None:
        if isinstance(node, bool):
            return
        if not isinstance(node, Mapping):
            found.append(problem("J01", source.at(pointer)))
            return
        for key, value in node.items():
            if not key.startswith(("x-", "x_")):
                keyword(key, value, (*pointer, key))
        beside = [key for key in node if key not in _ANNOTATIONS and not key.startswith(("x-", "x_", "$ref"))]
        if "$ref" in node and beside:
            found.append(problem("J10", source.at((*pointer, beside[0]), key=True), key=beside[0]))
        if node.get("uniqueItems") and "maxItems" not in node:
            found.append(problem("J06", source.at((*pointer, "uniqueItems"), key=True)))

    def keyword(key: str, value: Any, here: Pointer) -> None:
        if key not in _KEYWORDS:
            found.append(problem("J02", source.at(here, key=True), key=key, nearest=hint(key, _KEYWORDS)))
        elif key in _VALUES and not _VALUES[key][1](value):
            found.append(problem("J12", source.at(here), key=key, wanted=said(f"schema_{_VALUES[key][0]}")))
        elif key in _BY_NAME:
            for name, inner in value.items():
                if key == "patternProperties":
                    found.extend(_unsafe(name, source.at((*here, name), key=True)))
                walk(inner, (*here, name))
        elif key in _NESTED:
            walk(value, here)
        elif key == "allOf":
            for index, inner in enumerate(value):
                walk(inner, (*here, index))
        elif key == "format" and value not in _FORMATS:
            found.append(problem("J03", source.at(here), format=value, nearest=hint(value, _FORMATS)))
        elif key == "$schema" and value.removesuffix("#") != DIALECT:
            found.append(problem("J11", source.at(here), dialect=value, ours=DIALECT))
        elif key == "$ref" and ("://" in value or value == "#"):
            found.append(problem("J04", source.at(here), reference=value))
        elif key == "pattern":
            found.extend(_pattern_problems(value, source.at(here)))

    walk(source.data, ())
    return found


def _pattern_problems(pattern: str, at: Location) -> list[Problem]:
    if not (pattern.startswith("^") and re.search(r"(?<!\\)(\\\\)*\$$", pattern)):
        return [problem("J05", at, pattern=pattern)]
    return _unsafe(pattern, at)


def _unsafe(pattern: str, at: Location) -> list[Problem]:
    bare = re.sub(r"\\.", "", re.sub(r"\[(\\.|[^\]\\])*\]", "", pattern, flags=re.DOTALL), flags=re.DOTALL)
    if (
        re.search(r"\\[dDwWsSpPbBAZ]|\(\?|\\[0-9]", pattern)
        or re.search(r"[+*}]\)?[+*{]", pattern)
        or "$" in bare[:-1]  # inside a pattern it would match before a line end in one engine only
    ):
        return [problem("J07", at, pattern=pattern)]
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return [problem("J07", at, pattern=pattern)]
    return []
