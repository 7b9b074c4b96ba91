"""Before and after: published numbers, the laws of the tests, and each refusal and warning in its words."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.messages import LANGUAGES, number, texts
from schemas.problems import Location, Problem
from schemas.validation import shipped, violations
from tasks import paired
from tasks.evaluation import evaluate
from tasks.scores import Score, scores

Json = dict[str, Any]
some = settings(max_examples=60, deadline=None)
STATE = yaml.safe_load(Path("definitions/target-model/surveys/state.yaml").read_text("utf-8"))


def exactly(values: str) -> list[Fraction]:
    """Decimals as they are printed in a book."""
    return [Fraction(each) for each in values.split()]


# Student 1908: hours of sleep gained by ten patients with the first and with the second drug.
SLEEP = (
    exactly("0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0"),
    exactly("1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4"),
)
# Hand et al. 1993, no. 285: weight of girls with anorexia before and after family and cognitive treatment.
FAMILY = (
    exactly("83.8 83.3 86.0 82.5 86.7 79.6 76.9 94.2 73.4 80.5 81.6 82.1 77.6 83.5 89.9 86.0 87.3"),
    exactly("95.2 94.3 91.5 91.9 100.3 76.7 76.8 101.6 94.9 75.2 77.8 95.5 90.7 92.5 93.8 91.7 98.0"),
)
COGNITIVE = (
    exactly(
        "80.5 84.9 81.5 82.6 79.9 88.7 94.9 76.3 81.0 80.5 85.0 89.2 81.3 76.5 70.0 80.4 83.3 83.0 87.7 84.2 "
        "86.4 76.5 80.2 87.8 83.3 79.7 84.5 80.8 87.4"
    ),
    exactly(
        "82.2 85.6 81.4 81.9 76.4 103.6 98.4 93.4 73.4 82.1 96.7 95.3 82.4 72.5 90.9 71.3 85.4 81.6 89.1 "
        "83.9 82.7 75.7 82.6 100.4 85.2 83.6 84.6 96.2 86.7"
    ),
)
# Hollander & Wolfe, table 3.1: depression scale of nine patients at the first and second visit.
DEPRESSION = (
    exactly("1.83 0.50 1.62 2.48 1.68 1.88 1.55 3.06 1.30"),
    exactly("0.878 0.647 0.598 2.05 1.06 1.29 1.06 3.14 1.29"),
)


def changes(data: tuple[Sequence[Fraction], Sequence[Fraction]]) -> list[Fraction]:
    """After minus before."""
    return [after - before for before, after in zip(*data, strict=True)]


# --- statistics ----------------------------------------------------------------------------------

halves = st.integers(-8, 8).map(lambda each: Fraction(each, 2))  # few values: many ties and zeros


def mid_ranks(sizes: Sequence[Fraction]) -> list[Fraction]:
    """The rank of each size, counted from the definition of a mid-rank."""
    return [
        sum(other < one for other in sizes) + Fraction(1 + sum(other == one for other in sizes), 2)
        for one in sizes
    ]


class TestPublishedNumbers:
    @pytest.mark.parametrize(
        ("data", "p"), [(SLEEP, 0.00390625), (FAMILY, 0.000839), (COGNITIVE, 0.0599), (DEPRESSION, 0.0390625)]
    )
    def test_exact_p(self, data: Any, p: float) -> None:
        """The p of the signed-rank test is the exact one, zeros dropped and ties at their mid-ranks."""
        assert paired.signed_rank(changes(data)) == pytest.approx(p, abs=0.00005)

    def test_ties_survive_that_floats_tear_apart(self) -> None:
        """The rank sum of the cognitive group is 304.5 and not the 303.5 of unrounded floats."""
        total = Fraction(29 * 30, 2)

        assert paired.rank_biserial(changes(COGNITIVE)) == (2 * Fraction("304.5") - total) / total

    def test_shift_of_sleep(self) -> None:
        """Student's data shift by 1.3 hours, the zero kept, and every change goes one way."""
        shift = paired.shift(changes(SLEEP))

        assert shift.estimate == Fraction("1.3")
        assert shift.interval == (Fraction("0.9"), Fraction("2.7"))
        assert median(changes(SLEEP)) == Fraction("1.3")
        assert paired.rank_biserial(changes(SLEEP)) == 1

    def test_shift_and_interval_of_depression(self) -> None:
        """Hollander and Wolfe print −0.46 and the interval from −0.786 to −0.010."""
        shift = paired.shift(changes(DEPRESSION))

        assert shift.estimate == Fraction("-0.46")
        assert shift.interval == (Fraction("-0.786"), Fraction("-0.01"))

    def test_shift_of_family(self) -> None:
        """The shift is the median of all averages of two changes."""
        assert paired.shift(changes(FAMILY)).estimate == Fraction("7.65")


