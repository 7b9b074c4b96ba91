"""The rules of `renamed`: it leads from a name that is gone to one that is there, one to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.messages import hint
from schemas.problems import Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Source

PARTS = ("artefacts", "tasks", "checkpoints", "needs")


def rename_problems(sources: Sources) -> Iterator[Problem]:
    """Every problem of `renamed` in any stage."""
    former: dict[str, str] = {}  # stage of old → the stage that says it was that
    for name, source in sources.stages.items():
        yield from _stage(source, source.data.get("renamed", {}))
        for old, new in source.data.get("renamed", {}).items():
            if new != name:
                continue
            at = source.at(("renamed", old), key=True)
            if old in sources.methodology.data["stages"]:
                yield problem("M02", at, name=old)
            elif former.setdefault(old, name) != name:
                yield problem("M04", at, name=old, stage=former[old])


def _stage(source: Source, renamed: Mapping[str, str]) -> Iterator[Problem]:
    parts = {group: set(source.data.get(group, {})) for group in PARTS}
    known = set().union(*parts.values(), {source.data["id"]})
    leads: dict[str, str] = {}
    for old, new in renamed.items():
        if new not in known and (new not in renamed or _circles(renamed, old)):
            yield problem("M01", source.at(("renamed", old)), name=new, nearest=hint(new, known))
            continue
        if _still_there(parts, old, new, source.data):
            yield problem("M02", source.at(("renamed", old), key=True), name=old)
        if new in leads:
            yield problem("M03", source.at(("renamed", old)), name=new, old=old, other=leads[new])
        leads[new] = old


def _circles(renamed: Mapping[str, str], name: str) -> bool:
    seen = {name}
    while (name := renamed.get(name, "")) and name not in seen:
        seen.add(name)
    return bool(name)


def _still_there(parts: Mapping[str, set[str]], old: str, new: str, stage: Data) -> bool:
    """Whether the former name is one of the same kind still; names on the way to a later one are of any kind."""
    kinds = [names for names in parts.values() if new in names]
    if not kinds and new != stage["id"]:
        kinds = list(parts.values())
    return any(old in names for names in kinds)
