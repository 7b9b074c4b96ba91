"""The certificate of an overlay: what it changes, and that the mandated core of the methodology is kept.

It holds the documents that it speaks of, so that it can be made anew and compared without anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from schemas import strictness
from schemas.digests import digest
from schemas.judge import Judgement, dotted
from schemas.layers import ABSENT, Layered, same, value_at
from schemas.overlay import lay
from schemas.policies import policy_of
from schemas.problems import Location, Problem, problem
from schemas.shapes import is_sound
from schemas.sources import Pointer, Source
from schemas.stack import stack_problems
from schemas.validation import shipped, violations

Data = Mapping[str, Any]


def certificate(base: Data, overlays: Sequence[Data]) -> dict[str, Any]:
    """The certificate of overlays, first to last, on a whole document (`layers.whole`)."""
    document = Layered("methodology", base)
    changes: list[dict[str, Any]] = []
    allowed = True
    for overlay in overlays:
        laid = lay(document, Source(str(overlay["id"]), overlay))
        name = f"{overlay['id']}@{overlay['version']}"
        changes += [_change(name, each) for each in laid.judgements]
        allowed &= not laid.problems
        document = laid.document
        if not laid.sound:
            break
    core = list(_core(base, document.data))
    body = {
        "schema": "certificate/v1",
        "methodology": {"id": base["id"], "version": base["version"], "digest": digest(base)},
        "overlays": [
            {"id": each["id"], "version": each["version"], "digest": digest(each)} for each in overlays
        ],
        "result": digest(document.data),
        "changes": changes,
        "core": core,
        "kept": allowed and all(each["verdict"] != "lost" for each in core),
        "evidence": {"methodology": dict(base), "overlays": [dict(each) for each in overlays]},
    }
    return {**body, "seal": digest(body)}


def _lie_on(base: Data, overlays: Sequence[Data]) -> bool:
    """Whether each overlay extends this very methodology, and the last one names all that lie below it."""
    sources = [Source(str(each["id"]), each) for each in overlays]
    method = Source(str(base["id"]), base)
    fits = not any(stack_problems(each, method, sources[:index], "") for index, each in enumerate(sources))
    named = [reference.partition("@")[0] for reference in overlays[-1]["extends"][1:]] if overlays else []
    return fits and named == [each["id"] for each in overlays[:-1]]


def certificate_problems(found: Any, file: str) -> list[Problem]:
    """What is wrong with a certificate: its form, its seal, or that making it anew gives another one."""
    at = Location(file)
    if problems := violations(shipped("output", "certificate"), found, lambda _, *, key=False: at):
        return problems
    body = {key: value for key, value in found.items() if key != "seal"}
    if digest(body) != found["seal"]:
        return [problem("O17", at)]
    base, overlays = found["evidence"]["methodology"], found["evidence"]["overlays"]
    schema = shipped("definition", "overlay")
    fit = not any(violations(schema, each, lambda _, *, key=False: at) for each in overlays)
    if not fit or not is_sound(Layered("methodology", base)):
        return [problem("O18", at, parts=["evidence"])]
    if not _lie_on(base, overlays):
        return [problem("O18", at, parts=["overlays"])]
    again = certificate(base, overlays)
    different = [key for key in again if again[key] != found.get(key)]
    if different:
        return [problem("O18", at, parts=different)]
    lost = [each["path"] for each in found["core"] if each["verdict"] == "lost"]
    lost += [each["path"] for each in found["changes"] if each["verdict"] != "allowed"]
    return [] if found["kept"] else [problem("O19", at, paths=lost)]


def _change(overlay: str, judgement: Judgement) -> dict[str, Any]:
    change = judgement.change
    found: dict[str, Any] = {"overlay": overlay, "path": dotted(change.path), "policy": judgement.policy}
    if judgement.pattern:
        found["rule"] = judgement.pattern
    for name, value in (("before", change.before), ("after", change.after)):
        if value is not ABSENT:
            found[name] = value
    return {**found, "verdict": judgement.refused or "allowed"}


def _core(base: Data, after: Data) -> Iterator[dict[str, Any]]:
    """Each rule of the core, before and after: kept, stricter, freed by the base itself, or lost."""
    for path in _places(base):
        old, new = value_at(base, path), value_at(after, path)
        if same(old, new):
            verdict = "kept"
        elif _is_stricter(base, path, old, new):
            verdict = "stricter"
        else:
            verdict = "freed" if _is_freed(base, path, old, new) else "lost"
        found = {"path": dotted(path), "before": digest(old), "verdict": verdict}
        yield found if new is ABSENT else {**found, "after": digest(new)}


def _is_stricter(base: Data, path: Pointer, old: Any, new: Any) -> bool:
    if path[-1] == "default":
        direction = value_at(base, path[:-1]).get("stricter")
        return bool(direction) and bool(strictness.number(direction)(old, new))
    year = base["calendar"]["year"]
    found = strictness.unit(path, (year["starts"], year["ends"]))
    if found and found[0] == path and found[1](old, new):
        return True
    return _is_each(_is_stricter, base, path, old, new)


def _is_freed(base: Data, path: Pointer, old: Any, new: Any) -> bool:
    """Whether the base itself leaves free all that is not stricter."""
    if policy_of(base, path)[0] == "free" or _is_stricter(base, path, old, new):
        return True
    return _is_each(_is_freed, base, path, old, new)


def _is_each(holds: Callable[..., bool], base: Data, path: Pointer, old: Any, new: Any) -> bool:
    """Whether something holds of each key in which two maps differ."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return False
    differing = [
        key for key in old.keys() | new.keys() if not same(old.get(key, ABSENT), new.get(key, ABSENT))
    ]
    return all(
        key in _WORDS or holds(base, (*path, key), old.get(key, ABSENT), new.get(key, ABSENT))
        for key in differing
    )


_OF_ARTEFACT = ("schema", "each", "required", "in_force", "belongs_to")
_OF_TASK = ("uses", "with", "who", "writes", "when", "if_silent", "on_request", "then")
_WORDS = frozenset({"title", "message", "why", "basis", "verified"})  # what people read; it decides nothing


def _places(base: Data) -> Iterator[Pointer]:
    """The rules that a programme is held to: conditions, requirements, signatures, papers and what they need."""
    yield from (("registers", name, part) for name in base["registers"] for part in base["registers"][name])
    for name, form in base.get("forms", {}).items():
        yield from (("forms", name, side) for side in ("mentor", "mentee") if side in form)
    for name, stage in base["stages"].items():
        here: Pointer = ("stages", name)
        for param, spec in stage.get("params", {}).items():
            if "default" in spec and spec.get("overlay") != "free":
                yield (*here, "params", param, "default")
        for group in ("needs", "enter"):
            yield from ((*here, group, key) for key in stage.get(group, {}))
        for key, artefact in stage.get("artefacts", {}).items():
            at = (*here, "artefacts", key)
            yield from ((*at, part) for part in _OF_ARTEFACT if part in artefact)
            yield from ((*at, "checks", check) for check in artefact.get("checks", {}))
        for key, task in stage.get("tasks", {}).items():
            yield from ((*here, "tasks", key, part) for part in _OF_TASK if part in task)
        for key, gate in stage.get("checkpoints", {}).items():
            at = (*here, "checkpoints", key)
            yield from ((*at, part) for part in ("each",) if part in gate)
            for group in ("requires", "sign_off"):
                yield from ((*at, group, each) for each in gate.get(group, {}))
