"""The meaning of surveys, and of the tasks that ask and compare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.rules.graph import find_cycle
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source

_FITS = {  # keys that mean something beside these types only
    "required": ("scale", "choice", "multi", "matrix", "text", "number", "date"),
    "reverse": ("scale", "choice"),
    "rows": ("matrix",),
    "min": ("number",),
    "max": ("number", "text"),
}
_OF_SCALES = {
    "scale": "number",
    "choice": "choice",
    "multi": "choice",
}  # the kind of scale that a type asks for
_OF_ANSWER = ("code", "answered_at", "asked")


def survey_problems(sources: Sources) -> Iterator[Problem]:
    """Every problem of the surveys and of the tasks that use them."""
    for source in sources.surveys.values():
        yield from _Survey(sources, source).problems()
    for source in sources.stages.values():
        for name, task in source.data.get("tasks", {}).items():
            survey = sources.surveys.get(task.get("with", {}).get("survey", ""))
            if survey is not None:
                yield from _use(source, name, task, survey.data)


def _use(source: Source, name: str, task: Data, survey: Data) -> Iterator[Problem]:
    here: Pointer = ("tasks", name, "with")
    asked = survey.get("asked", [])
    options = task["with"]
    if task["uses"] == "survey":
        if len(asked) == 2 and "wave" not in options:
            yield problem("R73", source.at((*here, "survey")), survey=survey["id"])
        each = source.data.get("artefacts", {}).get(task.get("writes"), {}).get("each")
        if not each and "ask" not in options:
            yield problem("R74", source.at(here, key=True), name=name)
    elif task["uses"] == "evaluation":
        if set(asked) != {"before", "after"}:
            yield problem("R70", source.at((*here, "survey")), survey=survey["id"])
        if not survey.get("scores"):
            yield problem("R71", source.at((*here, "survey")), survey=survey["id"])


class _Survey:
    def __init__(self, sources: Sources, source: Source) -> None:
        self.sources, self.source, self.data = sources, source, source.data
        self.scales = self.data.get("scales", {})
        self.questions = self.data["questions"]
        self.cells = {
            f"{name}.{row}" if row else name: question
            for name, question in self.questions.items()
            for row in (question.get("rows", {}) if question["type"] == "matrix" else [""])
        }

    def problems(self) -> Iterator[Problem]:
        for name, scale in self.scales.items():
            if scale["kind"] == "number" and scale["min"] >= scale["max"]:
                yield self._limits(("scales", name, "min"), scale)
        for name, question in self.questions.items():
            yield from self._question(("questions", name), question)
        yield from self._circle()
        for name, score in self.data.get("scores", {}).items():
            yield from self._score(("scores", name), score)
        for name, rule in self.data.get("validity", {}).items():
            yield from self._validity(("validity", name), rule)
        for system, columns in self.data.get("import", {}).items():
            seen: dict[str, str] = {}
            for cell, column in columns.items():
                other = seen.setdefault(column.casefold(), cell)
                if other != cell:
                    at = self.source.at(("import", system, cell))
                    yield problem("S24", at, column=column, other=other)
        consent = self.data.get("consent")
        if (
            consent
            and consent.split("/")[0] not in self.sources.broken
            and self.sources.artefact(consent) is None
        ):
            known = self.sources.paths("artefacts")
            yield unknown(self.source.at(("consent",)), "artefact", consent, known)

    def _circle(self) -> Iterator[Problem]:
        """Questions of which each is to stand behind the other."""
        behind = {name: [each["place"]["after"]] for name, each in self.questions.items() if "place" in each}
        cycle = find_cycle(behind)
        if len(cycle) > 2:  # a question behind itself is told with its place
            at = ("questions", cycle[0], "place", "after")
            yield problem("R07", self.source.at(at), cycle=" → ".join(cycle))

    def _limits(self, at: Pointer, limits: Data) -> Problem:
        return problem("S20", self.source.at(at), low=limits["min"], high=limits["max"])

    def _question(self, here: Pointer, question: Data) -> Iterator[Problem]:
        kind = question["type"]
        for key, kinds in _FITS.items():
            if key in question and kind not in kinds:
                yield problem("S25", self.source.at((*here, key), key=True), key=key, type=kind)
        scale = self.scales.get(question.get("scale"), {}).get("kind")
        if scale is not None and _OF_SCALES.get(kind, scale) != scale:
            yield problem("S29", self.source.at((*here, "scale")), type=kind, name=question["scale"])
        if kind == "number" and question.get("min", 0) > question.get("max", question.get("min", 0)):
            yield self._limits((*here, "min"), question)
        registers = self.sources.methodology.data["registers"]
        if "people" in question and question["people"] not in registers:
            yield unknown(self.source.at((*here, "people")), "register", question["people"], registers)
        after = question.get("place", {}).get("after")
        if after is not None and (after not in self.questions or after == here[-1]):
            known = set(self.questions) - {here[-1]}
            yield unknown(self.source.at((*here, "place", "after")), "question", after, known)
        for name, values in question.get("when", {}).items():
            other = self.questions.get(name)
            if other is None or name == here[-1]:
                continue
            if other["type"] not in ("scale", "choice", "multi", "number", "text"):
                yield problem("S26", self.source.at((*here, "when", name), key=True), question=name)
                continue
            for index, value in enumerate(values):
                if not self._possible(other, value):
                    yield problem(
                        "S27", self.source.at((*here, "when", name, index)), value=value, question=name
                    )

    def _possible(self, question: Data, value: Any) -> bool:
        scale = self.scales.get(question.get("scale"), {})
        if scale.get("kind") == "number":
            return isinstance(value, int) and scale["min"] <= value <= scale["max"]
        if question["type"] == "number":
            low, high = question.get("min", value), question.get("max", value)
            return isinstance(value, int) and low <= value <= high
        return True  # an unknown option is told where options are looked up

    def _score(self, here: Pointer, score: Data) -> Iterator[Problem]:
        items = score["mean_of"]
        if score.get("need", 0) > len(items):
            yield problem("S21", self.source.at((*here, "need")), need=score["need"], count=len(items))
        for index, cell in enumerate(items):
            question = self.cells.get(cell)
            if question and question["type"] in ("multi", "text", "date"):
                yield problem("S22", self.source.at((*here, "mean_of", index)), question=cell)
            if cell in items[:index]:
                yield problem("S28", self.source.at((*here, "mean_of", index)), question=cell)

    def _validity(self, here: Pointer, rule: Data) -> Iterator[Problem]:
        line = rule.get("straight_line")
        if line is not None and line not in self.questions:
            yield unknown(self.source.at((*here, "straight_line")), "question", line, self.questions)
        elif line is not None and self.questions[line]["type"] != "matrix":
            yield problem("S23", self.source.at((*here, "straight_line")), question=line)
        for index, cell in enumerate(rule.get("duplicate_by", [])):
            known = {*self.cells, *_OF_ANSWER}
            if cell not in known:
                yield unknown(self.source.at((*here, "duplicate_by", index)), "question", cell, known)
