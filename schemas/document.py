"""What may stand where in a definition, found in its JSON Schemas: which names are ids and which are keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Literal

from schemas.sources import Pointer
from schemas.validation import Schema, shipped

# a key of the language, an id that somebody chose, an `x_` key of nobody's concern, or unknown to the schema
Kind = Literal["key", "id", "extra", "free"]


@cache
def document_schema() -> Schema:
    """The schema of a whole document: the methodology with its stages and surveys inside."""
    method, stage = shipped("definition", "methodology"), shipped("definition", "stage")
    entry = method["properties"]["stages"]["additionalProperties"]
    inside = {
        **stage,
        "properties": {**stage["properties"], **entry["properties"]},
        "required": [*stage["required"], *entry["required"]],
    }
    stages = {**method["properties"]["stages"], "additionalProperties": inside}
    surveys = {"additionalProperties": shipped("definition", "survey")}
    return {**method, "properties": {**method["properties"], "stages": stages, "surveys": surveys}}


def kinds(path: Pointer) -> list[Kind]:
    """For each step of a path whether it is a key of the language or an id."""
    return [_reached(path[:length])[1] for length in range(1, len(path) + 1)]


def holds_ids(path: Pointer) -> bool:
    """Whether a map keyed by ids stands at a path, so that something can be added to it."""
    node, _ = _reached(path)
    return any(isinstance(each.get("additionalProperties"), dict) for each in _alternatives(node))


def required_at(path: Pointer) -> set[str]:
    """The keys that must stand at a path."""
    node, _ = _reached(path)
    return set(node.get("required", ()))


@lru_cache(4096)
def known_steps(path: Pointer) -> frozenset[str] | None:
    """The keys that the language knows at a path; None where ids or anything may stand."""
    if any(kind in ("extra", "free") for kind in kinds(path)) or holds_ids(path):
        return None
    node, _ = _reached(path)
    return frozenset(
        key for each in _alternatives(node) for key, value in each.get("properties", {}).items() if value
    )


@lru_cache(4096)
def _reached(path: Pointer) -> tuple[Schema, Kind]:
    """The schema at a path, and what its last step is."""
    if not path:
        return document_schema(), "key"
    node, _ = _reached(path[:-1])
    return _step(node, str(path[-1]))


def _step(node: Schema, step: str) -> tuple[Schema, Kind]:
    for each in _alternatives(node):
        inner = each.get("properties", {}).get(step)
        if isinstance(inner, dict):
            return inner, "key"
    for each in _alternatives(node):
        if isinstance(each.get("additionalProperties"), dict):
            return each["additionalProperties"], "id"
        if any(re.search(pattern, step) for pattern in each.get("patternProperties", {})):
            return {}, "extra"
    return {}, "free"


def _alternatives(node: Any) -> Iterator[Schema]:
    """A schema and what it may become under conditions."""
    if not isinstance(node, dict):
        return
    yield node
    for key in ("then", "else"):
        yield from _alternatives(node.get(key))
    for each in node.get("allOf", ()):
        yield from _alternatives(each)
