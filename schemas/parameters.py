"""`${params.x}` as a value: put in place of the reference when a stage is read, its type kept.

A value that is nothing but a reference becomes the parameter's value; inside a text it is written into the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from schemas.messages import said, unknown
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source

_REFERENCE = re.compile(r"\$\{([^{}]*)\}?")
_NAME = re.compile(r"params\.([A-Za-zА-Яа-яЁё0-9_]+)")
_CONDITIONS = ("check", "when", "where")


def resolved(kind: str, source: Source) -> tuple[Source, list[Problem]]:
    """The source with every reference replaced, and the problems of those that mean nothing."""
    work = _Work(kind, source)
    data = work.walk(source.data, ())
    if not work.references:
        return source, work.found
    return replace(source, data=data, references=work.references), work.found


def named(source: Source, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a source's shape, those of a value that a parameter gave with the parameter's name.

    Nothing is told of the shape of a reference that itself has a problem.
    """
    places = {source.at(pointer): text for pointer, text in source.references.items()}
    return [_of_param(each, places.get(each.at)) for each in problems if places.get(each.at) != ""]


def _of_param(found: Problem, text: str | None) -> Problem:
    if text is None or "value" not in found.values:
        return found
    values = {**found.values, "value": f"{found.values['value']} ({text})"}
    return replace(found, values={**values, "advice": said("advice_param")} if "advice" in values else values)


class _Work:
    def __init__(self, kind: str, source: Source) -> None:
        self.kind, self.source = kind, source
        self.found: list[Problem] = []
        self.references: dict[Pointer, str] = {}
        data = source.data if isinstance(source.data, Mapping) else {}
        declared = data.get("params") if kind == "stage" else None
        self.params: Mapping[str, Any] = declared if isinstance(declared, Mapping) else {}

    def walk(self, node: Any, pointer: Pointer) -> Any:
        if isinstance(node, Mapping):
            made = {
                key: value if key.startswith(("x_", "x-")) else self.walk(value, (*pointer, key))
                for key, value in node.items()
            }
            return node if all(made[key] is node[key] for key in node) else made
        if isinstance(node, list):
            new = [self.walk(each, (*pointer, index)) for index, each in enumerate(node)]
            return node if all(a is b for a, b in zip(new, node, strict=True)) else new
        return self._text(node, pointer) if isinstance(node, str) and "${" in node else node

    def _text(self, text: str, pointer: Pointer) -> Any:
        if self.kind != "stage" or pointer[:1] == ("params",):
            self.found.append(problem("K03", self._at(pointer, text, text.index("${"))))
            return text
        if pointer[-1] in _CONDITIONS:
            self.found.append(problem("K04", self._at(pointer, text, text.index("${"))))
            return text
        parts: list[Any] = []
        end, before = 0, len(self.found)
        for match in _REFERENCE.finditer(text):
            parts += [text[end : match.start()], self._value(match, pointer)]
            end = match.end()
        parts.append(text[end:])
        self.references[pointer] = text if len(self.found) == before else ""
        whole = [part for part in parts if part != ""]
        return whole[0] if len(whole) == 1 else "".join(_written(part) for part in parts)

    def _value(self, match: re.Match[str], pointer: Pointer) -> Any:
        """The value of one reference; the reference itself where it has a problem."""
        at = self._at(pointer, match.string, match.start())
        name = _NAME.fullmatch(match[1])
        if name is None or not match[0].endswith("}"):
            self.found.append(problem("K05", at, text=match[0]))
            return match[0]
        param = self.params.get(name[1])
        if param is None:
            self.found.append(unknown(at, "param", name[1], self.params))
        elif isinstance(param, Mapping) and "default" in param:
            return param["default"]
        else:
            self.found.append(problem("K06", at, name=name[1]))
        return match[0]

    def _at(self, pointer: Pointer, text: str, index: int) -> Any:
        return self.source.inside(pointer, 1, index + 1) if "\n" not in text else self.source.at(pointer)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
