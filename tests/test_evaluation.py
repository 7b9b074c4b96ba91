"""Before and after: the numbers told, and the summary in words."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from mood_survey import ALWAYS, RISING, SURVEY, answers, asked, only, person, valid
from published_numbers import SLEEP

from schemas.messages import LANGUAGES, number, texts
from tasks.evaluation import evaluate

Json = dict[str, Any]

STATE = yaml.safe_load(Path("definitions/target-model/surveys/state.yaml").read_text("utf-8"))


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
