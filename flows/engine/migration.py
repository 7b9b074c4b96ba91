"""What an edit of the definitions would do to one running programme.

The engine answers twice, by the old definition and by the new one, each at rest at the same moment; the
effect is the difference of its answers, so it cannot disagree with doing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from flows.engine.differences import Change, Differences
from flows.engine.gates import Gate
from flows.engine.reasons import Reason
from flows.engine.settling import settled
from flows.engine.snapshot import Snapshot
from flows.engine.standing import StageStanding
from flows.engine.steps import ENGINE_STEPS, Plan, Step
from schemas.model import Methodology
from schemas.stage import ArtefactSpec

Class = Literal["untouched", "future", "active", "falls"]
CLASSES: tuple[Class, ...] = ("falls", "active", "future", "untouched")  # the gravest first
Kind = Literal["stages", "tasks", "papers", "checkpoints"]
KINDS: tuple[Kind, ...] = ("stages", "tasks", "papers", "checkpoints")
Place = tuple[str, str]  # path and key
Explained = StageStanding | Gate | ArtefactSpec  # what a place has reasons by

GOOD: Mapping[Kind, frozenset[str]] = {  # states of work that is done
    "stages": frozenset({"done"}),
    "tasks": frozenset({"done"}),
    "papers": frozenset({"valid", "approved"}),
    "checkpoints": frozenset({"approved"}),
}
REST = frozenset({"ended", "rejected", "withdrawn", "not_owed"})  # nothing is expected of these any more
AHEAD = frozenset({"waiting", "not_ready", "missing", "on_request"})  # of these not yet


@dataclass(frozen=True)
class Shift:
    """A state that is another: of one place, or of many keys alike. None: there is no such thing then."""

    kind: Kind
    item: str
    before: str | None
    after: str | None
    keys: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()  # roles whose signatures fall
    reasons: tuple[Reason, ...] = ()

    @property
    def effect(self) -> Literal["created", "removed", "falls", "changed"]:
        """What happens to it."""
        if self.before is None:
            return "created"
        if self.after is None:
            return "removed"
        kept = GOOD[self.kind] | REST
        fell = self.before in GOOD[self.kind] and self.after not in kept
        return "falls" if fell or self.signatures else "changed"


@dataclass(frozen=True)
class Date:
    """A last day that moves."""

    item: str
    key: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class MigrationPlan:
    """The effect on one programme; `ahead` are changes of what it has not come to yet or may come to again."""

    effect: Class
    closed: bool = False
    shifts: tuple[Shift, ...] = ()
    dates: tuple[Date, ...] = ()
    asked: Plan = field(default_factory=lambda: Plan((), None))
    no_longer: Plan = field(default_factory=lambda: Plan((), None))
    ahead: tuple[Change, ...] = ()
    kept: Mapping[Kind, int] = field(default_factory=dict)


def plan(
    old: Methodology, new: Methodology, between: Differences, snapshot: Snapshot, now: datetime
) -> MigrationPlan:
    """Compare where a programme stands by both definitions; a closed year is never touched."""
    if snapshot.closed is not None:
        return MigrationPlan("untouched", closed=True)
    if not between.changes:
        return MigrationPlan("untouched")
    seq = last_seq(snapshot)
    before = _Answers(settled(old, snapshot, now, seq), between.paths)
    after = _Answers(settled(new, between.moves.applied(snapshot, seq + 1), now, seq + 1), {})
    shifts = tuple(_shifts(before, after))
    dates = tuple(_dates(before, after))
    asked = _more_asked(after, before)
    no_longer = _more_asked(before, after)
    ahead = tuple(each for each in between.changes if _is_ahead(each, before, after))
    effect = _class(shifts, bool(dates or asked.steps or no_longer.steps), ahead, before, after)
    if effect == "untouched":
        return MigrationPlan(effect)
    kept = {
        kind: sum(getattr(after, kind).get(place) == state for place, state in getattr(before, kind).items())
        for kind in KINDS
    }
    return MigrationPlan(effect, False, shifts, dates, asked, no_longer, ahead, kept)


def last_seq(snapshot: Snapshot) -> int:
    """The newest number in a snapshot."""
    places = (snapshot.versions, snapshot.facts, snapshot.decisions, snapshot.waivers)
    newest = [
        events[-1].seq
        for each in places
        for keys in each.values()
        for events in keys.values()
        if events
    ]  # fmt: skip
    return max([0, *newest, *snapshot.stages_done.values()])


class _Answers:
    """Everything that the engine says of a programme at rest, by place, in the names of the new definition."""

    def __init__(self, found: Plan, paths: Mapping[str, str]) -> None:
        assert found.standing is not None
        self.found, self.standing, self.paths = found, found.standing, paths
        methodology, standing = self.standing.methodology, self.standing
        self.stages: dict[Place, str] = {}
        self.tasks: dict[Place, str] = {}
        self.papers: dict[Place, str] = {}
        self.checkpoints: dict[Place, str] = {}
        self.signed: dict[Place, dict[str, str]] = {}
        self.dues: dict[Place, datetime | None] = {}
        self.explained: dict[tuple[Kind, Place], Explained] = {}
        for stage in methodology.stages.values():
            about = standing.stage(stage)
            here = (self.now(stage.id), "")
            self.stages[here] = about.state
            self.explained["stages", here] = about
            for task in stage.tasks.values():
                for key in standing.task_keys(task):
                    work = standing.work.task(task, key)
                    here = (self.now(task.path), key)
                    self.tasks[here] = work.state
                    if work.state == "open":
                        self.dues[here] = work.due
            for spec in stage.artefacts.values():
                for key in standing.papers.keys(spec):
                    here = (self.now(spec.path), key)
                    self.papers[here] = standing.paper_state(spec, key)
                    self.explained["papers", here] = spec
            for checkpoint in stage.checkpoints.values():
                for key in standing.gate_keys(checkpoint):
                    gate = standing.gates.gate(checkpoint, key)
                    here = (self.now(checkpoint.path), key)
                    self.checkpoints[here] = gate.state
                    self.signed[here] = {name: each.role for name, each in (gate.signed or {}).items()}
                    self.explained["checkpoints", here] = gate

    def now(self, path: str) -> str:
        """A path in the names of the new definition."""
        return self.paths.get(path, path)

    def reasons(self, kind: Kind, place: Place) -> tuple[Reason, ...]:
        """Why something is as it is; nothing for a task, whose paper says it."""
        found = self.explained.get((kind, place))
        if isinstance(found, ArtefactSpec):  # looked at only where it is told
            return self.standing.papers.record(found, place[1]).reasons
        return found.reasons if found else ()

    def asked(self) -> dict[tuple[str, ...], Step]:
        """What people are asked for, by what makes two of it the same."""
        found: dict[tuple[str, ...], Step] = {}
        for step in self.found.steps:
            if isinstance(step, ENGINE_STEPS):
                continue
            values = {name: getattr(step, name, "") for name in ("task", "gate", "artefact", "key", "role")}
            path = str(values["task"] or values["gate"] or values["artefact"] or getattr(step, "group", ""))
            asks = str(getattr(step, "requirement", ""))
            found[type(step).__name__, self.now(path), values["key"], values["role"], asks] = step
        return found

    def stage_done(self, item: str) -> bool:
        """Whether the stage of a path is done; one that is not there has nothing left to do."""
        return self.stages.get((item.split("/")[0], ""), "done") == "done"


def _shifts(before: _Answers, after: _Answers) -> Iterator[Shift]:
    for kind in KINDS:
        old: Mapping[Place, str] = getattr(before, kind)
        new: Mapping[Place, str] = getattr(after, kind)
        alike: dict[tuple[str, str | None, str | None, tuple[str, ...]], list[Place]] = {}
        for place in dict.fromkeys([*old, *new]):
            was, is_now = old.get(place), new.get(place)
            fallen = tuple(_fallen(before, after, place)) if kind == "checkpoints" and was and is_now else ()
            if was != is_now or fallen:
                alike.setdefault((place[0], was, is_now, fallen), []).append(place)
        for (item, was, is_now, fallen), places in alike.items():
            told = after.reasons(kind, places[0]) if was is not None else ()
            yield Shift(kind, item, was, is_now, tuple(key for _, key in places if key), fallen, told)


def _fallen(before: _Answers, after: _Answers, place: Place) -> Iterator[str]:
    """Roles whose signatures stood and stand no more; one that is asked for no more does not fall."""
    stage, name = place[0].split("/")
    entries = after.standing.methodology.stages[stage].checkpoints[name].sign_off
    for sign_off, role in before.signed[place].items():
        if sign_off in entries and sign_off not in after.signed[place]:
            yield role


def _dates(before: _Answers, after: _Answers) -> Iterator[Date]:
    for (item, key), due in before.dues.items():
        if (item, key) in after.dues and after.dues[item, key] != due:
            yield Date(item, key, due, after.dues[item, key])


def _more_asked(one: _Answers, other: _Answers) -> Plan:
    """What the one asks people for and the other does not."""
    known = other.asked()
    steps = tuple(step for name, step in one.asked().items() if name not in known)
    return Plan(steps, None, standing=one.standing)


def _is_ahead(change: Change, before: _Answers, after: _Answers) -> bool:
    """Whether a change of the definition concerns what a programme has still to do, or may do at any time."""
    if change.kind == "renamed" or change.part == "methodology":
        return True
    if not (before.stage_done(change.item) and after.stage_done(change.item)):
        return True
    task = after.standing.methodology.tasks.get(change.item) if change.part == "task" else None
    return bool(task and task.on_request)


def _class(
    shifts: Iterable[Shift], moved: bool, ahead: Iterable[Change], before: _Answers, after: _Answers
) -> Class:
    found: Class = "active" if moved else "future" if any(True for _ in ahead) else "untouched"
    for shift in shifts:
        if shift.effect == "falls":
            return "falls"
        if _is_active(shift):
            found = "active"
        elif found == "untouched" and not (before.stage_done(shift.item) and after.stage_done(shift.item)):
            found = "future"
    return found


def _is_active(shift: Shift) -> bool:
    """Whether work that somebody has begun or must begin now is another; not what is still ahead."""
    states = {each for each in (shift.before, shift.after) if each is not None}
    if shift.effect == "changed":
        return not states <= AHEAD
    return not states <= AHEAD | REST | GOOD[shift.kind]