class TestLaws:
    @some
    @given(st.lists(halves, max_size=10))
    def test_exact_p_is_the_share_of_all_signs(self, differences: list[Fraction]) -> None:
        """The p is the share of all ways to give signs that are as far out, ties and zeros and all."""
        moved = [each for each in differences if each]
        ranks = [int(2 * each) for each in mid_ranks([abs(each) for each in moved])]
        far = abs(sum(rank if each > 0 else -rank for rank, each in zip(ranks, moved, strict=True)))
        ways = [abs(sum(way)) for way in product(*((rank, -rank) for rank in ranks))]

        assert paired.signed_rank(differences) == sum(each >= far for each in ways) / len(ways)

    @some
    @given(st.lists(halves, max_size=10))
    def test_sign_test_is_the_share_of_all_signs(self, differences: list[Fraction]) -> None:
        """The p of the sign test is a share of all signs too."""
        signs = [each > 0 for each in differences if each]
        out = min(sum(signs), len(signs) - sum(signs))
        ways = [sum(each) for each in product((0, 1), repeat=len(signs))]

        share = sum(min(each, len(signs) - each) <= out for each in ways) / len(ways)
        assert paired.sign_test(differences) == share

    @some
    @given(st.lists(halves, min_size=1, max_size=14))
    def test_shift_is_the_median_of_averages(self, differences: list[Fraction]) -> None:
        """The shift is the median of the averages written out one by one."""
        averages = [(one + other) / 2 for one, other in combinations_with_replacement(differences, 2)]

        assert paired.shift(differences).estimate == median(averages)

    @some
    @given(st.lists(halves, min_size=6, max_size=9))
    def test_interval_misses_no_more_than_it_says(self, differences: list[Fraction]) -> None:
        """Where any sign is as likely, at most one interval in twenty misses the zero, ties or not."""
        missed = 0
        for signs in product((1, -1), repeat=len(differences)):
            interval = paired.shift([s * d for s, d in zip(signs, differences, strict=True)]).interval
            assert interval is not None
            missed += not interval[0] <= 0 <= interval[1]

        assert missed / 2 ** len(differences) <= 0.05

    def test_no_interval_where_there_can_be_none(self) -> None:
        """Five pairs have no interval of 95 %, six have the whole range."""
        values = exactly("1 2 3 4 5 6")

        assert paired.shift(values[:5]).interval is None
        assert paired.shift(values).interval == (values[0], values[5])

    @pytest.mark.parametrize("seed", range(5))
    def test_approximation_is_near_the_exact(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the exact test ends the normal approximation says nearly the same."""
        random = Random(seed)
        differences = [Fraction(random.randint(-20, 22), 4) for _ in range(paired.EXACT_UP_TO)]
        exact_p, exact_shift = paired.signed_rank(differences), paired.shift(differences)
        monkeypatch.setattr(paired, "EXACT_UP_TO", 0)
        paired._cut.cache_clear()

        near_p, near_shift = paired.signed_rank(differences), paired.shift(differences)
        paired._cut.cache_clear()

        assert not paired.exact(differences)
        assert near_p == pytest.approx(exact_p, rel=0.05)
        assert near_shift == exact_shift

    def test_nothing_changed(self) -> None:
        """Where nobody changed, p is 1 and there is no effect to tell."""
        same = [Fraction()] * 12

        assert paired.signed_rank(same) == paired.sign_test(same) == 1
        assert paired.rank_biserial(same) is None
        assert paired.shift(same).interval == (same[0], same[0])

    def test_holm(self) -> None:
        """Adjusted p values keep their order, never fall, and never pass 1."""
        assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert paired.holm([0.9, 0.8]) == [1.0, 1.0]
        assert paired.holm([]) == []

    def test_alpha(self) -> None:
        """Alpha is 1 for items that say the same, 4/9 in a case counted by hand, absent where senseless."""
        same = [[Fraction(each)] * 3 for each in (1, 4, 7)]
        by_hand = [list(map(Fraction, each)) for each in ((1, 1), (2, 3), (3, 2), (4, 2))]

        assert paired.alpha(same) == 1
        assert paired.alpha(by_hand) == Fraction(4, 9)
        assert paired.alpha([[Fraction(1)], [Fraction(2)]]) is None
        assert paired.alpha([[Fraction(1), Fraction(2)]] * 2) is None

    def test_quartiles(self) -> None:
        """Quartiles are those of R and NumPy."""
        assert paired.quartiles(exactly("1 2 3 4")) == paired.Quartiles(
            Fraction("1.75"), Fraction("2.5"), Fraction("3.25")
        )


# --- scores --------------------------------------------------------------------------------------

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


# --- evaluating ----------------------------------------------------------------------------------


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


class TestNumbers:
    def test_student_as_a_survey(self) -> None:
        """Student's data handed in as answers come out with their published p, median and shift."""
        before, after = ([int(10 * each) + 50 for each in wave] for wave in SLEEP)

        measure = only(asked(before, after))

        assert measure | {"warnings": []} == {
            "measure": "mood", "title": "Настроение", "n_before": 10, "n_after": 10, "n_pairs": 10,
            "missing": {},
            "before": {"median": 53.5, "q1": 48.25, "q3": 67.0},
            "after": {"median": 67.5, "q1": 58.75, "q3": 91.5},
            "improved": 9, "same": 1, "worse": 0,
            "shift": 13.0, "shift_low": 9.0, "shift_high": 27.0, "rank_biserial": 1.0,
            "p_value": 0.00390625, "p_adjusted": 0.00390625, "reliability": 1.0,
            "refused": [], "warnings": [],
        }  # fmt: skip
        assert measure["warnings"] == ALWAYS

    def test_smallest_change_decides_who_changed(self) -> None:
        """Changes under the smallest one that means something count as none, the smallest itself counts."""
        survey = SURVEY | {"scores": {"mood": SURVEY["scores"]["mood"] | {"smallest_change": 5}}}

        measure = only(asked([50] * 6, [55, 54, 45, 46, 50, 60], survey))

        assert (measure["improved"], measure["same"], measure["worse"]) == (2, 3, 1)

    def test_less_may_be_better(self) -> None:
        """Where less is better, a fall is an improvement; the shift keeps its sign."""
        survey = SURVEY | {"scores": {"mood": SURVEY["scores"]["mood"] | {"direction": "lower_is_better"}}}
        paper = evaluate(asked(RISING, [each - 10 + each % 3 for each in RISING], survey))

        measure = paper["measures"][0]
        assert (measure["improved"], measure["worse"]) == (12, 0)
        assert measure["shift"] < 0
        assert measure["rank_biserial"] == -1
        assert "Показатель изменился к лучшему (p < 0,001)." in paper["summary"][1]

    def test_pairs_are_the_same_people(self) -> None:
        """A person is compared with the same person, whatever the order of the answers."""
        values = asked([10, 20, 30, 40, 50, 60], [11, 21, 31, 41, 51, 61])
        values["after"]["answers"].reverse()

        assert only(values)["shift"] == 1

    def test_the_later_word_counts(self) -> None:
        """Who answered twice is taken at the later answer, and a silence does not undo an answer."""
        values = asked([10] * 6, [90, 20, 20, 20, 20, 20])
        values["after"]["answers"] += [
            {"code": person(0), "status": "answered", "answers": answers(20)},
            {"code": person(1), "status": "no_answer"},
        ]

        measure = only(values)

        assert (measure["n_pairs"], measure["after"]["q3"]) == (6, 20)

    def test_holm_goes_across_the_scores(self) -> None:
        """Two scores that were tested have each p doubled where it is the smaller, and never over 1."""
        one = SURVEY["scores"]["mood"]
        survey = SURVEY | {"scores": {"mood": one, "again": one | {"mean_of": ["mood.a", "mood.b"]}}}

        paper = evaluate(asked(RISING, [each + 10 for each in RISING], survey))

        assert [each["p_adjusted"] / each["p_value"] for each in paper["measures"]] == [2, 2]

    def test_missing_by_reason(self) -> None:
        """Each person without a pair has exactly one reason, and people who were not asked have none."""
        survey = SURVEY | {
            "scores": {"work": {"title": "Работа", "mean_of": ["work.a", "work.b"], "need": 1,
                                "direction": "higher_is_better"}}
        }  # fmt: skip
        teacher = {"who": "teacher", "work.a": 50, "work.b": 60}
        values = asked(
            [*[teacher] * 5, teacher, teacher, {"who": "teacher"}, None, {"who": "pupil"}],
            [*[teacher] * 5, None, {"who": "teacher"}, teacher, teacher, {"who": "pupil"}, None],
            survey,
        )
        values["before"][person(20)] = values["before"][person(0)]

        measure = only(values)

        assert (measure["n_before"], measure["n_after"], measure["n_pairs"]) == (8, 7, 5)
        assert measure["missing"] == {
            "neither": 1, "no_answer": 1, "only_after": 1, "only_before": 1, "too_few_items": 2,
        }  # fmt: skip

    def test_missing_stands_in_the_summary(self) -> None:
        """The summary says why some have no pair."""
        paper = evaluate(asked([*RISING, 50, None], [*RISING, None, 60]))

        shown = "Без пары ответов: не ответили после завершения – 1, нет ответа до начала – 1."
        assert shown in paper["summary"][1]


class TestRefusals:
    @pytest.mark.parametrize(("pairs", "option"), [(4, 0), (1, 0), (7, 8)])
    def test_too_few_to_hide_among(self, pairs: int, option: int) -> None:
        """Under five pairs, or what the task says, no number is shown but how many answered."""
        options: Json = {"smallest_group": option} if option else {}
        measure = only(asked([50] * pairs, [60] * pairs, **options))

        assert not NUMBERS & measure.keys()
        assert measure["refused"] == [
            f"Ответили оба раза: {pairs}. Меньше {option or 5} – чисел нет, "
            "чтобы нельзя было узнать ответы одного человека"
        ]
        assert measure["warnings"] == []

    def test_the_smallest_group_is_never_under_five(self) -> None:
        """A task cannot ask for smaller groups than five."""
        assert not NUMBERS & only(asked([50] * 4, [60] * 4, smallest_group=2)).keys()

    def test_no_p_under_six_pairs(self) -> None:
        """Five pairs have counts and a shift, and neither a p nor an interval."""
        measure = only(asked([50] * 5, [60] * 5))

        assert {"p_value", "p_adjusted", "shift_low", "shift_high"} & measure.keys() == set()
        assert (measure["improved"], measure["shift"]) == (5, 10)
        assert measure["refused"] == [
            "Ответили оба раза: 5. Меньше 6 – уровень значимости не считается: малым он быть не может"
        ]

    def test_six_pairs_have_a_p(self) -> None:
        """Six pairs can have a p under 0.05, and the smallest is shown."""
        measure = only(asked([50] * 6, [60] * 6))

        assert measure["p_value"] == 2 / 2**6
        assert measure["refused"] == []

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("survey", "other", "Не сравниваются ответы на разные анкеты, участников – 12"),
            ("version", 2, "Не сравниваются ответы на разные версии анкеты, участников – 12"),
            ("wave", "after", "Не сравниваются ответы не того замера, участников – 12"),
        ],
    )
    def test_unlike_before_is_not_compared(self, field: str, value: Any, words: str) -> None:
        """Answers to another survey, another version or of another wave are not compared."""
        values = asked(RISING, [each + 10 for each in RISING])
        for record in values["before"].values():
            record[field] = value

        measure = only(values)

        assert not NUMBERS & measure.keys()
        assert measure["refused"][0] == words
        assert measure["missing"] == {f"other_{field}": 12}

    @pytest.mark.parametrize(("field", "value"), [("survey", "other"), ("version", 4), ("wave", "before")])
    def test_unlike_after_is_not_compared(self, field: str, value: Any) -> None:
        """The same holds for the answers after."""
        values = asked(RISING, [each + 10 for each in RISING])
        values["after"][field] = value

        measure = only(values)

        assert not NUMBERS & measure.keys()
        assert measure["missing"] == {f"other_{field}": 12}

    def test_some_unlike_are_left_out_and_told(self) -> None:
        """Where some answered another version, the others are compared and the reader is told."""
        values = asked(RISING, [each + 10 for each in RISING])
        values["before"][person(3)]["version"] = 2

        measure = only(values)

        assert (measure["n_pairs"], measure["missing"]) == (11, {"other_version": 1})
        assert measure["warnings"][0] == "Не сравниваются ответы на разные версии анкеты, участников – 1"

    def test_questions_for_nobody(self) -> None:
        """A score that nobody was asked about says so, and the summary passes over it."""
        survey = SURVEY | {
            "scores": {"work": {"title": "Работа", "mean_of": ["work.a"], "direction": "higher_is_better"}}
        }
        values = asked([{"who": "pupil"}] * 6, [{"who": "pupil"}] * 6, survey)

        assert only(values)["refused"] == ["На эти вопросы никто не отвечал"]
        assert evaluate(values)["summary"] == ["Спросили после завершения: 6, ответили: 6."]

    def test_refused_in_the_summary(self) -> None:
        """The summary says that there is no comparison, and nothing about a method or a change."""
        assert evaluate(asked([50] * 4, [60] * 4))["summary"] == [
            "Спросили после завершения: 4, ответили: 4.",
            "Настроение: сравнения нет. Ответили оба раза: 4. Меньше 5 – чисел нет, "
            "чтобы нельзя было узнать ответы одного человека.",
        ]


