"""A survey of moods with a score, its answers before and after, and what an evaluation of them says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from schemas.problems import Location, Problem
from schemas.validation import shipped, violations
from tasks.evaluation import evaluate

Json = dict[str, Any]

SURVEY: Json = {
    "dsl": "survey/v1",
    "id": "mood",
    "version": 3,
    "title": "Самочувствие",
    "audience": "pupil",
    "scales": {
        "hundred": {"kind": "number", "min": 0, "max": 100},
        "often": {
            "kind": "choice",
            "options": {"never": "Нет", "unsure": {"title": "Не знаю", "missing": True}, "often": "Да"},
        },
        "who": {"kind": "choice", "options": {"pupil": "Ученик", "teacher": "Учитель"}},
    },
    "questions": {
        "who": {"type": "choice", "scale": "who", "ask": "Кто Вы?"},
        "mood": {
            "type": "matrix",
            "scale": "hundred",
            "ask": "Как?",
            "rows": {"a": "А", "b": "Б", "c": {"title": "В", "reverse": True}},
        },
        "joy": {"type": "scale", "scale": "hundred", "ask": "Рады?"},
        "fear": {"type": "scale", "scale": "often", "ask": "Боитесь?", "reverse": True},
        "work": {"type": "matrix", "scale": "hundred", "ask": "Работа?", "when": {"who": ["teacher"]},
                 "rows": {"a": "А", "b": "Б"}},
    },
    "scores": {
        "mood": {"title": "Настроение", "mean_of": ["mood.a", "mood.b", "mood.c"], "need": 2,
                 "direction": "higher_is_better"},
    },
}  # fmt: skip


def person(place: int) -> str:
    """A code of the nth person."""
    return f"Н-{place:03}-0"


def answers(level: int, *, spread: int = 1) -> Json:
    """Answers whose mood is `level`: the items differ, their mean does not."""
    return {"mood.a": level - spread, "mood.b": level + spread, "mood.c": 100 - level}


def asked(before: Iterable[Any], after: Iterable[Any], survey: Json = SURVEY, **options: Any) -> Json:
    """Values of a task: each person's level or answers before and after, None for none."""

    def given(each: Any) -> Json:
        return answers(each) if isinstance(each, int) else dict(each)

    return {
        "survey": survey,
        "before": {
            person(place): {"survey": "mood", "version": 3, "wave": "before", "answers": given(each)}
            for place, each in enumerate(before)
            if each is not None
        },
        "after": {
            "survey": "mood",
            "version": 3,
            "wave": "after",
            "answers": [
                {"code": person(place), "status": "no_answer"}
                if each is None
                else {"code": person(place), "status": "answered", "answers": given(each)}
                for place, each in enumerate(after)
            ],
        },
        "options": {"survey": "mood", **options},
        "language": "ru",
    }


def at(pointer: Any, *, key: bool = False) -> Location:
    """A place for the problems of a paper that is no file."""
    return Location("influence")


def valid(paper: Json) -> list[Problem]:
    """The problems of an influence paper: none, and plain JSON too."""
    assert json.loads(json.dumps(paper, allow_nan=False)) == paper
    return violations(shipped("artefacts", "influence"), paper, at)


def only(values: Json) -> Json:
    """The only measure of an evaluation that is valid and names nobody."""
    paper = evaluate(values)
    assert valid(paper) == []
    assert not re.search(r"Н-\d", json.dumps(paper, ensure_ascii=False))
    (measure,) = paper["measures"]
    return dict(measure)


RISING = [30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 40, 50]
NUMBERS = {"before", "after", "improved", "same", "worse", "shift", "shift_low", "shift_high",
           "rank_biserial", "p_value", "p_adjusted", "reliability"}  # fmt: skip
ALWAYS = [
    "Группы сравнения не было: видно, что изменилось, но не видно, почему",
    "У тех, кого выбрали за низкие показатели, второй замер обычно ближе к среднему и без всякой работы",
]
