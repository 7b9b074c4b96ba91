"""Strict reading of YAML and JSON: plain JSON data with the place of each value beside it.

How YAML is read, `yaml_events` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.messages import foreign
from schemas.problems import InvalidDefinition, Location, Problem, problem
from schemas.yaml_events import MAX_BYTES, MAX_DEPTH, Reader, Stop, decode

Pointer = tuple[str | int, ...]

_TO_BE_PUT = re.compile(r"[$]{|\\|(?:ru|en)\b(?<=\b..)")  # a backslash may hide any of them


@dataclass(frozen=True)
class Source:
    """A text that knows its places: `values` and `keys` map a JSON pointer to (line, column)."""

    file: str
    data: Any
    values: Mapping[Pointer, tuple[int, int]] = field(default_factory=dict)
    keys: Mapping[Pointer, tuple[int, int]] = field(default_factory=dict)
    quoted: frozenset[Pointer] = frozenset()
    references: Mapping[Pointer, str] = field(default_factory=dict)  # values that `${params.x}` gave
    plain: bool = False  # nothing in it is to be put in place: no `${…}`, no text by language

    def at(self, pointer: Pointer = (), *, key: bool = False) -> Location:
        """The place of a value, or of its key; the nearest place above where there is none."""
        places = self.keys if key else self.values
        for length in range(len(pointer), -1, -1):
            found = places.get(pointer[:length]) or self.values.get(pointer[:length])
            if found:
                return Location(self.file, *found)
        return Location(self.file, 1, 1)

    def below(self, key: str) -> Source:
        """What stands under a key, as a text of its own that knows its places."""
        values, keys = (
            {pointer[1:]: place for pointer, place in places.items() if pointer[:1] == (key,)}
            for places in (self.values, self.keys)
        )
        return Source(self.file, self.data.get(key), values, keys)

    def inside(self, pointer: Pointer, line: int, column: int) -> Location:
        """The place of a line and column (from 1) within a text value."""
        start = self.at(pointer)
        if line > 1:
            return Location(self.file, start.line + line - 1, column)
        return Location(self.file, start.line, start.column + column - 1 + (pointer in self.quoted))


@dataclass(frozen=True)
class JsonSource(Source):
    """JSON, whose places are looked for only when a problem asks: nearly always nothing does."""

    content: bytes = b""

    def at(self, pointer: Pointer = (), *, key: bool = False) -> Location:
        """The place of a value, or of its key."""
        return self._placed.at(pointer, key=key)

    def below(self, key: str) -> Source:
        """What stands under a key."""
        return self._placed.below(key)

    @cached_property
    def _placed(self) -> Source:
        found, _ = parse_yaml(self.content, self.file)  # JSON is nearly YAML: its events give the places
        return found or Source(self.file, self.data)


def read_yaml(path: Path, name: str = "") -> tuple[Source | None, list[Problem]]:
    """Read one YAML file; the problems are complete as far as the text could be parsed."""
    name = name or path.name
    if path.stat().st_size > MAX_BYTES:
        return None, [problem("Y02", Location(name), limit=MAX_BYTES // 1024)]
    return parse_yaml(path.read_bytes(), name)


def parse_yaml(content: bytes, name: str) -> tuple[Source | None, list[Problem]]:
    """Parse YAML bytes; None where no data could be made."""
    found: list[Problem] = []
    try:
        text = decode(content, name)
        reader = Reader(text, name, found)
        data = reader.document()
    except Stop as stop:
        return None, [*found, stop.args[0]]
    if found:
        return None, found
    plain = _TO_BE_PUT.search(text) is None
    return Source(name, data, reader.values, reader.keys, frozenset(reader.quoted), plain=plain), []


def parse_json(content: bytes, name: str) -> tuple[Source | None, list[Problem]]:
    """Parse JSON bytes strictly: no duplicate keys, no NaN, limited depth."""
    found: list[Problem] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(items)
        if len(data) < len(items):
            keys = [key for key, _ in items]
            twice = (key for key in data if keys.count(key) > 1)
            found.extend(problem("Y11", Location(name), key=key, first="?") for key in twice)
        return data

    def constant(text: str) -> None:
        found.append(problem("Y13", Location(name), value=text))

    try:
        text = decode(content, name)
        if not text.strip():
            return None, [problem("Y05", Location(name))]
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except Stop as stop:
        return None, [stop.args[0]]
    except json.JSONDecodeError as error:
        return None, [problem("Y01", Location(name, error.lineno, error.colno), what=foreign(error.msg))]
    except RecursionError:
        return None, [problem("Y06", Location(name), limit=MAX_DEPTH)]
    except ValueError:  # more digits than Python converts
        return None, [problem("Y13", Location(name), value="…")]
    if b"\\u" in content and (half := _half_a_character(data)):
        return None, [problem("Y04", Location(name), character=half)]
    if _deeper(data, MAX_DEPTH):
        return None, [problem("Y06", Location(name), limit=MAX_DEPTH)]
    if found:
        _, placed = parse_yaml(content, name)  # its events tell the places
        return None, [each for each in placed if each.code == "Y11"] or found
    return JsonSource(name, data, content=content), []


def _half_a_character(data: Any) -> str:
    """A surrogate that stands alone, so that the data can't be written anywhere; empty where there is none."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"U+{ord(error.object[error.start]):04X}"
    return ""


def _deeper(data: Any, limit: int) -> bool:
    """Whether data are nested deeper than a limit; level by level, as recursion is what this guards."""
    level = [data]
    for _ in range(limit + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def load_yaml(content: bytes, name: str) -> Source:
    """Parse YAML or raise InvalidDefinition with every problem."""
    source, found = parse_yaml(content, name)
    if source is None:
        raise InvalidDefinition(found)
    return source
