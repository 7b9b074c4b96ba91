"""What differs between two definitions, part by part, and the moves that lead from the one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from flows.engine.renaming import Moves, Pairs, changed_names, pairs
from schemas.conditions import Condition
from schemas.model import Methodology
from schemas.stage import (
    ArtefactSpec,
    Check,
    Checkpoint,
    Choice,
    Each,
    Entry,
    Need,
    Requirement,
    Stage,
    TaskSpec,
)

Kind = Literal["added", "removed", "changed", "renamed"]
PARTS = ("artefacts", "tasks", "checkpoints")
WHOLE = ("title", "language", "school_days", "starts", "ends", "roles", "forms", "registers", "indicators")
OWN = ("number", "title", "needs", "after", "enter", "may_reopen")


@dataclass(frozen=True)
class Change:
    """One part that another definition has otherwise: `part` is what it is, `item` its path (now, unless removed)."""

    kind: Kind
    part: str
    item: str
    fields: tuple[str, ...] = ()
    former: str = ""


@dataclass(frozen=True)
class Differences:
    """From one definition to the next one: what changed, and what that means for what has happened."""

    changes: tuple[Change, ...]
    moves: Moves
    paths: Mapping[str, str]  # every former path that is another now


def differences(old: Methodology, new: Methodology) -> Differences:
    """Compare two definitions."""
    matched = pairs(old, new)
    carried = {stage: _Carrying(matched, stage).stage(old.stages[stage]) for stage in matched.stages}
    changes = tuple(_changes(old, new, matched, carried))
    moves = _moves(old, new, matched, carried)
    return Differences(changes, moves, moves.renamed())


# --- what changed ----------------------------------------------------------------------------------


def _changes(
    old: Methodology, new: Methodology, matched: Pairs, carried: Mapping[str, Stage]
) -> Iterator[Change]:
    if whole := tuple(name for name in WHOLE if getattr(old, name) != getattr(new, name)):
        yield Change("changed", "methodology", new.id, whole)
    for name in old.stages:
        if name not in matched.stages:
            yield Change("removed", "stage", name)
    for stage in new.stages.values():
        former = next((each for each, now in matched.stages.items() if now == stage.id), None)
        if former is None:
            yield Change("added", "stage", stage.id)
            continue
        if former != stage.id:
            yield Change("renamed", "stage", stage.id, former=former)
        before = carried[former]
        if own := (*(n for n in OWN if getattr(before, n) != getattr(stage, n)), *_params(before, stage)):
            yield Change("changed", "stage", stage.id, own)
        for group in PARTS:
            yield from _parts(old, new, getattr(matched, group), former, stage, group, before)


def _params(before: Stage, after: Stage) -> Iterator[str]:
    for name in sorted({*before.params, *after.params}):
        if before.params.get(name) != after.params.get(name):
            yield f"params.{name}"


def _parts(
    old: Methodology, new: Methodology, paths: Mapping[str, str], former: str, stage: Stage, group: str,
    carried: Stage,
) -> Iterator[Change]:  # fmt: skip
    part = group.removesuffix("s")
    known: Mapping[str, Any] = getattr(old.stages[former], group)
    now: Mapping[str, Any] = getattr(stage, group)
    was = {path.split("/")[1]: name for name, path in paths.items() if path.split("/")[0] == stage.id}
    for name in known:
        if f"{former}/{name}" not in paths:
            yield Change("removed", part, f"{former}/{name}")
    for name, spec in now.items():
        if name not in was:
            yield Change("added", part, spec.path)
            continue
        if was[name].split("/")[1] != name:
            yield Change("renamed", part, spec.path, former=was[name])
        before = getattr(carried, group)[name]
        other = list(_fields(before, spec))
        if (
            group == "artefacts"
            and _reshaped(old, new, old.artefacts[was[name]], spec)
            and "schema" not in other
        ):
            other.append("schema")
        if group == "tasks" and before.source != spec.source:
            other.append("source")
        if other:
            yield Change("changed", part, spec.path, tuple(other))


def _fields(before: Any, after: Any) -> Iterator[str]:
    for each in fields(after):
        if each.name not in ("digest", "source") and getattr(before, each.name) != getattr(after, each.name):
            yield each.name


def _reshaped(old: Methodology, new: Methodology, before: ArtefactSpec, after: ArtefactSpec) -> bool:
    return old.schema_of(before) != new.schema_of(after)


# --- what it means for what has happened -----------------------------------------------------------


def _moves(old: Methodology, new: Methodology, matched: Pairs, carried: Mapping[str, Stage]) -> Moves:
    names = {
        stage: changed_names(matched.names(stage, "artefacts") | matched.names(stage, "needs"))
        for stage in matched.stages
    }
    remade: dict[str, str] = {}
    more: dict[str, list[str]] = {}
    reshaped: list[str] = []
    was = {now: former for former, now in matched.artefacts.items()}
    for former, stage in matched.stages.items():
        for name, task in new.stages[stage].tasks.items():
            before = carried[former].tasks.get(name)
            if before and before.digest != task.digest and _same_work(before, task):
                remade[before.digest] = task.digest
        for name, gate in new.stages[stage].checkpoints.items():
            if name in carried[former].checkpoints:
                asked = list(
                    _more(carried[former], carried[former].checkpoints[name], new.stages[stage], gate)
                )
                if asked:
                    more[gate.path] = asked
        for spec in new.stages[stage].artefacts.values():
            earlier = old.artefacts.get(was.get(spec.path, ""))
            if earlier and _reshaped(old, new, earlier, spec):
                reshaped.append(spec.path)
    return Moves(
        stages=changed_names(matched.stages),
        artefacts=changed_names(matched.artefacts),
        tasks=changed_names(matched.tasks),
        checkpoints=changed_names(matched.checkpoints),
        names={stage: each for stage, each in names.items() if each},
        remade=remade,
        more=more,
        reshaped=tuple(reshaped),
    )


def _same_work(before: TaskSpec, after: TaskSpec) -> bool:
    """Whether two tasks differ in their words and names alone."""
    return replace(before, digest=after.digest, title=after.title) == after


def _more(before: Stage, old: Checkpoint, now: Stage, new: Checkpoint) -> Iterator[str]:
    """Requirements of a gate that are new, or that ask otherwise than they did."""
    known = {each.id: each for each in old.requires}
    for each in new.requires:
        earlier = known.get(each.id)
        if earlier is None or _asks(before, earlier) != _asks(now, each):
            yield each.id


def _asks(stage: Stage, requirement: Requirement) -> tuple[object, ...]:
    """What a requirement asks for; its words and who may waive it aside, the params that it names with it."""
    text = requirement.check.condition.text if requirement.check else ""
    knobs = sorted(set(re.findall(r"\bparams\.(\w+)", text)))
    return (requirement.level, text, requirement.all_passed, *(stage.params.get(name) for name in knobs))


# --- a definition under its new names --------------------------------------------------------------


class _Carrying:
    """A stage of the old definition as it would be written with the names of the new one."""

    def __init__(self, matched: Pairs, former: str) -> None:
        self.matched, self.id = matched, matched.stages[former]
        self.artefacts = matched.names(former, "artefacts") | matched.names(former, "needs")
        self.needs = matched.names(former, "needs")
        self.tasks = matched.names(former, "tasks")
        self.checkpoints = matched.names(former, "checkpoints")

    def stage(self, stage: Stage) -> Stage:
        return replace(
            stage,
            id=self.id,
            needs={self.needs.get(name, name): self._need(need) for name, need in stage.needs.items()},
            after=tuple(self.matched.stages.get(name, name) for name in stage.after),
            enter=tuple(self._entry(each) for each in stage.enter),
            artefacts={self.artefacts.get(n, n): self._artefact(each) for n, each in stage.artefacts.items()},
            tasks={self.tasks.get(name, name): self._task(task) for name, task in stage.tasks.items()},
            checkpoints={
                self.checkpoints.get(n, n): self._gate(each) for n, each in stage.checkpoints.items()
            },
        )

    def _path(self, kind: str, path: str | None) -> str | None:
        paths: Mapping[str, str] = getattr(self.matched, kind)
        return paths.get(path, path) if path else path

    def _condition(self, condition: Condition) -> Condition:
        names = changed_names(self.artefacts)
        if not names:
            return condition
        pattern = r"\b(" + "|".join(map(re.escape, names)) + r")\b"
        return Condition.of(re.sub(pattern, lambda found: names[found[1]], condition.text))

    def _check(self, check: Check) -> Check:
        return replace(check, condition=self._condition(check.condition))

    def _need(self, need: Need) -> Need:
        return replace(
            need,
            id=self.needs.get(need.id, need.id),
            artefact=str(self._path("artefacts", need.artefact)),
            passed=self._path("checkpoints", need.passed),
        )

    def _entry(self, entry: Entry) -> Entry:
        check = self._check(entry.check) if entry.check else None
        return replace(entry, check=check, all_passed=self._path("checkpoints", entry.all_passed))

    def _each(self, each: Each | None) -> Each | None:
        if each is None:
            return None
        return replace(
            each,
            where=self._condition(each.where) if each.where else None,
            need=self.artefacts.get(each.need, each.need) if each.need else None,
        )

    def _artefact(self, spec: ArtefactSpec) -> ArtefactSpec:
        return replace(
            spec,
            stage=self.id,
            id=self.artefacts.get(spec.id, spec.id),
            part_of=self.artefacts.get(spec.part_of, spec.part_of) if spec.part_of else None,
            each=self._each(spec.each),
            checks=tuple(self._check(each) for each in spec.checks),
        )

    def _task(self, task: TaskSpec) -> TaskSpec:
        options = dict(task.options)
        if "rules_of" in options:
            options["rules_of"] = self.tasks.get(options["rules_of"], options["rules_of"])
        reopen = tuple(str(self._path("tasks", path)) for path in task.then.reopen)
        every = task.every
        if every and every.until:
            every = replace(every, until=self.artefacts.get(every.until, every.until))
        return replace(
            task,
            stage=self.id,
            id=self.tasks.get(task.id, task.id),
            title=self.tasks.get(task.id, task.id) if task.title == task.id else task.title,
            options=options,
            reads=tuple(self.artefacts.get(name, name) for name in task.reads),
            writes=self.artefacts.get(task.writes, task.writes) if task.writes else None,
            after=tuple(self.tasks.get(name, name) for name in task.after),
            when=self._condition(task.when) if task.when else None,
            prefill=self.artefacts.get(task.prefill, task.prefill) if task.prefill else None,
            every=every,
            then=replace(task.then, reopen=reopen),
            each=self._each(task.each),
        )

    def _gate(self, gate: Checkpoint) -> Checkpoint:
        return replace(
            gate,
            stage=self.id,
            id=self.checkpoints.get(gate.id, gate.id),
            requires=tuple(self._requirement(each) for each in gate.requires),
            sign_off={
                name: replace(
                    entry, actors_not=tuple(self.tasks.get(each, each) for each in entry.actors_not)
                )
                for name, entry in gate.sign_off.items()
            },
            on_return={name: self._choice(each) for name, each in gate.on_return.items()},
            show_also=tuple(self.artefacts.get(name, name) for name in gate.show_also),
        )

    def _requirement(self, each: Requirement) -> Requirement:
        return replace(
            each,
            id=self.artefacts.get(each.id, each.id) if each.level else each.id,
            check=self._check(each.check) if each.check else None,
            all_passed=self._path("checkpoints", each.all_passed),
        )

    def _choice(self, choice: Choice) -> Choice:
        return replace(choice, reopen=tuple(str(self._path("tasks", path)) for path in choice.reopen))
