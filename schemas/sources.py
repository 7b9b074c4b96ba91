"""Strict reading of YAML and JSON: plain JSON data with the place of each value beside it.

YAML is read from its event stream, so nesting, aliases and size are refused before anything is
built. Scalars follow the YAML 1.2 core schema without octal and hexadecimal numbers: `no`, `12:30`
and `2026-09-01` are texts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from schemas.messages import foreign
from schemas.problems import InvalidDefinition, Location, Problem, problem

Pointer = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_VALUES = 100_000
MAX_SCALAR = 1 << 16
MAX_KEY = 1024

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAYBE_GLUED = re.compile(
    r"#(?<=[^ \n]#)|[?][^ \n,}\]]"
)  # nearly no file has one: the rest need no closer look
_TO_BE_PUT = re.compile(r"[$]{|\\|(?:ru|en)\b(?<=\b..)")  # a backslash may hide any of them
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FIRST_OF_PLAIN = {*"+-.0123456789", *(each[:1] for each in (*_NULLS, *_BOOLEANS))}  # of what is no text
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # end a line in YAML 1.1, and so for our parser, but not in 1.2
_RESERVED = ("%", "@", "`")
_NO_BREAK = "\u00a0"
_GLUED_COMMENT = re.compile(r"^[^#\n]*[^#\s]#", re.MULTILINE)  # of a line of what stands between two values


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


class _Stop(Exception):
    """The text can't be read any further; its problem is in `args`."""


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
        reader = _Reader(text, name, found)
        data = reader.document()
    except _Stop as stop:
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
    except _Stop as stop:
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


