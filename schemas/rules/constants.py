"""What a typed condition still gets wrong: it compares with a value that never comes, or with nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.conditions import Condition
from schemas.message_types import MessageTypes
from schemas.messages import hint
from schemas.problems import Location, Problem, problem
from schemas.sources import Pointer, Source

_TEXT = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_PATH = r"(?<![\w.'\"])[a-z]\w*(?:\.\w+)+"
_COMPARED = re.compile(rf"({_PATH})\s*(?:==|!=)\s*({_TEXT})|({_PATH})\s+in\s+\[([^\]]*)\]")
_BOUND = re.compile(rf"({_PATH})\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_EACH_TEXT = re.compile(_TEXT)
_MATCHES = re.compile(rf"\.matches\(\s*({_TEXT})\s*\)")
_BY_ZERO = re.compile(r"[/%]\s*0+(?:\.0*)?(?![\w.])")


class Values:
    """The values that a condition names, held against the values that its fields may have."""

    def __init__(self, names: Mapping[str, str], types: MessageTypes) -> None:
        self.names, self.types = names, types

    def problems(self, source: Source, pointer: Pointer, text: str) -> Iterator[Problem]:
        """Every value that never comes; a condition that looks at no paper."""
        if not Condition.of(text).names:
            yield problem("C10", source.at(pointer), text=text[:60])
            return
        yield from self._never_computed(source, pointer, text)
        bound: dict[str, Any] = {}
        for found in _BOUND.finditer(text):
            bound[found.group(2)] = (self._schema(found.group(1), bound) or {}).get("items")
        for found in _COMPARED.finditer(text):
            path = found.group(1) or found.group(3)
            field = self._schema(path, bound)
            allowed = field.get("enum") if field else None
            if not allowed or not all(isinstance(each, str) for each in allowed):
                continue
            start = found.start(2) if found.group(2) else found.start(4)
            for value in _EACH_TEXT.finditer(found.group(2) or found.group(4)):
                plain = value.group()[1:-1]
                if plain and plain not in allowed:
                    at = _inside(source, pointer, text, start + value.start())
                    yield problem("C11", at, field=path, value=plain, nearest=hint(plain, allowed))

    def _never_computed(self, source: Source, pointer: Pointer, text: str) -> Iterator[Problem]:
        """A pattern that is none, and a division by nothing: typed well, and an error on every paper."""
        for found in _MATCHES.finditer(text):
            try:
                re.compile(found[1][1:-1].replace("\\\\", "\\"))  # as CEL reads the text
            except re.error:
                yield problem("C14", _inside(source, pointer, text, found.start(1)), pattern=found[1])
        for found in _BY_ZERO.finditer(_EACH_TEXT.sub(lambda each: " " * len(each[0]), text)):
            yield problem("C15", _inside(source, pointer, text, found.start()))

    def _schema(self, path: str, bound: Mapping[str, Any]) -> Mapping[str, Any] | None:
        name, *fields = path.split(".")
        node = bound[name] if name in bound else self.types.objects.get(self.names.get(name, ""))
        for field in fields:
            node = node.get("properties", {}).get(field) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else None


def _inside(source: Source, pointer: Pointer, text: str, place: int) -> Location:
    line = text.count("\n", 0, place) + 1
    return source.inside(pointer, line, place - (text.rfind("\n", 0, place) + 1) + 1)
