"""Status, why and today for people: plain tables and trees on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from flows.engine.reasons import Reason, short
from flows.views.marks import MARKS
from flows.views.status import item_of, text_of
from schemas.messages import word


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 140  # a file or a pipe has no width of its own
    return console


def status(found: Mapping[str, Any], language: str) -> None:
    """The seven stages, then whom the programme waits for."""
    console = _console()
    place = f"{found['school']}/{found['name']}" if "name" in found else found["school"]
    title = word("status_title", language, school=place, year=found["year"],
                 state=word(f"programme_{found['state']}", language))  # fmt: skip
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "column_stage", "column_state", "column_passed", "column_gates"):
        table.add_column(word(name, language) if name else "")
    for stage in found["stages"]:
        table.add_row(
            MARKS[stage["state"]],
            f"{stage['number']}. {stage['title']}",
            _state(stage, language),
            f"{stage['passed']} / {stage['of']}" if stage["of"] else "",
            "\n".join(_gate(gate, language) for gate in stage["checkpoints"].values()),
        )
    console.print(table)
    for stage in found["stages"]:
        _members(console, stage, language)
        _warned(console, stage)
    _waiting(console, found["waiting_for"], language)


def _state(stage: Mapping[str, Any], language: str) -> str:
    state = word(f"stage_{stage['state']}", language)
    late = ", " + word("late_count", language, count=stage["late"]) if stage["late"] else ""
    return state + late


def _gate(gate: Mapping[str, Any], language: str) -> str:
    state = word(f"gate_{gate['state']}", language)
    counts = gate.get("counts")
    if counts:
        done = counts.get("approved", 0)
        ended = counts.get("ended", 0) + counts.get("rejected", 0)
        state = f"{done} / {sum(counts.values()) - ended}"
    return f"{MARKS.get(gate['state'], ' ')} {gate['title']}: {state}"


def _members(console: Console, stage: Mapping[str, Any], language: str) -> None:
    """Each member at the keyed gates of a stage, where they were asked for."""
    gates = [each for each in stage["checkpoints"].values() if each.get("keys")]
    if not gates:
        return
    title = f"{stage['number']}. {stage['title']}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(word("column_key", language))
    for gate in gates:
        table.add_column(gate["title"])
    for key in dict.fromkeys(key for gate in gates for key in gate["keys"]):
        table.add_row(key, *(_mark(gate["keys"].get(key), language) for gate in gates))
    console.print()
    console.print(table)


def _warned(console: Console, stage: Mapping[str, Any]) -> None:
    for each in stage["reasons"]:
        if each["code"] == "warning":
            console.print(f"{stage['number']}. {stage['title']}: {each['text']}", markup=False)


def _mark(gate: Mapping[str, Any] | None, language: str) -> str:
    return f"{MARKS.get(gate['state'], ' ')} {word('gate_' + gate['state'], language)}" if gate else ""


def _waiting(console: Console, lines: list[Any], language: str) -> None:
    if not lines:
        return
    table = Table(
        title=word("waiting_for", language),
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name in ("column_until", "column_who", "column_what", "column_item"):
        table.add_column(word(name, language), overflow="fold")
    for each in lines:
        due = each["due"] or ""
        if each["late"]:
            due = f"{due} {word('late', language)}".strip()
        keys = (
            f" ({len(each['keys'])}{short(each.get('titles', each['keys']), 3)})"
            if len(each["keys"]) > 1
            else ""
        )
        what = f"{word('action_' + each['action'], language)}: {each['what']}{keys}"
        who = word("who_runs_it", language) if each["action"] == "retry" else each["role_title"]
        codes = short(each["who"], 2) if len(each["keys"]) <= 1 or len(each["who"]) <= 2 else ""
        table.add_row(due, f"{who}{codes}", what, item_of(each))
    console.print()
    console.print(table)


def today(school: str, year: str, lines: list[Any], language: str) -> None:
    """Who does what by when."""
    console = _console()
    console.print(f"{school} {year}", style="bold")
    if lines:
        _waiting(console, lines, language)
    else:
        console.print(word("nobody_waits", language))


def tree(why: Reason, language: str) -> None:
    """A reason and everything behind it."""
    _console().print(_branch(why, language))


def _branch(why: Reason, language: str) -> Tree:
    item = f"  [{why.item}]" if why.item and why.code == "is" else ""
    mark = MARKS.get(str(why.values.get("plain", "")), "")
    label = f"{mark} {text_of(why, language)}{item}".strip()
    found = Tree(_safe(label))
    for each in why.because:
        found.add(_branch(each, language))
    return found


def _safe(label: str) -> str:
    return label.replace("[", "\\[")
