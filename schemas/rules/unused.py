"""What is declared and never used: often a misspelt reference elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.messages import said
from schemas.problems import Location, Problem, problem
from schemas.rules.sources import Sources
from schemas.sources import Pointer, Source

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def unused_problems(sources: Sources) -> Iterator[Problem]:
    """Every declaration that nothing refers to; silent while a file can't be read, as it may hold the use."""
    if sources.broken:
        return
    method = sources.methodology
    stages = [source.data for source in sources.stages.values()]
    words = set(_words(stages)) | {each.data["audience"] for each in sources.surveys.values()}
    for name, role in method.data["roles"].items():
        if "of" not in role and name not in words:
            yield _unused(method, ("roles", name), "role", name)
    for stage, source in sources.stages.items():
        yield from _of_stage(sources, stage, source)
    for name, survey in sources.surveys.items():
        if name not in words:
            yield _unused(survey, ("id",), "survey", name, key=False)
        scales = {question.get("scale") for question in survey.data["questions"].values()}
        for scale in survey.data.get("scales", {}):
            if scale not in scales:
                yield _unused(survey, ("scales", scale), "scale", scale)
    for name, (file, _) in sources.templates.items():
        if name not in words:
            yield problem("R55", Location(file), kind=said("kind_document"), name=name)


def _of_stage(sources: Sources, stage: str, source: Source) -> Iterator[Problem]:
    artefacts = source.data.get("artefacts", {})
    named = {name: _names(artefact) for name, artefact in artefacts.items()}
    elsewhere = _names({key: value for key, value in source.data.items() if key != "artefacts"})
    everywhere = elsewhere.union(*named.values(), _names(list(source.references.values())))
    for name in source.data.get("params", {}):
        if name not in everywhere:
            yield _unused(source, ("params", name), "param", name)
    needed = {
        need["artefact"] for each in sources.stages.values() for need in each.data.get("needs", {}).values()
    }
    tables = {each["rows"] for each in sources.methodology.data["registers"].values()}
    asked = {name for gate in source.data.get("checkpoints", {}).values() for name in gate["requires"]}
    for name, artefact in artefacts.items():
        used = name in elsewhere or any(name in names for other, names in named.items() if other != name)
        path = f"{stage}/{name}"
        if not (used or name in asked or path in tables or path in needed or artefact.get("required")):
            yield _unused(source, ("artefacts", name), "artefact", name)


def _names(node: Any) -> set[str]:
    """Whatever could be an id in the texts below a node."""
    return set(_NAME.findall("\n".join(_words(node))))


def _unused(source: Source, pointer: Pointer, kind: str, name: str, *, key: bool = True) -> Problem:
    return problem("R55", source.at(pointer, key=key), kind=said(f"kind_{kind}"), name=name)


def _words(node: Any) -> Iterator[str]:
    """Every text value below a node."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _words(value)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value)
    elif isinstance(node, str):
        yield node