def decode(content: bytes, name: str) -> str:
    """UTF-8 text without its byte order mark; other encodings are named in the refusal."""
    if len(content) > MAX_BYTES:
        raise _Stop(problem("Y02", Location(name), limit=MAX_BYTES // 1024))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Stop(problem("Y03", Location(name, 1, 1), encoding="UTF-16"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise _Stop(problem("Y03", Location(name, line, column), encoding="Windows-1251")) from None
    for bad in ("\x00", *_BIDI.findall(text)):
        at = text.find(bad)
        if at >= 0:
            raise _Stop(problem("Y04", _place(name, text, at), character=f"U+{ord(bad):04X}"))
    return text


def _place(name: str, text: str, index: int) -> Location:
    start = text.rfind("\n", 0, index) + 1
    return Location(name, text.count("\n", 0, index) + 1, index - start + 1)


class _Reader:
    """Builds plain data from YAML events, noting the place of each key and value."""

    def __init__(self, text: str, name: str, found: list[Problem]) -> None:
        self.text, self.name, self.found = text, name, found
        self.values: dict[Pointer, tuple[int, int]] = {}
        self.keys: dict[Pointer, tuple[int, int]] = {}
        self.quoted: set[Pointer] = set()
        self.end = 0  # where the last event ended
        self.get_event: Callable[[], Any]
        self.expect: Callable[[], Any]

    def document(self) -> Any:
        if end := _LINE_ENDS.search(self.text):
            raise _Stop(self._unprintable(end.start(), end.group()))
        try:
            # the last line is lost to the parser where it is nothing but spaces
            lost = self.text.rpartition("\n")[2].isspace()
            self.get_event = _LOADER(self.text + "\n" if lost else self.text).get_event
            self.expect = self._closely if _MAYBE_GLUED.search(self.text) else self.get_event
            return self._document()
        except yaml.MarkedYAMLError as error:
            raise _Stop(self._syntax(error)) from None
        except yaml.reader.ReaderError as error:
            raise _Stop(self._unprintable(error.position, error.character)) from None

    def _document(self) -> Any:
        self.expect()  # stream start
        event = self.expect()
        if isinstance(event, yaml.StreamEndEvent):
            raise _Stop(problem("Y05", Location(self.name)))
        data = self._value(self.expect(), ())
        self.expect()  # document end
        extra = self.expect()
        if not isinstance(extra, yaml.StreamEndEvent):
            raise _Stop(problem("Y07", self._at(extra)))
        return data

    def _closely(self) -> Any:
        """The next event of a text in which something may be glued to another."""
        event = self.get_event()
        if event is not None:
            self._between(event)
        return event

    def _between(self, event: Any) -> None:
        """Refuse what the parser takes otherwise than YAML 1.2: a glued `#` is no comment, a glued `?` no key."""
        start, end = event.start_mark.index, event.end_mark.index
        block = getattr(event, "style", None) in ("|", ">")  # its header may carry a comment too
        between = self.text[max(self.end - 1, 0) : self.text.find("\n", start) if block else start]
        if "#" in between and (glued := _GLUED_COMMENT.search(between)):
            at = max(self.end - 1, 0) + glued.end() - 1
            raise _Stop(problem("Y21", _place(self.name, self.text, at)))
        if between.endswith("?") and start < end and isinstance(event, yaml.NodeEvent):
            raise _Stop(problem("Y20", _place(self.name, self.text, start - 1)))
        self.end = end

    def _at(self, event: Any) -> Location:
        return Location(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, event: Any, pointer: Pointer) -> Any:
        mark = event.start_mark
        self.values[pointer] = (mark.line + 1, mark.column + 1)
        if len(self.values) > MAX_VALUES:
            raise _Stop(problem("Y02", self._at(event), limit=MAX_BYTES // 1024))
        if event.anchor is not None:  # an alias has one too
            raise _Stop(problem("Y08", self._at(event), anchor=event.anchor))
        if event.tag is not None:
            raise _Stop(problem("Y09", self._at(event), tag=event.tag))
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event, pointer)
        if len(pointer) >= MAX_DEPTH:
            raise _Stop(problem("Y06", self._at(event), limit=MAX_DEPTH))
        if kind is yaml.SequenceStartEvent:
            return self._sequence(pointer)
        return self._mapping(pointer)

    def _sequence(self, pointer: Pointer) -> list[Any]:
        items: list[Any] = []
        while type(event := self.expect()) is not yaml.SequenceEndEvent:
            items.append(self._value(event, (*pointer, len(items))))
        return items

    def _mapping(self, pointer: Pointer) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while type(event := self.expect()) is not yaml.MappingEndEvent:
            key = self._key(event, pointer)
            here = (*pointer, key)
            if key in items:
                self.found.append(problem("Y11", self._at(event), key=key, first=self.keys[here][0]))
            else:
                self.keys[here] = (event.start_mark.line + 1, event.start_mark.column + 1)
            items[key] = self._value(self.expect(), here)
        return items

    def _key(self, event: Any, pointer: Pointer) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            template = "{{" in self.text.split("\n")[event.start_mark.line]
            raise _Stop(problem("Y16" if template else "Y10", self._at(event)))
        if event.anchor is not None:
            raise _Stop(problem("Y08", self._at(event), anchor=event.anchor))
        key = str(event.value)
        if key == "<<":
            raise _Stop(problem("Y08", self._at(event), anchor="<<"))
        if _NO_BREAK in key or key.startswith("\t"):
            raise _Stop(problem("Y12", self._at(event)))
        if not event.style and key[:1] in _FIRST_OF_PLAIN and not isinstance(self._plain(key, event), str):
            self.found.append(problem("Y10", self._at(event)))
        return key

    def _scalar(self, event: Any, pointer: Pointer) -> Any:
        if len(event.value) > MAX_SCALAR:
            raise _Stop(problem("Y14", self._at(event), limit=MAX_SCALAR))
        if not event.style:
            return self._plain(event.value, event) if event.value[:1] in _FIRST_OF_PLAIN else event.value
        if event.style in ("'", '"'):
            self.quoted.add(pointer)
            if unseen := _UNSEEN.search(event.value):  # written as an escape, such as "\\e"
                self.found.append(problem("Y04", self._at(event), character=f"U+{ord(unseen[0]):04X}"))
        return event.value

    def _plain(self, text: str, event: Any) -> Any:
        """What is no text, of a scalar without quotes that begins as such a one does."""
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > 15:
                self.found.append(problem("Y13", self._at(event), value=text[:20]))
                return 0
            return int(text)
        if _FLOAT.fullmatch(text):
            value = float(text)
            if math.isfinite(value):
                return value
            self.found.append(problem("Y13", self._at(event), value=text[:20]))
            return 0
        if _NOT_A_NUMBER.fullmatch(text):
            self.found.append(problem("Y13", self._at(event), value=text))
            return 0
        return text

    def _unprintable(self, index: int, character: str | int) -> Problem:
        code = character if isinstance(character, int) else ord(character)
        return problem("Y04", _place(self.name, self.text, index), character=f"U+{code:04X}")

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        at = Location(self.name, mark.line + 1, mark.column + 1) if mark else Location(self.name)
        what = error.problem or str(error)
        lines = self.text.split("\n")
        line = lines[mark.line] if mark and mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return problem("Y12", at)
        column = mark.column if mark else 0
        if "mapping values are not allowed" in what:
            too_long = column >= MAX_KEY  # YAML looks no further for the colon behind a key
            return problem("Y17", at, limit=MAX_KEY) if too_long else problem("Y15", at)
        if "maximum nesting depth" in what:
            return problem("Y06", at, limit=MAX_DEPTH)
        if "cannot start any token" in what and line[column : column + 1] in _RESERVED:
            return problem("Y18", at, character=line[column])
        if "{{" in line:
            return problem("Y16", at)
        return problem("Y01", at, what=foreign(what))
