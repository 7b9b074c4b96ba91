"""How well a mentor fits a mentee: competences against the request, interests, the grade wished for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What a full fit in each respect is worth; together the top score. Wishes are no part of it: they are tiers.
WORTH = {"topics": 6000, "interests": 2500, "grade": 1500}
LAST_GRADE = 11
_GRADES = re.compile(
    r"(?:\b(?:от|с)\s*)?(?P<low>\d+)\s*(?:[-–—]|до|по)\s*(?P<high>\d+)"
    r"|\b(?:от|с)\s*(?P<over>\d+)|(?P<plus>\d+)\s*\+|\bдо\s*(?P<under>\d+)|(?P<one>\d+)"
)
_AGES = re.compile(r"\bлет\b|\bгод")


@dataclass(frozen=True, slots=True)
class Fit:
    """Two people's fit: the parts whose sum is the score, and what was found in common."""

    parts: Mapping[str, int]
    topics: list[str]
    interests: list[str]
    grade: bool | None  # None: one of them doesn't say

    @property
    def score(self) -> int:
        """From 0 to 10000."""
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Profile:
    """A row of a base, read once: what is asked for and offered, by its plain spelling."""

    topics: Mapping[str, str]
    competences: Mapping[str, str]
    interests: Mapping[str, str]
    grade: int | None
    wished: frozenset[int] | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Profile:
        """Read a mentee's or a mentor's row; what it lacks fits nothing."""
        grade = re.match(r"[1-9]\d*", plain(row.get("grade")))  # 0: not at school
        return cls(
            topics=_items(row.get("topics")),
            competences=_items(row.get("competences")),
            interests=_items(row.get("interests")),
            grade=int(grade[0]) if grade else None,
            wished=desired_grades(row.get("desired_grades")),
        )


def fit(mentee: Profile, mentor: Profile) -> Fit:
    """How well the two fit; a grade that nobody states is half a fit, neither the wish nor its opposite."""
    topics = [shown for word, shown in mentee.topics.items() if word in mentor.competences]
    interests = [shown for word, shown in mentee.interests.items() if word in mentor.interests]
    grade = None if mentee.grade is None or mentor.wished is None else mentee.grade in mentor.wished
    parts = {
        "topics": WORTH["topics"] * len(topics) // max(1, len(mentee.topics)),
        "interests": WORTH["interests"] * len(interests) // max(1, len(mentee.interests)),
        "grade": WORTH["grade"] // 2 if grade is None else WORTH["grade"] * grade,
    }
    return Fit(parts, topics, interests, grade)


def desired_grades(text: object) -> frozenset[int] | None:
    """The grades that a mentor wishes for: `5–7, 9`, `8+`, `от 8`, `до 4`; None where that can't be read."""
    if isinstance(text, list | tuple):
        text = ", ".join(str(each) for each in text)
    said = plain(text)
    if _AGES.search(said):
        return None
    found: set[int] = set()
    for part in _GRADES.finditer(said):
        number = {name: int(digits) for name, digits in part.groupdict().items() if digits}
        low = number.get("low") or number.get("over") or number.get("plus") or number.get("one") or 1
        high = number.get("high") or number.get("under") or number.get("one") or LAST_GRADE
        if not 1 <= low <= high <= LAST_GRADE:
            return None  # years, ages, room numbers: not grades
        found.update(range(low, high + 1))
    return frozenset(found) or None


def plain(value: object) -> str:
    """A text as it is compared: one space between words, no capitals, ё as е."""
    return " ".join(str(value or "").casefold().replace("ё", "е").split())


def _items(value: object) -> dict[str, str]:
    """The items of a list, or of a text with commas, by their plain spelling."""
    items: Iterable[object] = (
        value if isinstance(value, list | tuple) else re.split(r"[,;\n]", str(value or ""))
    )
    return {plain(item): str(item).strip() for item in items if plain(item)}
