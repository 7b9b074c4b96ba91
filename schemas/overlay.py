"""Overlays: what a region or a school changes in a methodology, under the policy that its author states.

`lay` merges one overlay (RFC 7386) and judges every single change: `locked` nothing, `tighten` only stricter,
`extend` only added, `free` anything. The longest pattern of a policy wins; what no pattern names is locked.
The text of a condition is never edited, whatever the policy says: which of two is stricter cannot be decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.judge import Judge, Judgement
from schemas.layers import ABSENT, Change, Layered, changes, laid, value_at
from schemas.messages import unknown
from schemas.policies import KINDS_OF_FILE
from schemas.problems import Problem, problem
from schemas.shapes import broken_parts
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

    A refused change is left out with its whole rule, so that what follows from it alone is not told as well.
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
    rules = [*refused, *(each.change.path for each in judgements if each.refused)]
    allowed = [each for each in made if not any(each.path[: len(rule)] == rule for rule in rules)]
    result = laid(document, allowed, overlay)
    broken = broken_parts(result, [each.path for each in allowed])
    if shape := [told for _, problems in broken for told in problems]:
        own = [each for each in shape if not refused or each.at.file == overlay.file]
        return Laid(result, judgements, (*found, *own), sound=False)
    found += _names_problems(result)
    return Laid(result, judgements, tuple(found))


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
