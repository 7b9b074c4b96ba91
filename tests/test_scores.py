"""Scores: what the answers of one person to a survey come to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from mood_survey import SURVEY

from tasks.scores import Score, scores


def score_of(**score: Any) -> Score:
    """A score of the survey above."""
    survey = SURVEY | {"scores": {"score": {"direction": "higher_is_better"} | score}}
    return next(scores(survey))


class TestScores:
    def test_reversed_items_are_turned_round(self) -> None:
        """A reversed item counts from the other end of its scale."""
        score = score_of(mean_of=["mood.a", "mood.b", "mood.c"])

        assert score.value({"mood.a": 10, "mood.b": 20, "mood.c": 90}) == Fraction(40, 3)

    def test_need(self) -> None:
        """A mean is of the items answered, and is none where fewer were than it needs; by default all."""
        answers = {"mood.a": 10, "mood.b": 20}

        assert score_of(mean_of=["mood.a", "mood.b", "mood.c"], need=2).value(answers) == 15
        assert score_of(mean_of=["mood.a", "mood.b", "mood.c"], need=3).value(answers) is None
        assert score_of(mean_of=["mood.a", "mood.b", "mood.c"]).value(answers) is None

    @pytest.mark.parametrize(
        ("answer", "value"), [("never", 2), ("often", 1), ("unsure", None), (None, None)]
    )
    def test_options_count_by_their_place(self, answer: str | None, value: int | None) -> None:
        """An option counts by its place, one that says nothing is no answer."""
        assert score_of(mean_of=["fear"]).value({"fear": answer}) == value

    def test_an_answer_that_is_no_number_is_none(self) -> None:
        """A text, a list or a yes cannot be averaged."""
        for answer in ("5", [5], True):
            assert score_of(mean_of=["joy"]).value({"joy": answer}) is None

    def test_asked_follows_the_skip_logic(self) -> None:
        """A score was asked of those who were shown one of its questions."""
        score = score_of(mean_of=["work.a", "work.b"])

        assert score.asked({"who": "teacher"})
        assert not score.asked({"who": "pupil"})
        assert not score.asked({})

    def test_reversed_without_ends_is_a_fault(self) -> None:
        """A reversed number that has no ends cannot be turned round, and is not passed over."""
        questions = {"age": {"type": "number", "ask": "?", "reverse": True}}
        survey = SURVEY | {
            "questions": questions,
            "scores": {"age": {"mean_of": ["age"], "direction": "higher_is_better"}},
        }

        with pytest.raises(ValueError, match="age"):
            list(scores(survey))
        questions["age"] |= {"min": 1, "max": 9}
        assert next(scores(survey)).value({"age": 2}) == 8
