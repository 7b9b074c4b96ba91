"""The task kind `survey`: answers that were handed in become a paper, with the response and who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def collect(values: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a survey of many, or the record of each person.

    `values`: `survey` (its declaration), `wave` ("" where it has none), `collected` (of many: the list of
    {code, answers, answered_at?}; of a keyed survey: key → {answers, answered_at?}), and, of many, `asked`
    (codes) and `silent` (whether silence is recorded).
    """
    survey = values["survey"]
    head = {"survey": survey["id"], "version": survey["version"]}
    if values.get("wave"):
        head["wave"] = values["wave"]
    if isinstance(values["collected"], Mapping):
        return {key: {**head, **answer} for key, answer in values["collected"].items()}
    return {"": {**head, **_result(values)}}


def _result(values: Mapping[str, Any]) -> dict[str, Any]:
    asked = list(dict.fromkeys(values["asked"]))
    answers = {each["code"]: each for each in values["collected"]}
    missing = [code for code in asked if code not in answers]
    answered = [code for code in asked if code in answers]
    rows = [{"code": code, "status": "answered", **_answer(answers[code])} for code in sorted(answers)]
    if values.get("silent"):
        rows.extend({"code": code, "status": "no_answer"} for code in missing)
    return {
        "asked": len(asked),
        "answered": len(answered),
        "response_share": round(len(answered) / len(asked), 4) if asked else 0.0,
        "missing": missing,
        "answers": rows,
    }


def _answer(each: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each[name] for name in ("answered_at", "answers") if name in each}
