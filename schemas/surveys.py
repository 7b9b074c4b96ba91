"""Surveys: one declaration compiles to the JSON Schema of an answer and to the columns of an import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.sources import Source

Survey = Mapping[str, Any]
SILENT = ("section", "note")


@dataclass(frozen=True, slots=True)
class Question:
    """One cell of an answer: a question, or a row of a matrix as `question.row`."""

    id: str
    ask: str
    schema: Mapping[str, Any]
    required: bool
    labels: Mapping[str, str]


def placed(survey: Survey) -> Survey:
    """The survey with its questions in the order in which they are asked: `place` moves one behind another."""
    found = dict(survey["questions"])
    order = [name for name in found if "place" not in found[name]]
    left = [name for name in found if "place" in found[name]]
    while left:
        ready = [name for name in left if found[name]["place"]["after"] in order]
        for name in reversed(ready):  # of several behind one, the first in the file comes first
            order.insert(order.index(found[name]["place"]["after"]) + 1, name)
        left = [name for name in left if name not in ready]
        if not ready:  # a place that is not there is told by the rules
            order, left = [*order, *left], []
    return {**survey, "questions": {name: found[name] for name in order}}


def questions(survey: Survey) -> Iterator[Question]:
    """Every cell that an answer can fill, in the order of the file."""
    for name, question in survey["questions"].items():
        if question["type"] in SILENT:
            continue
        schema, labels = _value_schema(survey, question)
        required = bool(question.get("required"))
        if question["type"] == "matrix":
            for row, text in question["rows"].items():
                title = text if isinstance(text, str) else text["title"]
                yield Question(f"{name}.{row}", f"{question['ask']} [{title}]", schema, required, labels)
        else:
            yield Question(name, question["ask"], schema, required, labels)


def answer_schema(survey: Survey) -> dict[str, Any]:
    """The JSON Schema of one person's answers: keys as in `questions`, skip logic as if/then/else."""
    cells = list(questions(survey))
    properties = {cell.id: {**cell.schema, "title": cell.ask} for cell in cells}
    rules = []
    always = []
    for cell in cells:
        question = survey["questions"][cell.id.split(".")[0]]
        if "when" in question:
            shown: dict[str, Any] = {
                "properties": {key: _one_of(survey, key, values) for key, values in question["when"].items()}
            }
            shown["required"] = list(question["when"])
            rule: dict[str, Any] = {"if": shown, "else": {"properties": {cell.id: False}}}
            if cell.required:
                rule["then"] = {"required": [cell.id]}
            rules.append(rule)
        elif cell.required:
            always.append(cell.id)
    schema: dict[str, Any] = {
        "type": "object",
        "title": survey["title"],
        "additionalProperties": False,
        "properties": properties,
        "required": always,
    }
    if rules:
        schema["allOf"] = rules
    return schema


def missing_answers(survey: Survey, question: str) -> set[str]:
    """Options of a question that count as no answer, such as "don't know"."""
    scale = survey.get("scales", {}).get(survey["questions"][question.split(".")[0]].get("scale"), {})
    options = scale.get("options", {})
    return {key for key, option in options.items() if isinstance(option, Mapping) and option.get("missing")}


def meaning_problems(source: Source) -> list[Problem]:
    """References inside a survey that lead nowhere: scales, skip logic (backwards only), scores."""
    survey: Survey = source.data
    found: list[Problem] = []
    scales = survey.get("scales", {})
    seen: list[str] = []
    for name, question in placed(survey)["questions"].items():
        here = ("questions", name)
        if "scale" in question and question["scale"] not in scales:
            found.append(_unknown(source, (*here, "scale"), "scale", question["scale"], scales))
        if question["type"] == "matrix" and "rows" not in question:
            found.append(problem("S02", source.at(here), field=name, key="rows", title="rows"))
        for key, values in question.get("when", {}).items():
            at = (*here, "when", key)
            if key not in seen:
                found.append(
                    problem("R19", source.at(at, key=True), question=key)
                    if key in survey["questions"]
                    else _unknown(source, at, "question", key, seen, key=True)
                )
                continue
            allowed = _option_ids(survey, survey["questions"][key])
            for index, value in enumerate(values):
                if allowed and value not in allowed:
                    found.append(_unknown(source, (*at, index), "option", str(value), allowed))
        seen.append(name)
    cells = set() if found else {cell.id for cell in questions(survey)}
    for name, score in survey.get("scores", {}).items():
        for index, cell in enumerate(score["mean_of"]):
            if cells and cell not in cells:
                found.append(_unknown(source, ("scores", name, "mean_of", index), "question", cell, cells))
    for system, columns in survey.get("import", {}).items():
        for cell in columns:
            if cells and cell not in cells and cell not in ("code", "answered_at"):
                found.append(_unknown(source, ("import", system, cell), "question", cell, cells, key=True))
    return found


def _unknown(source: Source, pointer: Any, kind: str, name: str, known: Any, *, key: bool = False) -> Problem:
    return unknown(source.at(pointer, key=key), kind, name, known)


def _option_ids(survey: Survey, question: Mapping[str, Any]) -> list[Any]:
    scale = survey.get("scales", {}).get(question.get("scale"), {})
    return list(scale.get("options", {}))


def _one_of(survey: Survey, question: str, values: list[Any]) -> dict[str, Any]:
    if survey["questions"].get(question, {}).get("type") == "multi":
        return {"type": "array", "not": {"items": {"not": {"enum": values}}}}
    return {"enum": values}


def _value_schema(survey: Survey, question: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    kind = question["type"]
    if kind in ("scale", "choice", "multi", "matrix") and "people" not in question:
        scale = survey["scales"][question["scale"]]
        if scale["kind"] == "number":
            return {"type": "integer", "minimum": scale["min"], "maximum": scale["max"]}, {}
        labels = {
            key: option if isinstance(option, str) else option["title"]
            for key, option in scale["options"].items()
        }
        one: dict[str, Any] = {
            "enum": list(labels),
            "x-labels": {key: [text] for key, text in labels.items()},
        }
        if kind == "multi":
            return {"type": "array", "items": one, "maxItems": len(labels), "uniqueItems": True}, labels
        return {"type": "string", **one}, labels
    if kind == "multi":
        # the options are people of a register: codes, in the order of preference
        item = {"type": "string", "x-person": True}
        return {"type": "array", "items": item, "maxItems": 50, "uniqueItems": True, "x-person": True}, {}
    if kind == "number":
        limits = {"minimum": question.get("min"), "maximum": question.get("max")}
        return {"type": "integer", **{key: value for key, value in limits.items() if value is not None}}, {}
    if kind == "date":
        return {"type": "string", "format": "date"}, {}
    return {"type": "string", "maxLength": question.get("max", 2000)}, {}