class TestWarnings:
    @pytest.mark.parametrize(("pairs", "warned"), [(9, True), (10, False)])
    def test_few_pairs(self, pairs: int, warned: bool) -> None:
        """Under ten pairs the headline is counts and interval alone."""
        paper = evaluate(asked(RISING[:pairs], [each + 10 + each % 3 for each in RISING[:pairs]]))

        line, words = (
            paper["summary"][1],
            "Пар ответов 9, меньше 10: смотреть только на то, у скольких что изменилось",
        )
        assert (words in paper["measures"][0]["warnings"]) is warned
        assert ("p <" in line or "p =" in line or "Медиана" in line) is not warned
        assert f"стало лучше у {pairs}, без изменений у 0, стало хуже у 0." in line
        assert "доверительный интервал 95 %" in line

    def test_attrition(self) -> None:
        """Where fewer than 70 % answered twice, the bounds and the medians before of both kinds are told."""
        measure = only(asked([*[50] * 13, *[30] * 7], [*[60] * 13, *[None] * 7]))

        assert measure["warnings"][:2] == [
            "Оба раза ответили 13 из 20: у остальных могло измениться иначе. Если ни у кого из них не стало "
            "лучше, лучше стало у 13 из 20, а если у всех – у 20",
            "Медиана до начала у ответивших оба раза – 50, у остальных – 30",
        ]

    def test_few_leavers_are_hidden(self) -> None:
        """The median of fewer than five people who left is not told."""
        measure = only(asked([*[50] * 6, *[30] * 4], [*[60] * 6, *[None] * 4]))

        assert any("6 из 10" in each for each in measure["warnings"])
        assert not any("30" in each for each in measure["warnings"])

    def test_seventy_per_cent_is_enough(self) -> None:
        """Seven of ten is no warning."""
        measure = only(asked([50] * 20, [*[60] * 14, *[None] * 6]))

        assert measure["warnings"] == ALWAYS

    def test_low_reliability(self) -> None:
        """Items that do not go together are told with alpha and how many answers it is from."""
        random = Random(4)
        mixed = [
            {
                "mood.a": random.randint(0, 100),
                "mood.b": random.randint(0, 100),
                "mood.c": random.randint(0, 100),
            }
            for _ in range(12)
        ]
        measure = only(asked(mixed, mixed))

        assert measure["reliability"] < 0.6
        alpha = number(measure["reliability"])
        assert measure["warnings"][0] == (
            f"Вопросы показателя плохо согласованы: альфа Кронбаха {alpha} по ответам до начала, ответов – 12"
        )

    def test_two_items(self) -> None:
        """A score of two items is marked as unreliable."""
        survey = SURVEY | {"scores": {"mood": SURVEY["scores"]["mood"] | {"mean_of": ["mood.a", "mood.b"]}}}

        measure = only(asked(RISING, [each + 10 for each in RISING], survey))

        assert measure["warnings"][0] == "Вопросов в показателе – 2. Меньше трёх – показатель ненадёжен"

    def test_single_item(self) -> None:
        """A single item is compared by counts and the sign test, without shift and effect."""
        survey = SURVEY | {
            "scores": {"joy": {"title": "Радость", "mean_of": ["joy"], "direction": "higher_is_better"}}
        }
        before = [{"joy": each} for each in RISING]
        after = [{"joy": each + (90 if each == 30 else 1 if each > 35 else -1)} for each in RISING]

        measure = only(asked(before, after, survey))

        assert measure["p_value"] == 2 * (1 + 12) / 2**12
        assert not {"shift", "rank_biserial", "reliability"} & measure.keys()
        assert measure["warnings"][0] == (
            "Показатель – из одного вопроса: сравнивается только число тех, у кого стало лучше и хуже "
            "(критерий знаков)"
        )

    def test_approximation_is_named(self) -> None:
        """Over 200 differences the reader is told that p and interval are an approximation."""
        paper = evaluate(asked([40] * 201, [50] * 201))

        words = "Уровень значимости и интервал – по нормальному приближению: разностей больше 200"
        assert words in paper["measures"][0]["warnings"]
        assert f"{words}." in paper["summary"]


