"""The rules of single keys of a stage: what they need beside them to have an effect."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.columns import column_problems
from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source


def key_problems(sources: Sources) -> Iterator[Problem]:
    """Every key that could never do what it says."""
    for source in sources.stages.values():
        for name, task in source.data.get("tasks", {}).items():
            yield from _letters(sources, source, ("tasks", name), task)
        for name, artefact in source.data.get("artefacts", {}).items():
            yield from _artefact(sources, source, ("artefacts", name), name, artefact)
            schema = sources.schemas.get(artefact["schema"])
            if "columns" in artefact and schema is not None:
                yield from column_problems(source, ("artefacts", name, "columns"), artefact, schema)


def _letters(sources: Sources, source: Source, here: Pointer, task: Data) -> Iterator[Problem]:
    """Reminders and escalation need a term, and somebody who can be told."""
    keys = [key for key in ("remind", "escalate") if key in task]
    for key in keys:
        if "due" not in task and "or_after" not in task.get("with", {}).get("close", {}):
            yield problem("K16", source.at((*here, key), key=True), key=key)
        if "who" not in task and task["uses"] != "survey":
            yield problem("K17", source.at((*here, key), key=True), key=key)
    if "escalate" in task:
        roles = sources.methodology.data["roles"]
        name = task["escalate"]["to"]["role"]
        at = source.at((*here, "escalate", "to", "role"))
        if name not in roles:
            yield unknown(at, "role", name, roles)
        elif roles[name].get("body"):
            yield problem("K18", at, role=name)
        elif name == task.get("who", {}).get("role"):
            yield problem("K19", at, role=name)


def _artefact(
    sources: Sources, source: Source, here: Pointer, name: str, artefact: Data
) -> Iterator[Problem]:
    writers = [task for task in source.data.get("tasks", {}).values() if task.get("writes") == name]
    for index, role in enumerate(artefact.get("visible_to", ())):
        if role not in sources.methodology.data["roles"]:
            at = source.at((*here, "visible_to", index))
            yield unknown(at, "role", role, sources.methodology.data["roles"])
    if "part_of" in artefact:
        yield from _part(sources, source, (*here, "part_of"), name, artefact, writers)
    if "when_stale" in artefact and not any(task.get("reads") for task in writers):
        yield problem("K15", source.at((*here, "when_stale"), key=True), name=name)


def _part(
    sources: Sources, source: Source, here: Pointer, name: str, part: Data, writers: list[Data]
) -> Iterator[Problem]:
    """A part lies in a whole of its own stage that is owed by the same members, and somebody hands it in."""
    artefacts = source.data["artefacts"]
    whole = artefacts.get(part["part_of"])
    if whole is None:
        yield unknown(source.at(here), "artefact", part["part_of"], artefacts)
    elif "part_of" in whole or part["part_of"] == name:
        yield problem("K35", source.at(here), name=part["part_of"])
    elif whole.get("each") != part.get("each"):
        yield problem("K36", source.at(here), name=name, whole=part["part_of"])
    elif not any(task["uses"] in ("form", "document") and "who" in task for task in writers):
        yield problem("K37", source.at(here, key=True), name=name)
    elif name in sources.schemas.get(whole["schema"], {}).get("properties", {}):
        yield problem("K38", source.at(here), name=name, whole=part["part_of"])
