"""Slips of those who write conditions as in another language: `=`, `and`, a name in Russian letters."""

from __future__ import annotations

import re
from dataclasses import dataclass

FUNCTIONS = (
    "days", "distinct", "endsWith", "flatten", "has", "lacking", "matches", "share", "size", "startsWith", "sum",
)  # fmt: skip
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_OTHERWISE = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "=="),
    (re.compile(r"\b(?:and|AND)\b|(?<!&)&(?!&)"), "&&"),
    (re.compile(r"\b(?:or|OR)\b|(?<!\|)\|(?!\|)"), "||"),
    (re.compile(r"\b(?:not|NOT)\b"), "!"),
    (re.compile(r"<>|≠"), "!="),
    (re.compile("≥|=>"), ">="),
    (re.compile("≤|=<"), "<="),
)
_RUSSIAN_NAME = re.compile(r"\w*[а-яёА-ЯЁ]\w*")


@dataclass(frozen=True, slots=True)
class Slip:
    """What is written and what belongs there (nothing where it is a name), with line and column from 1."""

    wrong: str
    right: str
    line: int
    column: int


def foreign_slip(text: str) -> Slip | None:
    """The first slip of a condition outside its texts, or None."""
    bare = _TEXT.sub(lambda found: " " * len(found.group()), text)
    slips = [
        (found.start(), found.group(), right)
        for pattern, right in (*_OTHERWISE[::-1], (_RUSSIAN_NAME, ""))
        if (found := pattern.search(bare))
    ]
    if not slips:
        return None
    start, wrong, right = min(slips, key=lambda slip: slip[0])
    line = text.count("\n", 0, start) + 1
    return Slip(wrong, right, line, start - (text.rfind("\n", 0, start) + 1) + 1)


def called(text: str, name: str) -> bool:
    """Whether a name is used as a function."""
    return bool(re.search(rf"(?<![.\w]){re.escape(name)}\s*\(", text))
