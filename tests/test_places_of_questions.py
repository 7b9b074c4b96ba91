"""`place` of a question: the order in which they are asked, however an overlay adds to it (LANGUAGE §5)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas import surveys
from schemas.sources import Source
from schemas.surveys import meaning_problems, placed


def survey(**questions: dict[str, object]) -> dict[str, object]:
    filled = {name: {"type": "text", "ask": name, **more} for name, more in questions.items()}
    return {"title": "Анкета", "questions": filled}


def after(name: str) -> dict[str, object]:
    return {"place": {"after": name}}


def order(found: surveys.Survey) -> list[str]:
    return [each.id for each in surveys.questions(placed(found))]


def test_a_question_stands_behind_the_one_that_it_names():
    assert order(survey(a={}, b={}, c={}, new=after("a"))) == ["a", "new", "b", "c"]


def test_several_behind_one_keep_their_order_and_may_stand_behind_each_other():
    found = survey(a={}, b={}, one=after("a"), two=after("a"), three=after("one"))

    assert order(found) == ["a", "one", "three", "two", "b"]


def test_a_condition_refers_backwards_in_the_order_of_asking():
    asked = {"type": "number", "when": {"late": [1]}}
    forwards = survey(first=asked, late={"type": "number"})
    moved = survey(first=asked, late={"type": "number"}, zero={})
    moved["questions"]["first"]["place"] = {"after": "late"}

    assert [each.code for each in meaning_problems(Source("s.yaml", forwards))] == ["R19"]
    assert meaning_problems(Source("s.yaml", moved)) == []


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.dictionaries(NAMES, st.just({}) | NAMES.map(after)))
def test_placing_loses_no_question_and_leaves_the_others_in_their_order(questions):
    found = order(survey(**questions))
    free = [name for name in questions if "place" not in questions[name]]

    assert sorted(found) == sorted(questions)
    assert [name for name in found if name in free] == free
