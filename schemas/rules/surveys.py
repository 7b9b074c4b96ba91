"""The rules of a survey against the rest of the methodology, and of what its answers are worked up to."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Source

BOTH = {"before", "after"}
_COUNTED = (
    "scale",
    "choice",
    "matrix",
    "number",
)  # questions whose answers are numbers, or places on a scale
_ABOUT = ("code", "asked")  # what is known of every answer beside what was asked


def survey_problems(sources: Sources) -> Iterator[Problem]:
    """Every survey that names what is not there, or asks for what cannot be worked out."""
    for source in sources.surveys.values():
        yield from _survey(sources, source)
    for stage in sources.stages.values():
        for name, task in stage.data.get("tasks", {}).items():
            yield from _use(sources, stage, name, task)


def _survey(sources: Sources, source: Source) -> Iterator[Problem]:
    survey, questions = source.data, source.data["questions"]
    consent = survey.get("consent")
    if consent and sources.artefact(consent) is None and consent.split("/")[0] not in sources.broken:
        yield unknown(source.at(("consent",)), "artefact", consent, sources.paths("artefacts"))
    registers = sources.methodology.data["registers"]
    for name, question in questions.items():
        if "people" in question and question["people"] not in registers:
            yield unknown(source.at(("questions", name, "people")), "register", question["people"], registers)
        after = question.get("place", {}).get("after")
        if after is not None and (after not in questions or after == name):
            at = source.at(("questions", name, "place", "after"))
            yield unknown(at, "question", after, set(questions) - {name})
    for name, scale in survey.get("scales", {}).items():
        if scale["kind"] == "number" and scale["min"] >= scale["max"]:
            yield problem("K46", source.at(("scales", name, "max")), least=scale["min"], most=scale["max"])
    yield from _scores(source, survey, questions)
    for name, check in survey.get("validity", {}).items():
        yield from _validity(source, name, check, questions)


def _scores(source: Source, survey: Data, questions: Data) -> Iterator[Problem]:
    for name, score in survey.get("scores", {}).items():
        cells = score["mean_of"]
        if score.get("need", 1) > len(cells):
            yield problem("K44", source.at(("scores", name, "need")), need=score["need"], of=len(cells))
        for index, cell in enumerate(cells):
            at = source.at(("scores", name, "mean_of", index))
            question = questions.get(cell.split(".")[0], {})
            if question and question["type"] not in _COUNTED:
                yield problem("K45", at, question=cell)
            elif cell in cells[:index]:
                yield problem("K47", at, question=cell)


def _validity(source: Source, name: str, check: Data, questions: Data) -> Iterator[Problem]:
    line = check.get("straight_line")
    matrices = [key for key, question in questions.items() if question["type"] == "matrix"]
    if line and line not in matrices:
        yield unknown(source.at(("validity", name, "straight_line")), "question", line, matrices)
    for index, each in enumerate(check.get("duplicate_by", ())):
        if each not in questions and each not in _ABOUT:
            at = source.at(("validity", name, "duplicate_by", index))
            yield unknown(at, "question", each, [*_ABOUT, *questions])


def _use(sources: Sources, stage: Source, name: str, task: Data) -> Iterator[Problem]:
    """A survey is compared with itself only where it is asked twice, and each asking says which one it is."""
    options = task.get("with", {})
    survey = sources.surveys.get(options.get("survey", ""))
    if survey is None:
        return
    asked = set(survey.data.get("asked", ()))
    at = stage.at(("tasks", name, "with", "survey"))
    if task["uses"] == "evaluation" and asked != BOTH:
        yield problem("K42", at, survey=options["survey"])
    if task["uses"] == "survey" and asked == BOTH and "wave" not in options:
        yield problem("K43", at, survey=options["survey"])
