"""YAML as the definitions write it: plain JSON data built from the parser's events, each value with its place.

Nesting, aliases and size are refused before anything is built. Scalars follow the YAML 1.2 core schema without octal
and hexadecimal numbers: `no`, `12:30` and `2026-09-01` are texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

from schemas.messages import foreign
from schemas.problems import Location, Problem, problem

if TYPE_CHECKING:
    from schemas.sources import Pointer

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
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FIRST_OF_PLAIN = {*"+-.0123456789", *(each[:1] for each in (*_NULLS, *_BOOLEANS))}  # of what is no text
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_GLUED_KEY = re.compile(r"[ -]*([A-Za-z_][\w.]*)([:\uff1a](?! ))([^:]+)$")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # end a line in YAML 1.1, and so for our parser, but not in 1.2
_RESERVED = ("%", "@", "`")
_NO_BREAK = "\u00a0"
_GLUED_COMMENT = re.compile(r"^[^#\n]*[^#\s]#", re.MULTILINE)  # of a line of what stands between two values


class Stop(Exception):
    """The text can't be read any further; its problem is in `args`."""


def decode(content: bytes, name: str) -> str:
    """UTF-8 text without its byte order mark; other encodings are named in the refusal."""
    if len(content) > MAX_BYTES:
        raise Stop(problem("Y02", Location(name), limit=MAX_BYTES // 1024))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Stop(problem("Y03", Location(name, 1, 1), encoding="UTF-16"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise Stop(problem("Y03", Location(name, line, column), encoding="Windows-1251")) from None
    for bad in ("\x00", *_BIDI.findall(text)):
        at = text.find(bad)
        if at >= 0:
            raise Stop(problem("Y04", _place(name, text, at), character=f"U+{ord(bad):04X}"))
    return text


def _place(name: str, text: str, index: int) -> Location:
    start = text.rfind("\n", 0, index) + 1
    return Location(name, text.count("\n", 0, index) + 1, index - start + 1)


class Reader:
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
        """The data of the one document; Stop with what is wrong where there is none."""
        if end := _LINE_ENDS.search(self.text):
            raise Stop(self._unprintable(end.start(), end.group()))
        try:
            # the last line is lost to the parser where it is nothing but spaces
            lost = self.text.rpartition("\n")[2].isspace()
            self.get_event = _LOADER(self.text + "\n" if lost else self.text).get_event
            self.expect = self._closely if _MAYBE_GLUED.search(self.text) else self.get_event
            return self._document()
        except yaml.MarkedYAMLError as error:
            raise Stop(self._syntax(error)) from None
        except yaml.reader.ReaderError as error:
            raise Stop(self._unprintable(error.position, error.character)) from None

    def _document(self) -> Any:
        self.expect()  # stream start
        event = self.expect()
        if isinstance(event, yaml.StreamEndEvent):
            raise Stop(problem("Y05", Location(self.name)))
        data = self._value(self.expect(), ())
        self.expect()  # document end
        extra = self.expect()
        if not isinstance(extra, yaml.StreamEndEvent):
            raise Stop(problem("Y07", self._at(extra)))
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
            raise Stop(problem("Y21", _place(self.name, self.text, at)))
        if between.endswith("?") and start < end and isinstance(event, yaml.NodeEvent):
            raise Stop(problem("Y20", _place(self.name, self.text, start - 1)))
        self.end = end

    def _at(self, event: Any) -> Location:
        return Location(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, event: Any, pointer: Pointer) -> Any:
        mark = event.start_mark
        self.values[pointer] = (mark.line + 1, mark.column + 1)
        if len(self.values) > MAX_VALUES:
            raise Stop(problem("Y02", self._at(event), limit=MAX_BYTES // 1024))
        if event.anchor is not None:  # an alias has one too
            raise Stop(problem("Y08", self._at(event), anchor=event.anchor))
        if event.tag is not None:
            raise Stop(problem("Y09", self._at(event), tag=event.tag))
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event, pointer)
        if len(pointer) >= MAX_DEPTH:
            raise Stop(problem("Y06", self._at(event), limit=MAX_DEPTH))
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
            raise Stop(problem("Y16" if template else "Y10", self._at(event)))
        if event.anchor is not None:
            raise Stop(problem("Y08", self._at(event), anchor=event.anchor))
        key = str(event.value)
        if key == "<<":
            raise Stop(problem("Y08", self._at(event), anchor="<<"))
        if _NO_BREAK in key or key.startswith("\t"):
            raise Stop(problem("Y12", self._at(event)))
        if not event.style and key[:1] in _FIRST_OF_PLAIN and not isinstance(self._plain(key, event), str):
            self.found.append(problem("Y10", self._at(event)))
        return key

    def _scalar(self, event: Any, pointer: Pointer) -> Any:
        if len(event.value) > MAX_SCALAR:
            raise Stop(problem("Y14", self._at(event), limit=MAX_SCALAR))
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

    def _glued_key(self, error: yaml.MarkedYAMLError) -> Problem | None:
        """A key whose colon lacks the space behind it: the parser reads on and stumbles in the line below."""
        lines = self.text.split("\n")
        if "could not find expected ':'" in (error.problem or "") and error.context_mark:
            number = error.context_mark.line
        elif "mapping values are not allowed" in (error.problem or ""):
            number = error.problem_mark.line - 1 if error.problem_mark else -1
        else:
            return None
        found = _GLUED_KEY.match(lines[number]) if 0 <= number < len(lines) else None
        if found is None:
            return None
        at = Location(self.name, number + 1, found.start(2) + 1)
        return problem("Y22", at, key=found[1], text=f"{found[1]}: {found[3].strip()}")

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        if glued := self._glued_key(error):
            return glued
        mark = error.problem_mark or error.context_mark
        if "could not find expected ':'" in (error.problem or ""):
            mark = error.context_mark or mark  # where the key stands; the parser saw it a line later
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
