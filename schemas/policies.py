"""The policy of each place of a definition: what its author lets overlays do there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from schemas.layers import value_at
from schemas.sources import Pointer

Policy = Literal["locked", "tighten", "extend", "free"]
KINDS_OF_FILE = {"stages": "stage/v1", "surveys": "survey/v1"}


def policy_of(document: Mapping[str, Any], path: Pointer) -> tuple[Policy, str]:
    """The policy of a place and the pattern that states it; `locked` and no pattern where none does."""
    here, inside, policies = _policies(document, path)
    if here and len(inside) == 3 and inside[0] == "params" and inside[2] == "default":
        param = value_at(document, (*here, *inside[:2]))
        free = "free" if isinstance(param, Mapping) and "default" not in param else "locked"
        return (param.get("overlay", free) if isinstance(param, Mapping) else "locked"), "overlay"
    best: tuple[int, int, str] | None = None
    for pattern in policies:
        steps = pattern.split(".")
        if len(steps) <= len(inside) and all(map(_fits, steps, inside)):
            rank = (len(steps), sum(step != "*" for step in steps), pattern)
            best = max(best, rank) if best else rank
    return (policies[best[2]], best[2]) if best else ("locked", "")


def names_the_place(document: Mapping[str, Any], path: Pointer, pattern: str) -> bool:
    """Whether a pattern speaks of a place itself, and not only of something around it."""
    return len(pattern.split(".")) == len(_policies(document, path)[1])


def stricter_below(document: Mapping[str, Any], path: Pointer) -> tuple[Policy, str] | None:
    """A policy other than `free` for something below a place, which goes when the place itself does."""
    _, inside, policies = _policies(document, path)
    for pattern, policy in policies.items():
        steps = pattern.split(".")
        if policy != "free" and len(steps) > len(inside) and all(map(_fits, steps, inside)):
            return policy, pattern
    return None


def locked_inside(document: Mapping[str, Any], path: Pointer, value: Any) -> tuple[Pointer, str] | None:
    """A place inside something added that a pattern of its own locks: who adds a task may not add all of it."""
    length = len(_policies(document, path)[1])
    for inner in _places(value, path):
        policy, pattern = policy_of(document, inner)
        if policy == "locked" and len(pattern.split(".")) > length:
            return inner, pattern
    return None


def _places(value: Any, path: Pointer) -> Iterator[Pointer]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield (*path, key)
            yield from _places(each, (*path, key))


def _policies(document: Mapping[str, Any], path: Pointer) -> tuple[Pointer, Pointer, Mapping[str, Policy]]:
    """Whose policy rules a place: where that stands, the path inside, and its patterns."""
    if len(path) > 2 and path[0] in KINDS_OF_FILE and not (path[0] == "stages" and path[2] == "number"):
        own = value_at(document, path[:2])
        if isinstance(own, Mapping):  # of a stage that is still to come the methodology itself speaks
            return path[:2], path[2:], own.get("overlay", {})
    return (), path, document.get("overlay", {})


def _fits(pattern: str, step: str | int) -> bool:
    return pattern in ("*", step)
