"""Scores of a survey: one number from a person's answers, as the survey's `scores` say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from schemas.surveys import missing_answers

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A cell of an answer that goes into a score."""

    cell: str
    when: Mapping[str, Any]
    places: Mapping[str, int] | None
    turn: Fraction | None

    @classmethod
    def of(cls, survey: Mapping[str, Any], cell: str) -> Item:
        """The cell `question` or `question.row` of a survey."""
        name, _, row = cell.partition(".")
        question = survey["questions"][name]
        scale = survey.get("scales", {}).get(question.get("scale"), question)
        places = None
        if "options" in scale:
            missing = missing_answers(survey, cell)
            chosen = [each for each in scale["options"] if each not in missing]
            places = {each: place for place, each in enumerate(chosen, 1)}
        asked = question["rows"][row] if row else question
        turned = isinstance(asked, Mapping) and asked.get("reverse")
        ends = (1, len(places)) if places is not None else (scale.get("min"), scale.get("max"))
        if turned and None in ends:
            raise ValueError(f"{cell} is reversed, but its answers have no least and greatest value")
        turn = Fraction(ends[0] + ends[1]) if turned else None
        return cls(cell, question.get("when", {}), places, turn)

    def value(self, answers: Answers) -> Fraction | None:
        """The answer as a number, a reversed one turned round; None where there is none."""
        given = answers.get(self.cell)
        if self.places is not None:
            given = self.places.get(given) if isinstance(given, str) else None
        if isinstance(given, bool) or not isinstance(given, int | float):
            return None
        value = Fraction(str(given))
        return value if self.turn is None else self.turn - value

    def asked(self, answers: Answers) -> bool:
        """Whether somebody with these answers was asked at all."""
        return all(
            any(each in values for each in (given if isinstance(given, list) else [given]))
            for given, values in ((answers.get(question), values) for question, values in self.when.items())
        )


@dataclass(frozen=True, slots=True)
class Score:
    """A mean of items; `better` is 1 where more is better and −1 where less is."""

    id: str
    title: str
    items: tuple[Item, ...]
    need: int
    better: int
    smallest_change: Fraction | None

    def value(self, answers: Answers) -> Fraction | None:
        """The mean of the items answered; None where fewer were than the score needs."""
        values = [value for item in self.items if (value := item.value(answers)) is not None]
        return sum(values, Fraction()) / len(values) if len(values) >= self.need else None

    def complete(self, answers: Answers) -> list[Fraction] | None:
        """The values of all the items; None where one is missing."""
        values = [value for item in self.items if (value := item.value(answers)) is not None]
        return values if len(values) == len(self.items) else None

    def asked(self, answers: Answers) -> bool:
        """Whether any of the items was for somebody with these answers."""
        return any(item.asked(answers) for item in self.items)


def scores(survey: Mapping[str, Any]) -> Iterator[Score]:
    """The scores of a survey, in the order of the file."""
    for name, score in survey.get("scores", {}).items():
        change = score.get("smallest_change")
        yield Score(
            name,
            score.get("title", name),
            tuple(Item.of(survey, cell) for cell in score["mean_of"]),
            score.get("need", len(score["mean_of"])),
            1 if score["direction"] == "higher_is_better" else -1,
            None if change is None else Fraction(str(change)),
        )
