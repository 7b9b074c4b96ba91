"""Overlays: what a region or a school changes in a methodology, under the policy that its author states.

`lay` merges one overlay (RFC 7386) and judges every single change: `locked` nothing, `tighten` only stricter,
`extend` only added, `free` anything. The longest pattern of a policy wins; what no pattern names is locked.
The text of a condition is never edited, whatever the policy says: which of two is stricter cannot be decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.document import document_schema
from schemas.judge import Judge, Judgement
from schemas.layers import ABSENT, Change, Layered, changes, laid, value_at
from schemas.messages import unknown
from schemas.policies import KINDS_OF_FILE
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source
from schemas.validation import violations


@dataclass(frozen=True, slots=True)
class Laid:
    """A document with one more overlay on it; the document is only right where there is no problem.

    `sound` tells whether it has at least the shape of a definition, so that another overlay can be laid on it.
    """

    document: Layered
    judgements: tuple[Judgement, ...]
    problems: tuple[Problem, ...]
    sound: bool = True


def lay(document: Layered, overlay: Source) -> Laid:
    """Merge an overlay into a document and judge each of its changes by the document's own policy.

    A refused change is left out, so that what follows from it alone is not told as well.
    """
    made, found = _made(document, overlay)
    judge = Judge(document, laid(document, made, overlay), overlay, made)
    judgements = tuple(judge.judged(change) for change in made)
    refused: dict[Pointer, Problem] = {}
    for each in judgements:
        if each.refused:
            refused.setdefault(judge.rule_of(each), judge.told(each))
    found += refused.values()
    found += _params_problems(document, overlay)
    allowed = [each.change for each in judgements if not each.refused]
    result = laid(document, allowed, overlay)
    if shape := violations(document_schema(), _touched(result.data, allowed), result.at):
        own = [each for each in shape if not refused or each.at.file == overlay.file]
        return Laid(result, judgements, (*found, *own), sound=False)
    found += _names_problems(result)
    placed, problems = _placed(result)
    return Laid(placed, judgements, (*found, *problems))


def _touched(data: Mapping[str, Any], made: Iterable[Change]) -> Mapping[str, Any]:
    """A document with only those stages and surveys that changes touch; the others have the shape they had."""
    paths = [change.path for change in made]
    found = dict(data)
    for kind in KINDS_OF_FILE:
        names = {path[1] for path in paths if path[0] == kind and len(path) > 1}
        if names and isinstance(data[kind], Mapping):
            found[kind] = {name: data[kind][name] for name in names & data[kind].keys()} or data[kind]
    return found


def _made(document: Layered, overlay: Source) -> tuple[list[Change], list[Problem]]:
    """The changes that an overlay makes, and names of params that mean nothing."""
    found: list[Problem] = []
    patch = dict(overlay.data.get("set", {}))
    for kind, dsl in KINDS_OF_FILE.items():
        if isinstance(entries := patch.get(kind), Mapping):
            known = document.data.get(kind, {})
            patch[kind] = {
                name: {"dsl": dsl, "id": name, **entry}
                if isinstance(entry, Mapping) and name not in known
                else entry
                for name, entry in entries.items()
            }
    made = list(changes(document.data, patch, ("set",)))
    for stage, values in overlay.data.get("params", {}).items():
        if stage not in document.data["stages"]:
            at = overlay.at(("params", stage), key=True)
            found.append(unknown(at, "stage", stage, document.data["stages"]))
            continue
        known = document.data["stages"][stage].get("params", {})
        for name, value in values.items():
            if name not in known:
                found.append(unknown(overlay.at(("params", stage, name), key=True), "param", name, known))
                continue
            path, at_value = ("stages", stage, "params", name, "default"), ("params", stage, name)
            before = known[name].get("default", ABSENT)
            if before is ABSENT or before != value:
                made.append(Change(path, before, value, at_value))
    return made, found


def _params_problems(before: Layered, overlay: Source) -> list[Problem]:
    """Values of params that their own bounds do not allow."""
    found: list[Problem] = []
    for stage, values in overlay.data.get("params", {}).items():
        for name in values:
            param = value_at(before.data, ("stages", stage, "params", name))
            if isinstance(param, Mapping):
                schema = {key: param[key] for key in ("type", "minimum", "maximum") if key in param}
                at = overlay.at(("params", stage, name))
                found += violations(schema, values[name], lambda _, *, key=False, at=at: at)
    return found


def _names_problems(document: Layered) -> Iterator[Problem]:
    """Stages and surveys that call themselves otherwise than the place where they stand."""
    for kind in KINDS_OF_FILE:
        for name, part in document.data.get(kind, {}).items():
            if part["id"] != name:
                yield problem("O23", document.at((kind, name, "id")), name=part["id"], key=name)


def _placed(document: Layered) -> tuple[Layered, list[Problem]]:
    """Questions of surveys in their order: one that says `place: {after: ID}` stands behind that one."""
    found: list[Problem] = []
    surveys = dict(document.data.get("surveys", {}))
    for name, survey in surveys.items():
        questions = survey["questions"]
        behind: dict[str | None, list[str]] = {}
        for key, question in questions.items():
            after = question.get("place", {}).get("after")
            if after is not None and after not in questions:
                at = document.at(("surveys", name, "questions", key, "place", "after"))
                found.append(unknown(at, "question", after, set(questions) - {key}))
                after = None
            behind.setdefault(after, []).append(key)
        order = list(_in_order(behind, None))
        if circle := [key for key in questions if key not in order]:
            at = document.at(("surveys", name, "questions", circle[0], "place", "after"))
            found.append(problem("R07", at, cycle=" → ".join([*circle, circle[0]])))
        surveys[name] = {**survey, "questions": {key: questions[key] for key in order}}
    return Layered(document.file, {**document.data, "surveys": surveys}, origins=document.origins), found


def _in_order(behind: Mapping[str | None, list[str]], key: str | None) -> Iterator[str]:
    for each in behind.get(key, ()):
        yield each
        yield from _in_order(behind, each)