class TestSummary:
    def test_planted_change_is_found(self) -> None:
        """A change that was planted is told as a change, with its method, and with no word on why."""
        paper = evaluate(asked(RISING, [each + 10 + each % 7 for each in RISING]))

        assert valid(paper) == []
        assert paper["summary"][1].startswith(
            "Настроение (больше – лучше): ответили оба раза – 12; стало лучше у 12, без изменений у 0, "
            "стало хуже у 0. Медиана до – 50, после – "
        )
        assert paper["summary"][1].endswith("Показатель изменился к лучшему (p < 0,001).")
        assert paper["summary"][2].startswith("Как считали: точный двусторонний критерий знаковых рангов")
        assert paper["summary"][3:] == [f"{each}." for each in ALWAYS]

    def test_change_for_the_worse_is_told_as_such(self) -> None:
        """A fall where more is better is a change for the worse."""
        paper = evaluate(asked(RISING, [each - 10 - each % 7 for each in RISING]))

        assert "Показатель изменился к худшему (p < 0,001)." in paper["summary"][1]

    def test_no_change_is_a_normal_result(self) -> None:
        """Where no change is shown, the reader is told that this is normal and useful."""
        paper = evaluate(asked(RISING, [each + (3 if each % 2 else -3) for each in RISING]))

        assert re.search(r"Изменение не показано \(p = \d,\d+\)\.", paper["summary"][1])
        assert paper["summary"][2].startswith("«Изменение не показано» – обычный и полезный результат")

    def test_many_measures_fit_into_the_paper(self) -> None:
        """A survey with more scores than the summary has room for says how many it left to the table."""
        one = SURVEY["scores"]["mood"]
        survey = SURVEY | {"scores": {f"mood{place}": one for place in range(60)}}

        paper = evaluate(asked(RISING, RISING, survey))

        assert valid(paper) == []
        assert "Ещё показателей – 20: все числа в таблице." in paper["summary"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_shipped_survey(self, language: str) -> None:
        """The shipped survey of pupils and teachers goes through, nobody is named, the scores keep apart."""
        random = Random(1)

        def state(who: str, up: int) -> Json:
            cells: Json = {}
            for name, question in STATE["questions"].items():
                if question["type"] in ("scale", "matrix") and who in question.get("when", {}).get(
                    "who", [who]
                ):
                    rows = [f"{name}.{row}" for row in question.get("rows", ())] or [name]
                    cells |= {row: max(1, min(10, random.randint(3, 7) + up)) for row in rows}
            return {"who": who, **cells}

        people = ["pupil"] * 24 + ["teacher"] * 7
        values = asked([state(who, 0) for who in people], [state(who, 2) for who in people], STATE)
        for record in (*values["before"].values(), values["after"]):
            record |= {"survey": "state", "version": 1}
        paper = evaluate(values | {"language": language})

        assert valid(paper) == []
        assert {each["measure"]: each["n_pairs"] for each in paper["measures"]} == {
            "comfort": 31, "anxiety": 31, "skills": 31, "attend": 24, "engagement": 24, "attainment": 24,
            "future": 24, "work": 7, "burnout": 7,
        }  # fmt: skip
        assert (paper["survey"], paper["version"]) == ("state", 1)
        assert not re.search(r"Н-\d", json.dumps(paper, ensure_ascii=False))


class TestHouse:
    @pytest.mark.parametrize("file", ["evaluation", "reports"])
    def test_each_text_stands_in_every_language_with_the_same_values(self, file: str) -> None:
        """No text is missing in a language, or lacks a value there."""
        for name, both in texts(file).items():
            assert set(both) == set(LANGUAGES), name
            fields = [{f for _, f, _, _ in string.Formatter().parse(each) if f} for each in both.values()]
            assert fields[0] == fields[1], name

    @pytest.mark.parametrize("file", ["evaluation", "reports"])
    def test_no_text_says_why(self, file: str) -> None:
        """What changed is never put down to the programme."""
        said = " ".join(each for both in texts(file).values() for each in both.values()).casefold()

        for word in (
            "благодаря",
            "из-за",
            "вследствие",
            "эффект программы",
            "because of",
            "thanks to",
            "due to",
        ):
            assert word not in said

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(1.0, "1"), (-0.5, "−0,5"), (0.001, "0"), (-0.001, "0"), (100.0, "100"), (1.005, "1")],
    )
    def test_numbers_are_written_as_people_do(self, value: float, shown: str) -> None:
        """A number has no empty digits, a real minus and a comma."""
        assert number(value) == shown
        assert number(value, "en") == shown.replace(",", ".")

    @pytest.mark.parametrize("module", ["tasks.evaluation", "tasks.reports"])
    def test_nothing_heavy_is_loaded(self, module: str) -> None:
        """The tasks need neither NumPy nor SciPy, nor anything of Prefect."""
        heavy = "{'numpy', 'scipy', 'pandas', 'prefect', 'ortools', 'docxtpl'}"
        code = f"import sys, {module}; print({heavy} & set(sys.modules))"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "set()"
