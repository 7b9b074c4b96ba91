"""Small slips in a definition, one at a time: would a scenario notice?

Mutants are made of the data of `methodology.yaml` and the stages, at the place of one value.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flows.engine.coverage import Mark
from flows.engine.scenarios import Played, order, play
from schemas import reader
from schemas.messages import Said, said
from schemas.problems import Location
from schemas.reader import Bundle, Reading
from schemas.sources import Pointer, Source, load_yaml

GONE = object()
Slip = tuple[str, Pointer, Any]  # kind, where, what stands there instead (GONE: nothing)


@dataclass(frozen=True)
class Mutant:
    """A definition with one slip: the file, the place, and what stands there instead."""

    file: str
    pointer: Pointer
    kind: str
    value: Any
    at: Location
    what: Said


@dataclass(frozen=True)
class Tried:
    """A mutant and what came of it: a scenario noticed, none did, or the reader refused it."""

    mutant: Mutant
    outcome: Literal["killed", "survived", "refused"]
    by: str = ""


def mutants(sources: Mapping[str, Source]) -> Iterator[Mutant]:
    """Every slip that is tried, file by file."""
    for file, source in sources.items():
        found = _of_methodology(source.data) if file == "methodology.yaml" else _of_stage(source.data)
        for kind, pointer, value in found:
            before = _text(_at(source.data, pointer))
            what = (
                said("mutant_dropped", before=f"{pointer[-1]}: {before}")
                if value is GONE
                else said("mutant_changed", before=before, after=_text(value))
            )
            yield Mutant(file, pointer, kind, value, source.at(pointer, key=value is GONE), what)


def sample_of(found: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """Some mutants, the same for the same seed, in their order."""
    chosen = set(random.Random(seed).sample(range(len(found)), min(size, len(found))))
    return [each for index, each in enumerate(found) if index in chosen]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"


def _at(data: Any, pointer: Pointer) -> Any:
    for part in pointer:
        data = data[part]
    return data


# --- slips ---------------------------------------------------------------------------------------


def _of_methodology(data: Any) -> Iterator[Slip]:
    yield "calendar", ("calendar", "week"), data["calendar"]["week"] + 1
    for name, form in data.get("forms", {}).items():
        for side in ("mentor", "mentee"):
            if form.get(side, {}).get("where"):
                yield from _condition(("forms", name, side, "where"), form[side]["where"], drop=True)
    for name, indicator in data.get("indicators", {}).items():
        if "target" in indicator:
            yield from _number(("indicators", name, "target"), indicator["target"])
        for side in ("numerator", "denominator"):
            if "where" in indicator[side]:
                here = ("indicators", name, side, "where")
                yield from _condition(here, indicator[side]["where"], drop=True)


def _of_stage(data: Any) -> Iterator[Slip]:
    for name, param in data.get("params", {}).items():
        if isinstance(param["default"], int | float) and not isinstance(param["default"], bool):
            yield from _number(("params", name, "default"), param["default"])
    for name, need in data.get("needs", {}).items():
        yield from (
            ("need", ("needs", name, key), GONE) for key in ("is", "passed", "optional") if key in need
        )
        yield "need", ("needs", name), GONE
    for name, entry in data.get("enter", {}).items():
        yield "enter", ("enter", name), GONE
        if "check" in entry:
            yield from _check(("enter", name), entry)
    for name, artefact in data.get("artefacts", {}).items():
        yield from _of_artefact(("artefacts", name), artefact)
    for name, task in data.get("tasks", {}).items():
        yield from _of_task(("tasks", name), task)
    for name, gate in data.get("checkpoints", {}).items():
        yield from _of_gate(("checkpoints", name), gate)
    yield from _items(("may_reopen",), data.get("may_reopen", []), "may_reopen")


def _of_artefact(here: Pointer, artefact: Any) -> Iterator[Slip]:
    each = artefact.get("each")
    if isinstance(each, Mapping) and "where" in each:
        yield from _condition((*here, "each", "where"), each["where"], drop=True)
    for key, check in artefact.get("checks", {}).items():
        yield "check", (*here, "checks", key), GONE
        yield from _check((*here, "checks", key), check)
    if "in_force" in artefact:
        yield "in_force", (*here, "in_force"), GONE
        if "warn" in artefact["in_force"]:
            yield "in_force", (*here, "in_force", "warn"), GONE
            yield from _span((*here, "in_force", "warn"), artefact["in_force"]["warn"])
    yield from (("artefact", (*here, key), GONE) for key in ("required", "belongs_to") if key in artefact)


def _of_task(here: Pointer, task: Any) -> Iterator[Slip]:
    for key in ("after", "reads"):
        yield from _items((*here, key), task.get(key, []), key)
    for key in ("due", "if_silent", "every", "then", "on_request", "when", "retry"):
        if key in task:
            yield key, (*here, key), GONE
    if "when" in task:
        yield from _condition((*here, "when"), task["when"])
    due = task.get("due", {})
    if "within" in due:
        yield from _span((*here, "due", "within"), due["within"])
    if "by" in due:
        month, day = due["by"].split("-")
        yield "due", (*here, "due", "by"), f"{month}-{int(day) - 1 or 2:02}"
    if "calendar" in due:
        yield "due", (*here, "due", "calendar"), GONE
    if "every" in task:
        yield from _span((*here, "every", "period"), task["every"]["period"])
        if "until" in task["every"]:
            yield "every", (*here, "every", "until"), GONE
    if "then" in task:
        yield from _items((*here, "then", "reopen"), task["then"].get("reopen", []), "then")
        if "next" in task["then"]:
            other = "leave" if task["then"]["next"] == "rematch" else "rematch"
            yield "then", (*here, "then", "next"), other
    options = task.get("with", {})
    if "rules_of" in options:
        yield "rules_of", (*here, "with", "rules_of"), GONE
    close = options.get("close", {})
    if "share" in close:
        yield from _number((*here, "with", "close", "share"), close["share"])
    if "or_after" in close:
        yield from _span((*here, "with", "close", "or_after"), close["or_after"])
    if len(options.get("ask", [])) > 1:
        yield from _items((*here, "with", "ask"), options["ask"], "ask")
    for name, activity in options.get("activities", {}).items():
        yield "activity", (*here, "with", "activities", name, "hours"), activity["hours"] + 1


def _of_gate(here: Pointer, gate: Any) -> Iterator[Slip]:
    for key, asked in gate["requires"].items():
        at = (*here, "requires", key)
        if len(gate["requires"]) > 1:
            yield "requirement", at, GONE
        if asked == "approved":
            yield "requirement", at, "valid"
        if not isinstance(asked, Mapping):
            continue
        if "check" in asked:
            yield from _check(at, asked)
        if "waive" in asked:
            yield "waive", (*at, "waive"), GONE
            yield "waive", (*at, "waive", "who"), [_other(asked["waive"]["who"][0])]
    for key, entry in gate["sign_off"].items():
        at = (*here, "sign_off", key)
        if len(gate["sign_off"]) > 1:
            yield "sign_off", at, GONE
        yield from (
            ("sign_off", (*at, word), GONE) for word in ("last", "after", "not", "act") if word in entry
        )
        for word in entry.get("document", {}):
            yield "sign_off", (*at, "document", word), "optional"
        yield "sign_off", (*at, "role"), _other(entry["role"])
    for key, choice in gate.get("on_return", {}).items():
        yield "on_return", (*here, "on_return", key), GONE
        yield from _items((*here, "on_return", key, "reopen"), choice["reopen"], "on_return")


def _other(role: str) -> str:
    return "director" if role != "director" else "curator"


def _items(here: Pointer, items: list[Any], kind: str) -> Iterator[Slip]:
    """A list without one of its items; without the list where it was the only one."""
    if len(items) == 1:
        yield kind, here, GONE
        return
    for index in range(len(items)):
        yield kind, here, [each for place, each in enumerate(items) if place != index]


def _number(here: Pointer, value: float) -> Iterator[Slip]:
    step = 1 if isinstance(value, int) else 0.1
    for other in (value - step, value + step):
        yield "number", here, other if isinstance(value, int) else round(other, 4)


def _span(here: Pointer, text: str) -> Iterator[Slip]:
    found = re.fullmatch(r"P(\d+)([DM])", text)
    if found:
        yield "due", here, f"P{int(found[1]) + 1}{found[2]}"


def _check(here: Pointer, check: Any) -> Iterator[Slip]:
    yield from _condition((*here, "check"), check["check"])
    if check.get("blocks") is False:
        yield "check", (*here, "blocks"), GONE


_SWAPS = {">=": (">", "<"), "<=": ("<", ">"), "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
          ".all(": (".exists(",), ".exists(": (".all(",)}  # fmt: skip
_OPERATORS = re.compile(r"'[^']*'|>=|<=|==|!=|&&|\|\||\.all\(|\.exists\(|\b\d+\b|!(?=[a-z(])")


def _condition(here: Pointer, text: str, *, drop: bool = False) -> Iterator[Slip]:
    """An operator turned, a number moved, a negation dropped; the whole dropped where that is allowed."""
    if drop:
        yield "condition", here, "true"
    for found in _OPERATORS.finditer(text):
        word = found.group()
        if word.startswith("'"):
            continue
        others: tuple[str, ...]
        if word == "!":
            others = ("",)
        elif word.isdigit():
            others = (str(int(word) + 1), *((str(int(word) - 1),) if int(word) else ()))
        else:
            others = _SWAPS[word]
        for other in others:
            yield "condition", here, text[: found.start()] + other + text[found.end() :]


# --- trying --------------------------------------------------------------------------------------


def try_all(
    reading: Reading, content: Bundle, played: Mapping[str, Played], found: Iterable[Mutant]
) -> Iterator[Tried]:
    """Try each mutant against the scenarios that touch it, until one notices."""
    green = {name: each for name, each in played.items() if each.green}
    for mutant in found:
        yield _tried(reading, content, green, mutant)


def _tried(reading: Reading, content: Bundle, green: Mapping[str, Played], mutant: Mutant) -> Tried:
    changed = _with(load_yaml(content[mutant.file], mutant.file).data, mutant)
    other = {name: each for name, each in content.items() if not name.startswith("scenarios/")}
    other[mutant.file] = json.dumps(changed, ensure_ascii=False).encode()
    methodology = reader.read(other).methodology
    if methodology is None:
        return Tried(mutant, "refused")
    touching = {name for name, each in green.items() if _touches(each, mutant)}
    done: dict[str, Played] = {}
    for name in order(reading.scenarios, touching):
        if name not in touching:  # nothing of it has changed: it ends as it did
            done[name] = green[name]
            continue
        try:
            done[name] = play(methodology, reading.scenarios[name], done, brief=True)
        except (KeyError, AssertionError):  # the scenario speaks of what is not there any more
            return Tried(mutant, "killed", name)
        if done[name].problems:
            return Tried(mutant, "killed", name)
    return Tried(mutant, "survived")


def _with(data: Any, mutant: Mutant) -> Any:
    changed = copy.deepcopy(data)
    *way, last = mutant.pointer
    target = _at(changed, tuple(way))
    if mutant.value is GONE:
        del target[last]
    else:
        target[last] = mutant.value
    return changed


def _touches(played: Played, mutant: Mutant) -> bool:
    """A changed condition touches those that saw it decided; anything else in a stage those that lived in it."""
    if mutant.kind == "condition":
        marks = (Mark(mutant.file, mutant.pointer, seen) for seen in ("true", "false"))
        return any(mark in played.marks for mark in marks)
    stage = mutant.file.removeprefix("stages/").removesuffix(".yaml")
    entrance = mutant.pointer[0] in ("needs", "enter", "after")
    return mutant.file == "methodology.yaml" or stage in played.stages or entrance
