"""The closing report: what the papers and the facts of a year add up to."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import docx
import pytest
from reporting import made

from tasks.documents import render_docx
from tasks.papers import read_docx

Json = dict[str, Any]
MODEL = Path("definitions/target-model")
FORMS = {
    "pupil_pupil": "ученик – ученик",
    "teacher_teacher": "учитель – учитель",
    "student_pupil": "студент – ученик",
}


def people(register: str, form: str, live: int, ended: int = 0, **more: Any) -> list[Json]:
    """So many people of a register in a form."""
    states = ["live"] * live + ["ended"] * ended
    return [
        {"register": register, "form": form, "category": "pupil", "state": each, **more} for each in states
    ]


def groups(form: str, start: int, *states: str, **more: Any) -> list[Json]:
    """Groups of a form in these states, numbered from `start`."""
    return [
        {"group": f"Г-{start + place:02}", "form": form, "mentors": 1, "mentees": 2, "state": state, **more}
        for place, state in enumerate(states)
    ]


def swot(**sides: list[str]) -> Json:
    """A SWOT paper with these sides."""
    return {"strengths": [], "weaknesses": [], "opportunities": [], "threats": []} | sides


def measure(**more: Any) -> Json:
    """A measure of an influence paper."""
    return {
        "measure": "mood", "title": "Настроение", "n_before": 20, "n_after": 20, "n_pairs": 20, "missing": {},
        "improved": 12, "same": 4, "worse": 4, "p_adjusted": 0.01, "refused": [], "warnings": [],
    } | more  # fmt: skip


def facts() -> Json:
    """A programme in which all went well."""
    return {
        "forms": dict(FORMS),
        "people": [
            *people("mentee", "pupil_pupil", 4, grade=8), *people("mentee", "pupil_pupil", 2, grade=6),
            *people("mentor", "pupil_pupil", 3), *people("mentee", "teacher_teacher", 2),
            *people("mentor", "teacher_teacher", 1),
        ],
        "groups": [
            *groups("pupil_pupil", 1, "finished", "finished", "finished"),
            *groups("teacher_teacher", 4, "finished"),
        ],
        "replaced": 0,
        "unmatched": 0,
        "meetings": 40,
        "indicators": [
            {"indicator": "share", "title": "Дети", "numerator": 6, "denominator": 8, "plan": 0.7}
        ],
    }  # fmt: skip


def papers() -> Json:
    """Papers in which all went well, under names that no methodology knows."""
    return {
        "asked_last": {
            "survey": "any", "version": 1, "asked": 12, "answered": 11, "response_share": 0.9167,
            "missing": [], "answers": [{"code": "Н-001-0", "status": "no_answer"}],
        },
        "what_changed": {
            "survey": "any", "version": 1, "measures": [measure()], "summary": ["Стало лучше у 12."],
        },
        "house": {"rows": [{"condition": "Есть помещение", "conforms": "full"}]},
        "points": {"aims": 2, "total": 16, "band": "optimal"},
        "four_fields": {"pupil_pupil": swot(strengths=["Опыт"]), "teacher_teacher": swot(threats=["Время"])},
        "told_by_mentors": {
            group["group"]: {"goal_reached": "yes", "results": "Иванов Пётр научился", "meetings": 10}
            for group in facts()["groups"]
        },
    }  # fmt: skip


def closing(papers: Json, facts: Json, language: str = "ru") -> Json:
    """The closing report of a programme."""
    values = {"options": {"report": "closing"}, "papers": papers, "facts": facts, "language": language}
    return made("closing_report", values)


class TestClosing:
    def test_a_good_year(self) -> None:
        """Every number comes from the papers and the facts, and a good year has no problems."""
        assert closing(papers(), facts()) == {
            "forms": [
                {
                    "form": "pupil_pupil", "mentees": 6, "mentors": 3, "groups": 3, "ended": 3,
                    "meetings": 30,
                },
                {
                    "form": "teacher_teacher", "mentees": 2, "mentors": 1, "groups": 1, "ended": 1,
                    "meetings": 10,
                },
            ],
            "totals": {
                "mentees": 8, "mentors": 4, "groups": 4, "ended": 4, "replaced": 0, "unmatched": 0,
                "meetings": 40,
            },
            "grades": [{"grade": 6, "mentees": 2}, {"grade": 8, "mentees": 4}],
            "indicators": [
                {
                    "indicator": "share", "title": "Дети", "numerator": 6, "denominator": 8, "plan": 0.7,
                    "fact": 0.75,
                }
            ],
            "response": [{"survey": "any", "asked": 12, "answered": 11, "response_share": 0.9167}],
            "influence": ["Стало лучше у 12."],
            "conformity": [
                "Условий проверено – 1; выполнено полностью – 1, частично – 0, не выполнено – 0."
            ],
            "swot": [
                {"form": "pupil_pupil"} | swot(strengths=["Опыт"]),
                {"form": "teacher_teacher"} | swot(threats=["Время"]),
            ],
            "score": {"total": 16, "band": "optimal"},
            "problems": [],
            "proposals": [],
        }  # fmt: skip

    def test_nothing_yet(self) -> None:
        """A report without papers and people is empty and valid."""
        nothing = {"forms": FORMS, "people": [], "groups": [], "replaced": 0, "unmatched": 0, "meetings": 0}

        found = closing({}, nothing | {"indicators": []})

        assert found["forms"] == found["problems"] == found["proposals"] == found["conformity"] == []

    def test_people_who_left_are_told_apart(self) -> None:
        """Those who left count as left, groups that ended early are no groups that finished."""
        given = facts()
        given["people"] += people("mentee", "pupil_pupil", 0, 2)
        given["groups"] += groups("pupil_pupil", 5, "ended", "ended", cause=None) + groups(
            "pupil_pupil", 7, "live"
        )

        found = closing(papers(), given)

        assert (found["totals"]["mentees"], found["totals"]["groups"], found["totals"]["ended"]) == (8, 7, 4)
        assert found["problems"] == [
            "Вышли из программы раньше срока: наставляемых – 2, наставников – 0",
            "Пар и групп завершились досрочно: 2 из 7",
            "Досрочно завершились без записанной причины: 2",
            "Пар и групп ещё не завершили работу: 1 из 7",
        ]
        assert len(found["proposals"]) == 4

    def test_a_form_that_is_only_planned(self) -> None:
        """A form that was thought about stands there with zeros, one that nobody took up does not."""
        given = papers()
        given["four_fields"]["student_pupil"] = swot()

        found = closing(given, facts())

        assert found["forms"][-1] == {
            "form": "student_pupil", "mentees": 0, "mentors": 0, "groups": 0, "ended": 0,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"unmatched": 3}, "Остались без наставника: 3"),
            ({"replaced": 2}, "Наставника пришлось заменить, раз: 2"),
            ({"meetings": 41}, "Встреч по журналу – 41, а по отчётам наставников – 40"),
            (
                {
                    "indicators": [
                        {"indicator": "i", "title": "Дети", "numerator": 58, "denominator": 420, "plan": 0.7}
                    ]
                },
                "Показатель «Дети» ниже плана: план 70 %, факт 13,8 % (58 из 420)",
            ),
            (
                {
                    "indicators": [
                        {"indicator": "i", "title": "Дети", "numerator": 0, "denominator": 0, "plan": 0.7}
                    ]
                },
                "Показатель «Дети» не посчитан: численность, от которой он считается, равна нулю",
            ),
            (
                {"groups": groups("pupil_pupil", 1, *["finished"] * 5)},
                "Нет отчёта наставника: пар и групп – 1 из 5",
            ),
        ],
    )
    def test_problem_of_the_facts(self, change: Json, problem: str) -> None:
        """A number that falls short is a problem in its words, with a proposal beside it."""
        found = closing(papers(), facts() | change)

        assert found["problems"] == [problem]
        assert len(found["proposals"]) == 1

    @pytest.mark.parametrize(
        ("name", "change", "problem"),
        [
            (
                "asked_last",
                {"asked": 20, "answered": 13, "response_share": 0.65},
                "Низкая доля ответов на анкету «any»: ответили 13 из 20 (65 %)",
            ),
            (
                "what_changed",
                {"measures": [measure(improved=3, worse=14)]},
                "«Настроение»: стало хуже у 14, лучше у 3",
            ),
            (
                "points",
                {"total": 12, "band": "admissible"},
                "Оценка программы – 12, до оптимального уровня она не доходит",
            ),
            (
                "house",
                {
                    "rows": [
                        {"condition": "Есть помещение", "conforms": "partly"},
                        {"condition": "х", "conforms": "no"},
                    ]
                },
                "Условий, которые выполнены не полностью: 2",
            ),
            (
                "told_by_mentors",
                {
                    "Г-01": {"goal_reached": "partly", "results": "х"},
                    "Г-02": {"goal_reached": "no", "results": "х"},
                },
                "Цель достигнута не полностью или не достигнута: пар и групп – 2 из 4",
            ),
        ],
    )
    def test_problem_of_a_paper(self, name: str, change: Json, problem: str) -> None:
        """The same for what a paper says."""
        given = papers()
        given[name] |= change

        found = closing(given, facts())

        assert found["problems"] == [problem]
        assert len(found["proposals"]) == 1

    def test_measures_that_cannot_be_compared(self) -> None:
        """Measures without numbers are a problem, those that nobody was asked about are none."""
        given = papers()
        bare = {
            key: each
            for key, each in measure().items()
            if key not in ("improved", "same", "worse", "p_adjusted")
        }
        given["what_changed"]["measures"] = [bare, bare | {"n_before": 0, "n_after": 0, "n_pairs": 0}]

        found = closing(given, facts())

        assert found["problems"] == ["Показателей, которые нельзя сравнить с началом года: 1"]

    @pytest.mark.parametrize("more", [{"p_adjusted": 0.2}, {"n_pairs": 9}])
    def test_a_fall_by_chance_is_no_problem(self, more: Json) -> None:
        """A fall that is not shown, or is of few people, is not called a problem."""
        given = papers()
        given["what_changed"]["measures"] = [measure(improved=3, worse=6, **more)]

        assert closing(given, facts())["problems"] == []

    def test_ready_to_go_on(self) -> None:
        """Mentors who want to go on are a proposal and no problem."""
        given = papers()
        given["told_by_mentors"]["Г-01"]["goes_on"] = True

        found = closing(given, facts())

        assert found["problems"] == []
        assert found["proposals"] == [
            "Готовы продолжать: пар и групп – 1 из 4; пригласить их в следующем году первыми"
        ]

    def test_conditions_in_words(self) -> None:
        """Conditions that fall short stand one by one, then the conclusion."""
        given = papers()
        given["house"] = {
            "rows": [
                {"condition": "Помещение", "conforms": "partly"},
                {"condition": "Сайт", "conforms": "no"},
            ],
            "conclusion": "Нужен кабинет.",
        }

        assert closing(given, facts())["conformity"] == [
            "Условий проверено – 2; выполнено полностью – 0, частично – 1, не выполнено – 1.",
            "Выполнено частично: Помещение",
            "Не выполнено: Сайт",
            "Нужен кабинет.",
        ]

    def test_long_papers_fit(self) -> None:
        """The longest papers that are valid still make a valid report."""
        given = papers()
        given["house"] = {
            "rows": [{"condition": "у" * 500, "conforms": "no"}] * 200, "conclusion": "вывод " * 660,
        }  # fmt: skip
        given["what_changed"]["summary"] = ["в" * 2000] * 50

        found = closing(given, facts())

        assert "И ещё выполненных не полностью: 120" in found["conformity"]
        assert " ".join(found["conformity"]).count("вывод") == 660

    def test_no_code_and_no_free_text_of_mentors(self) -> None:
        """No code of a person stands in the report, nor what a mentor or a cause says in own words."""
        given = facts()
        given["groups"] += groups("pupil_pupil", 5, "ended", cause="Петрова переехала, Н-017-4")

        text = json.dumps(closing(papers(), given), ensure_ascii=False)

        assert not re.search(r"[А-ЯЁ]-\d|Иванов|Петрова", text)

    def test_titles_of_surveys(self) -> None:
        """A survey stands under its title where the facts know it."""
        given = papers()
        given["asked_last"]["response_share"] = 0.5

        found = closing(given, facts() | {"surveys": {"any": "Итоговая анкета"}, "year": "2026/27"})

        assert found["response"][0]["title"] == "Итоговая анкета"
        assert "«Итоговая анкета»" in found["problems"][0]
        assert found["year"] == "2026/27"

    def test_in_english(self) -> None:
        """The texts stand in the language asked for."""
        assert closing(papers(), facts() | {"unmatched": 1}, "en")["problems"] == ["Left without a mentor: 1"]

    def test_renders(self) -> None:
        """The shipped Word template takes the report as it is, without names and with nothing left open."""
        given = facts() | {"unmatched": 2}
        context = {
            "school": {"title": "Школа № 10"}, "year": "2026/27", "methodology": {"title": "Модель"},
            "date": "2027-06-10", "director": "", "curator": "", "forms": FORMS, "row": {}, "rows": [],
            "papers": {"report": closing(papers(), given)},
        }  # fmt: skip
        template = (MODEL / "documents" / "closing-report.docx").read_bytes()

        content = render_docx(template, context)

        text = read_docx(content)["text"]
        assert not re.search(r"\{[{%#]|[}%#]\}|None", text)
        for line in ("Остались без наставника: 2", "Стало лучше у 12.", "6 из 8", "Сумма баллов: 16 из 18"):
            assert line in text
        cells = [cell.text for table in docx.Document(io.BytesIO(content)).tables for cell in table._cells]
        row = cells.index("ученик – ученик")
        assert cells[row : row + 5] == ["ученик – ученик", "6", "3", "3", "30"]
