"""Texts by language: `{ru: …, en: …}` may stand wherever a text may; one language is chosen at reading.

Where a text may stand is said by the schemas of the definition (`x-text`), so a map of ids is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.layers import Layered
from schemas.messages import LANGUAGES, hint
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source
from schemas.validation import Schema, shipped, shipped_names

_UNTOLD = "–"  # stands for a text that has a problem of its own


def language_of(methodology: Source | None) -> str:
    """The language of a methodology, even of a broken one."""
    data = methodology.data if methodology else None
    found = data.get("language") if isinstance(data, Mapping) else None
    return str(found) if found in LANGUAGES else LANGUAGES[0]


def spoken(kind: str, source: Source, own: str, wanted: str = "") -> tuple[Source, list[Problem]]:
    """A definition with each text in one language: the wanted one where it is given, else the methodology's own."""
    work = _Work(source, own, wanted or own)
    data = work.walk(shipped("definition", kind), source.data, ())
    if data is source.data:
        return source, []
    if isinstance(source, Layered):
        moved = {to: source.origin(at) for to, at in work.moved.items()}
        return replace(source, data=data, origins={**source.origins, **moved}), work.found
    values = {
        **source.values,
        **{to: source.values[at] for to, at in work.moved.items() if at in source.values},
    }
    quoted = source.quoted | {to for to, at in work.moved.items() if at in source.quoted}
    return replace(source, data=data, values=values, quoted=quoted), work.found


@dataclass
class _Work:
    source: Source
    own: str
    wanted: str
    found: list[Problem] = field(default_factory=list)
    moved: dict[Pointer, Pointer] = field(default_factory=dict)

    def walk(self, schema: Schema, data: Any, pointer: Pointer) -> Any:
        """The data with its texts chosen; the very same object where there was nothing to choose."""
        if isinstance(data, list):
            items = schema.get("items")
            if not isinstance(items, Mapping):
                return data
            new = [self.walk(items, each, (*pointer, index)) for index, each in enumerate(data)]
            return data if all(a is b for a, b in zip(new, data, strict=True)) else new
        if not isinstance(data, Mapping):
            return data
        if _is_text(schema, data):
            return self._choose(data, pointer)
        made = {key: self._below(schema, data, key, pointer) for key in data}
        return data if all(made[key] is data[key] for key in data) else made

    def _below(self, schema: Schema, data: Mapping[str, Any], key: str, pointer: Pointer) -> Any:
        value = data[key]
        if not isinstance(value, Mapping | list):
            return value
        below = list(_schemas_of(schema, key))
        if key == "with" and data.get("uses") in shipped_names("definition/uses"):
            below.append(shipped("definition", f"uses/{data['uses']}"))
        for each in below:
            value = self.walk(each, value, (*pointer, key))
        return value

    def _choose(self, data: Mapping[str, Any], pointer: Pointer) -> Any:
        unknown = [key for key in data if key not in LANGUAGES]
        for key in unknown:
            at = self.source.at((*pointer, key), key=True)
            self.found.append(problem("K02", at, key=key, nearest=hint(key, LANGUAGES)))
        if self.own not in data:
            if not unknown:
                self.found.append(problem("K01", self.source.at(pointer), language=self.own))
            return _UNTOLD
        chosen = self.wanted if self.wanted in data else self.own
        self.moved[pointer] = (*pointer, chosen)
        return data[chosen]


def _is_text(schema: Schema, data: Mapping[str, Any]) -> bool:
    if not schema.get("x-text"):
        return False
    # an option of a scale may be a map of its own
    return schema.get("type") == "string" or (bool(data) and set(data) <= set(LANGUAGES))


def _schemas_of(schema: Schema, key: str) -> Iterator[Schema]:
    """What a schema says of the value under a key."""
    found = schema.get("properties", {}).get(key)
    if found is None:
        patterns = schema.get("patternProperties", {}).items()
        found = next((each for pattern, each in patterns if re.search(pattern, key)), None)
    if found is None:
        found = schema.get("additionalProperties")
    if isinstance(found, Mapping):
        yield found
    for branch in ("then", "else"):
        if isinstance(schema.get(branch), Mapping):
            yield from _schemas_of(schema[branch], key)
