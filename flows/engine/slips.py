"""What can slip in a definition, value by value: a number, an operator, a key left out.

Slips are made of the data of `methodology.yaml` and the stages, each at the place of one value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from schemas.sources import Pointer


class Gone(Enum):
    """What stands where something was left out; one thing in every process."""

    GONE = "gone"


GONE = Gone.GONE
Slip = tuple[str, Pointer, Any]  # kind, where, what stands there instead (GONE: nothing)


def slips(file: str, data: Any) -> Iterator[Slip]:
    """Every slip that is tried in a file."""
    yield from _of_methodology(data) if file == "methodology.yaml" else _of_stage(data)


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
    if "who" in task:
        yield "who", (*here, "who", "role"), _other(task["who"]["role"])
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
