"""Two waves of answers, before and after, joined person by person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tasks.scores import Answers, Score

Wave = Mapping[str, Answers | str]  # by person: the answers, or why there are none
Pair = tuple[Fraction, Fraction]
UNLIKE = ("other_survey", "other_version", "other_wave")


@dataclass(frozen=True, slots=True)
class People:
    """Whom a score concerns: their pairs, the others' values before, and why there is no pair."""

    pairs: list[Pair]
    left: list[Fraction]
    after: int
    missing: Counter[str]


def _unlike(record: Mapping[str, Any], survey: Mapping[str, Any], wave: str) -> str | None:
    """Why a record's answers are not comparable; scores are those of one version of one survey."""
    if record["survey"] != survey["id"]:
        return "other_survey"
    if record["version"] != survey["version"]:
        return "other_version"
    return "other_wave" if record.get("wave", wave) != wave else None


def wave_before(records: Mapping[str, Any], survey: Mapping[str, Any]) -> Wave:
    """The first wave, from each person's record."""
    return {
        person: _unlike(record, survey, "before") or record["answers"]
        for person, record in records.items()
        if record.get("answers") is not None
    }


def wave_after(result: Mapping[str, Any], survey: Mapping[str, Any]) -> Wave:
    """The second wave, from a survey's result; who answered twice is taken at the later word."""
    unlike = _unlike(result, survey, "after")
    silent: dict[str, Answers | str] = {each["code"]: "no_answer" for each in result["answers"]}
    return silent | {
        each["code"]: unlike or each["answers"] for each in result["answers"] if each["status"] == "answered"
    }


def join(score: Score, before: Wave, after: Wave) -> People:
    """Each person whom the score was asked of, with a pair of values or the reason why there is none."""
    people = People([], [], sum(_value(score, each) is not None for each in after.values()), Counter())
    for person in sorted(before.keys() | after.keys()):
        waves = before.get(person, "only_after"), after.get(person, "only_before")
        given = [each for each in waves if not isinstance(each, str)]
        if given and not any(score.asked(each) for each in given):
            continue
        start, end = (_value(score, each) for each in waves)
        if start is not None and end is not None:
            people.pairs.append((start, end))
            continue
        if start is not None:
            people.left.append(start)
        people.missing[_why_no_pair(*waves)] += 1
    return people


def _value(score: Score, answers: Answers | str) -> Fraction | None:
    return None if isinstance(answers, str) else score.value(answers)


def _why_no_pair(before: Answers | str, after: Answers | str) -> str:
    reasons = [each for each in (before, after) if isinstance(each, str)]
    if not reasons:
        return "too_few_items"
    unlike = [each for each in reasons if each in UNLIKE]
    return unlike[0] if unlike else reasons[0] if len(reasons) == 1 else "neither"
