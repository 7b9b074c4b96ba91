"""Before and after: what is refused, and what is warned of, in its words."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from mood_survey import ALWAYS, NUMBERS, RISING, SURVEY, asked, only, person

from schemas.messages import number
from tasks.evaluation import evaluate

Json = dict[str, Any]


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
