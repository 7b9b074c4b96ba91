"""The rules of what overlays may touch: patterns lead somewhere, and what may be tightened says which way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.document import known_steps
from schemas.layers import value_at
from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source


def policy_problems(source: Source, place: Pointer = ()) -> Iterator[Problem]:
    """Patterns of a file's `overlay` that lead nowhere, and params that may be tightened without saying how."""
    for pattern in source.data.get("overlay", {}):
        at = source.at(("overlay", pattern), key=True)
        path: Pointer = ()
        for step in pattern.split("."):
            known = known_steps((*place, *path))
            if step != "*" and known is not None and step not in known:
                yield unknown(at, "key", step, known)
                break
            there = value_at(source.data, path)
            ids = isinstance(there, Mapping) and known is None and not any(each == "*" for each in path)
            if ids and step != "*" and step not in there:
                yield unknown(at, "item", step, there)
                break
            path = (*path, step)
    for name, param in source.data.get("params", {}).items():
        if param.get("overlay") == "tighten" and "stricter" not in param:
            yield problem("O12", source.at(("params", name, "overlay")), name=name)
