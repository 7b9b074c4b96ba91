"""What may stand where in a definition, found in its JSON Schemas: which names are ids and which are keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
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
    found: list[Kind] = []
    node: Schema = document_schema()
    for step in path:
        inner, kind = _step(node, str(step))
        found.append(kind)
        node = inner
    return found


def holds_ids(path: Pointer) -> bool:
    """Whether a map keyed by ids stands at a path, so that something can be added to it."""
    node: Schema = document_schema()
    for step in path:
        node, _ = _step(node, str(step))
    return any(isinstance(each.get("additionalProperties"), Mapping) for each in _alternatives(node))


def required_at(path: Pointer) -> set[str]:
    """The keys that must stand at a path."""
    node: Schema = document_schema()
    for step in path:
        node, _ = _step(node, str(step))
    return set(node.get("required", ()))


def known_steps(path: Pointer) -> set[str] | None:
    """The keys that the language knows at a path; None where ids or anything may stand."""
    node: Schema = document_schema()
    for step in path:
        node, kind = _step(node, str(step))
        if kind in ("extra", "free"):
            return None
    if holds_ids(path):
        return None
    return {key for each in _alternatives(node) for key, value in each.get("properties", {}).items() if value}


def _step(node: Schema, step: str) -> tuple[Schema, Kind]:
    for each in _alternatives(node):
        inner = each.get("properties", {}).get(step)
        if isinstance(inner, Mapping):
            return inner, "key"
    for each in _alternatives(node):
        if isinstance(each.get("additionalProperties"), Mapping):
            return each["additionalProperties"], "id"
        if any(re.search(pattern, step) for pattern in each.get("patternProperties", {})):
            return {}, "extra"
    return {}, "free"


def _alternatives(node: Any) -> Iterator[Schema]:
    """A schema and what it may become under conditions."""
    if not isinstance(node, Mapping):
        return
    yield node
    for key in ("then", "else"):
        yield from _alternatives(node.get(key))
    for each in node.get("allOf", ()):
        yield from _alternatives(each)
