"""The plan of an edit: as data (`plan/v1`), as text for a terminal, as Markdown for a pull request.

Text and Markdown are made from the data alone. Programmes to which the same happens are told together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flows.engine.differences import Change, Differences
from flows.engine.migration import CLASSES, KINDS, MigrationPlan, Shift
from flows.engine.steps import Plan
from flows.views.status import last_day, text_of, waiting
from schemas.digests import canonical
from schemas.messages import word

Json = dict[str, Any]
SHOWN = 8  # names of schools on a line


# --- as data ---------------------------------------------------------------------------------------


def as_json(found: MigrationPlan, language: str) -> Json:
    """The effect on one programme."""
    if found.effect == "untouched":
        return {"class": found.effect, "closed": found.closed}
    standing = found.asked.standing or found.no_longer.standing
    dates: dict[tuple[Any, ...], list[str]] = {}
    for each in found.dates:
        assert standing is not None
        days = last_day(each.before, standing), last_day(each.after, standing)
        dates.setdefault((each.item, *days), []).append(each.key)
    return {
        "class": found.effect,
        "closed": found.closed,
        **{kind: [_shift(each, language) for each in found.shifts if each.kind == kind] for kind in KINDS},
        "dates": [
            {"item": item, "keys": [key for key in keys if key], "before": before, "after": after}
            for (item, before, after), keys in dates.items()
        ],
        "asked": _asked(found.asked, language),
        "no_longer": _asked(found.no_longer, language),
        "ahead": [_change(each) for each in found.ahead],
        "kept": dict(found.kept),
    }


def edit(between: Differences) -> Json:
    """What differs between two definitions."""
    return {"changes": [_change(each) for each in between.changes]}


def _shift(each: Shift, language: str) -> Json:
    found: Json = {
        "item": each.item, "effect": each.effect, "before": each.before, "after": each.after,
        "keys": list(each.keys),
    }  # fmt: skip
    if each.signatures:
        found["signatures"] = list(each.signatures)
    if each.effect == "falls":
        found["reasons"] = [text_of(reason, language) for reason in each.reasons]
    return found


def _asked(plan: Plan, language: str) -> list[Json]:
    if plan.standing is None:
        return []
    lines = waiting(plan, plan.standing, language)
    names = ("action", "item", "role", "role_title", "what", "keys")
    return [{name: each[name] for name in names} for each in lines]


def _change(each: Change) -> Json:
    found: Json = {"kind": each.kind, "part": each.part, "item": each.item}
    if each.fields:
        found["fields"] = list(each.fields)
    return {**found, "former": each.former} if each.former else found


# --- as text ---------------------------------------------------------------------------------------


def text(plan: Mapping[str, Any], language: str) -> str:
    """For a terminal."""
    return "\n".join(_Talk(plan, language, markdown=False).lines()) + "\n"


def markdown(plan: Mapping[str, Any], language: str) -> str:
    """For a pull request."""
    return "\n".join(_Talk(plan, language, markdown=True).lines()) + "\n"


def has_changes(plan: Mapping[str, Any]) -> bool:
    """Whether anything would happen to anybody."""
    return any(each["effect"]["class"] != "untouched" for each in plan["programmes"])


class _Talk:
    """A plan in words."""

    def __init__(self, plan: Mapping[str, Any], language: str, *, markdown: bool) -> None:
        self.plan, self.language, self.markdown = plan, language, markdown

    def word(self, name: str, /, **values: object) -> str:
        return word(name, self.language, **values)

    def lines(self) -> Iterator[str]:
        """Line by line: what was edited, then each class of effect with the programmes alike."""
        programmes = self.plan["programmes"]
        title = self.word("plan_title", methodology=self.plan["methodology"], count=len(programmes))
        if "as_of" in self.plan:
            title += self.word("plan_as_of", day=date.fromisoformat(self.plan["as_of"]))
        yield self._head(title, 2)
        if not has_changes(self.plan):
            yield ""
            yield self.word("plan_empty")
        yield from self._edits()
        for effect in CLASSES:
            alike = [each for each in programmes if each["effect"]["class"] == effect]
            if not alike:
                continue
            yield ""
            yield self._head(f"{self.word(f'plan_{effect}')}: {len(alike)}", 3)
            for group in _groups(alike):
                yield from self._group(group)

    def _head(self, text: str, level: int) -> str:
        return f"{'#' * level} {text}" if self.markdown else text

    def _point(self, text: str, level: int = 0) -> str:
        return f"{'  ' * level}- {text}" if self.markdown else f"{'  ' * (level + 1)}{text}"

    def _code(self, text: str) -> str:
        return f"`{text}`" if self.markdown else text

    # --- what was edited -------------------------------------------------------------------------

    def _edits(self) -> Iterator[str]:
        told: dict[bytes, list[str]] = {}
        for each in self.plan["edits"]:
            if each["changes"]:
                told.setdefault(canonical(each["changes"]), []).append(each["before"][:12])
        for each in self.plan["edits"]:
            pins = told.pop(canonical(each["changes"]), None)
            if pins is None:
                continue
            yield ""
            yield self._head(self.word("plan_edit", pins=pins), 3)
            for change in each["changes"]:
                yield self._point(self._change(change))

    def _change(self, change: Mapping[str, Any]) -> str:
        item = self._code(change["item"])
        if change["kind"] == "renamed":
            return f"{self.word('plan_change_renamed')}: {self._code(change['former'])} → {item}"
        fields = f" ({', '.join(change['fields'])})" if "fields" in change else ""
        return f"{self.word('plan_change_' + change['kind'])}: {self.word('part_' + change['part'])} {item}{fields}"

    # --- what happens ----------------------------------------------------------------------------

    def _group(self, group: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        names = [f"{each['school']}@{each['year']}" for each in group]
        rest = f" … (+{len(names) - SHOWN})" if len(names) > SHOWN else ""
        count = f"{self.word('plan_programmes', count=len(names))}: " if len(names) > 1 else ""
        closed = f" – {self.word('plan_closed')}" if group[0]["effect"]["closed"] else ""
        yield self._point(f"{count}{', '.join(names[:SHOWN])}{rest}{closed}")
        effects = [each["effect"] for each in group]
        if effects[0]["class"] == "untouched":
            return
        for lines in zip(*(list(self._effect(each)) for each in effects), strict=True):
            yield self._point(_together(lines), 1)
        kept = {kind: sum(each["kept"][kind] for each in effects) for kind in KINDS}
        yield self._point(self.word("plan_kept", **kept), 1)

    def _effect(self, effect: Mapping[str, Any]) -> Iterator[tuple[str, int, Any]]:
        """Each line of an effect as its text, the members that it concerns and the days that it names."""
        for kind in KINDS:
            for each in effect[kind]:
                yield self._shift(kind, each), len(each["keys"]), None
        for each in effect["dates"]:
            text = f"{self.word('plan_date')}: {self._code(each['item'])}"
            yield text, len(each["keys"]), (each["before"], each["after"])
        for name in ("asked", "no_longer"):
            for each in effect[name]:
                action = self.word(f"action_{each['action']}")
                who = each["role_title"] or self.word("who_runs_it")
                text = f"{self.word(f'plan_{name}')}: {who} – {action}: {each['what']}"
                yield f"{text} ({self._code(each['item'])})", len(each["keys"]), None
        for each in effect["ahead"]:
            if effect["class"] == "future":
                yield f"{self.word('plan_ahead')}: {self._change(each)}", 0, None

    def _shift(self, kind: str, each: Mapping[str, Any]) -> str:
        part = kind.removesuffix("s")
        states = [
            self.word(f"{_STATE_WORDS[kind]}_{each[side]}") for side in ("before", "after") if each[side]
        ]
        text = f"{self.word('plan_shift_' + each['effect'])}: {self.word('part_' + part)} {self._code(each['item'])}"
        text = f"{text}: {' → '.join(states)}"
        return f"{text} – {'; '.join(each['reasons'])}" if each.get("reasons") else text


_STATE_WORDS = {"stages": "stage", "tasks": "task", "papers": "paper", "checkpoints": "gate"}


def _together(lines: Sequence[tuple[str, int, Any]]) -> str:
    """One line of programmes alike: the members of all, and the days where they are the same in all."""
    text, _, _ = lines[0]
    members = sum(count for _, count, _ in lines)
    text += f" ×{members}" if members > 1 else ""
    days = {each for _, _, each in lines if each}
    if len(days) == 1:
        before, after = days.pop()
        text += f": {before or '–'} → {after or '–'}"
    return text


def _groups(programmes: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Programmes to which the same happens, whoever their members are; the largest groups first."""
    found: dict[bytes, list[Mapping[str, Any]]] = {}
    for each in programmes:
        found.setdefault(canonical(_outline(each["effect"])), []).append(each)
    return sorted(found.values(), key=lambda group: -len(group))


def _outline(value: Any) -> Any:
    """An effect without what is a school's own: members, days, counts, reasons."""
    if isinstance(value, Mapping):
        own = {"keys", "kept", "reasons"}
        days = {"before", "after"} if "effect" not in value else set()
        return {name: _outline(each) for name, each in value.items() if name not in own | days}
    return [_outline(each) for each in value] if isinstance(value, list) else value
