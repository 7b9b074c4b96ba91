"""Reports on requests and on who is ready; no report knows a methodology."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from reporting import Json, made

MODEL = Path("definitions/target-model")

# --- requests ------------------------------------------------------------------------------------


def requests(*rows: Json) -> Json:
    """The map of the requests in these rows, under a name that no methodology knows."""
    return made(
        "request_map", {"options": {"report": "requests"}, "papers": {"any_table": {"rows": list(rows)}}}
    )


class TestRequests:
    def test_counts_by_form_and_topic(self) -> None:
        """Requests are counted by form and by topic, the most frequent first, a row once for each topic."""
        found = requests(
            {"form": "teacher_teacher", "request": "уроки", "topics": ["Методика"]},
            {"form": "pupil_pupil", "request": "учёба", "topics": ["Математика", "общение"]},
            {"form": "pupil_pupil", "request": "учёба", "topics": ["математика ", "Математика"]},
            {"form": "pupil_pupil", "request": "учёба"},
        )

        assert found == {
            "forms": [{"form": "pupil_pupil", "requests": 3}, {"form": "teacher_teacher", "requests": 1}],
            "topics": [
                {"topic": "Математика", "requests": 2},
                {"topic": "Методика", "requests": 1},
                {"topic": "общение", "requests": 1},
            ],
            "total": 4,
        }

    def test_one_topic_in_many_spellings(self) -> None:
        """A topic is one whatever its capitals, spaces and ё, and is shown as most people wrote it."""
        found = requests(
            *({"form": "pupil_pupil", "topics": [each]} for each in ("учёба", "Учеба", "учёба", " УЧЁБА  "))
        )

        assert found["topics"] == [{"topic": "учёба", "requests": 4}]

    def test_an_empty_request_is_none(self) -> None:
        """A row that asks for nothing is a draft and no request."""
        found = requests(
            {"form": "pupil_pupil", "request": "", "topics": []}, {"form": "pupil_pupil", "request": "х"}
        )

        assert found["total"] == found["forms"][0]["requests"] == 1

    def test_nobody_asks(self) -> None:
        """An empty table has an empty map."""
        assert requests() == {"forms": [], "topics": [], "total": 0}


# --- the register --------------------------------------------------------------------------------


def ready(records: Json, **passed: bool) -> list[Json]:
    """The register of four mentors: their records, and who has passed."""
    keys = {name: f"Н-00{place}-0" for place, name in enumerate("abcd")}
    rows = [
        {
            "key": key,
            "row": {"code": key, "form": "pupil_pupil", "slots": 2, "competences": ["х"]},
            "passed": passed.get(name, True),
        }
        for name, key in keys.items()
    ]
    named = {paper: {keys[name]: each for name, each in of.items()} for paper, of in records.items()}
    found = made("ready_mentors", {"options": {"report": "register"}, "rows": rows, "records": named})
    return list(found["rows"])


class TestRegister:
    def test_refused_are_left_out(self) -> None:
        """Who was refused does not stand in it; the others do with form, seats and hours from any paper."""
        found = ready(
            {
                "talks": {
                    "a": {"decision": "admitted"},
                    "b": {"decision": "refused"},
                    "c": {"decision": "postponed"},
                },
                "course": {"a": {"hours": 16}, "b": {"hours": 20}},
            }
        )

        assert found == [
            {"code": "Н-000-0", "form": "pupil_pupil", "slots": 2, "hours": 16},
            {"code": "Н-002-0", "form": "pupil_pupil", "slots": 2},
            {"code": "Н-003-0", "form": "pupil_pupil", "slots": 2},
        ]

    def test_undecided_and_not_passed_is_not_ready(self) -> None:
        """Whom nobody has decided on stands in it only having passed."""
        found = ready({"talks": {"a": {"decision": "admitted"}}}, a=False, b=False)

        assert [each["code"] for each in found] == ["Н-000-0", "Н-002-0", "Н-003-0"]


class TestHouse:
    @pytest.mark.parametrize("module", ["closing", "evaluation", "reports", "scores", "waves", "paired"])
    def test_no_id_of_a_methodology(self, module: str) -> None:
        """No role, form or path of the methodology stands in the code of these tasks."""
        quoted = set(re.findall(r"[\"']([a-z_/]+)[\"']", Path(f"tasks/{module}.py").read_text("utf-8")))
        methodology = yaml.safe_load((MODEL / "methodology.yaml").read_text("utf-8"))

        assert not quoted & {*methodology["roles"], *methodology["forms"]}
        assert not [each for each in quoted if "/" in each]
