"""A methodology as frozen values: what `definitions/` says, read, checked and ready to decide on.

Paths are `stage/artefact`, `stage/task`, `stage/checkpoint`; LANGUAGE words keep their names here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal

from schemas.conditions import Condition

Level = Literal["valid", "approved"]
Act = Literal["approve", "accept", "agree", "opinion"]


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: years and months, or days and less; on the school calendar only days count."""

    months: int = 0
    rest: timedelta = timedelta()
    school_days: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """Who may act; `of` names the register whose members have it, `body` a collective."""

    id: str
    title: str
    body: bool = False
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """A set whose members pass gates one by one; `members` maps registers to fields of its rows."""

    id: str
    title: str
    table: str
    key: str
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of mentoring and the portraits that its two sides must meet."""

    id: str
    title: str
    variants: Mapping[str, str]
    portraits: Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class Each:
    """For whom a keyed artefact is owed: members of a register, or the items of a list field."""

    register: str | None = None
    where: Condition | None = None
    need: str | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on papers with the words that say what is wrong when it does not hold."""

    id: str
    condition: Condition
    message: str
    blocks: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class InForce:
    """A paper is in force through the day in field `until`; `warn` before it runs out."""

    until: str
    warn: Span | None = None


@dataclass(frozen=True, slots=True)
class ArtefactSpec:
    """A paper that a stage owes."""

    stage: str
    id: str
    title: str
    schema: str
    each: Each | None = None
    required: bool = False
    checks: tuple[Check, ...] = ()
    in_force: InForce | None = None
    of_school: bool = False

    path: str = field(init=False, default="")  # `stage/artefact`

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"{self.stage}/{self.id}")


@dataclass(frozen=True, slots=True)
class Need:
    """A paper of another stage that this one is made from."""

    id: str
    artefact: str
    level: Level = "valid"
    passed: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A further condition of opening: a check, or a gate that all members have passed."""

    id: str
    check: Check | None = None
    all_passed: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Until when: a span from the opening, or a month and day of the programme's year."""

    within: Span | None = None
    by: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """Work that recurs each `period` until the artefact `until` exists."""

    period: Span
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Then:
    """What the acceptance of a task's paper brings about."""

    ends: str | None = None
    leave: bool = False
    reopen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """When a survey stops waiting for answers."""

    share: float | None = None
    after: Span | None = None


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """Work of a stage: who does it, what it reads and the one artefact that it writes."""

    stage: str
    id: str
    uses: str
    title: str
    options: Mapping[str, Any]
    role: str | None = None
    of_row: bool = False
    reads: tuple[str, ...] = ()
    writes: str | None = None
    after: tuple[str, ...] = ()
    when: Condition | None = None
    prefill: str | None = None
    due: Due | None = None
    if_silent: Mapping[str, Any] | None = None
    every: Every | None = None
    on_request: bool = False
    then: Then = field(default_factory=Then)
    retries: int = 0
    timeout: timedelta | None = None
    closing: Closing | None = None
    each: Each | None = None
    digest: str = ""

    path: str = field(init=False, default="")  # `stage/task`

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"{self.stage}/{self.id}")


@dataclass(frozen=True, slots=True)
class Waive:
    """Who may let a requirement go, always with a reason."""

    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a gate asks for: an artefact's level, a check, or a gate that all passed."""

    id: str
    level: Level | None = None
    check: Check | None = None
    all_passed: str | None = None
    waive: Waive | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """One signature of a gate and its place in the order."""

    id: str
    role: str
    act: Act = "approve"
    recorded_by: str | None = None
    after: tuple[str, ...] = ()
    actors_not: tuple[str, ...] = ()
    asks: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A way of sending back: which tasks open again."""

    id: str
    title: str
    reopen: tuple[str, ...]


@dataclass(frozen=True)
class Checkpoint:
    """A gate: what it requires, who signs in which order, where it may send back to."""

    stage: str
    id: str
    title: str
    register: str | None
    requires: tuple[Requirement, ...]
    sign_off: Mapping[str, SignOff]
    on_return: Mapping[str, Choice]
    show_also: tuple[str, ...] = ()
    verdicts: Mapping[str, str] = field(default_factory=dict)

    path: str = field(init=False, default="")  # `stage/checkpoint`

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"{self.stage}/{self.id}")

    @cached_property
    def papers(self) -> tuple[str, ...]:
        """Ids of the artefacts that a signature covers."""
        return tuple(each.id for each in self.requires if each.level)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: the papers it needs and owes, its tasks and its gates."""

    id: str
    number: int
    title: str
    params: Mapping[str, Any]
    needs: Mapping[str, Need]
    after: tuple[str, ...]
    enter: tuple[Entry, ...]
    artefacts: Mapping[str, ArtefactSpec]
    tasks: Mapping[str, TaskSpec]
    checkpoints: Mapping[str, Checkpoint]
    may_reopen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """One side of an indicator: members of a register, or a number in a paper."""

    register: str | None = None
    where: Condition | None = None
    artefact: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A share that the programme is measured by."""

    id: str
    title: str
    numerator: Count
    denominator: Count
    target: float | None = None


@dataclass(frozen=True)
class Methodology:
    """Everything that a programme runs by."""

    id: str
    version: str
    language: str
    title: str
    week: int
    starts: tuple[int, int]
    ends: tuple[int, int]
    roles: Mapping[str, Role]
    forms: Mapping[str, Form]
    registers: Mapping[str, Register]
    indicators: Mapping[str, Indicator]
    stages: Mapping[str, Stage]
    surveys: Mapping[str, Mapping[str, Any]]
    schemas: Mapping[str, Mapping[str, Any]]
    digest: str = ""

    def artefact(self, path: str) -> ArtefactSpec:
        """The artefact at `stage/artefact`; KeyError where there is none."""
        return self.artefacts[path]

    def task(self, path: str) -> TaskSpec:
        """The task at `stage/task`; KeyError where there is none."""
        return self.tasks[path]

    def checkpoint(self, path: str) -> Checkpoint:
        """The checkpoint at `stage/checkpoint`; KeyError where there is none."""
        return self.checkpoints[path]

    # What follows from the definition alone is found once, not at every look at a programme.

    @cached_property
    def artefacts(self) -> Mapping[str, ArtefactSpec]:
        """All artefacts by path."""
        return {each.path: each for stage in self.stages.values() for each in stage.artefacts.values()}

    @cached_property
    def tasks(self) -> Mapping[str, TaskSpec]:
        """All tasks by path."""
        return {each.path: each for stage in self.stages.values() for each in stage.tasks.values()}

    @cached_property
    def checkpoints(self) -> Mapping[str, Checkpoint]:
        """All checkpoints by path."""
        return {each.path: each for stage in self.stages.values() for each in stage.checkpoints.values()}

    @cached_property
    def writers(self) -> Mapping[str, TaskSpec]:
        """The task that writes an artefact, by the artefact's path."""
        return {f"{task.stage}/{task.writes}": task for task in self.tasks.values() if task.writes}

    @cached_property
    def tables(self) -> Mapping[str, str]:
        """The register whose table an artefact is, by the artefact's path."""
        return {register.table: name for name, register in self.registers.items()}

    @cached_property
    def gates_of(self) -> Mapping[str, tuple[Checkpoint, ...]]:
        """The gates that members of a register pass, by register."""
        gates = self.checkpoints.values()
        return {name: tuple(gate for gate in gates if gate.register == name) for name in self.registers}

    @cached_property
    def enders_of(self) -> Mapping[str, tuple[TaskSpec, ...]]:
        """The tasks whose paper ends a member of a register, by register."""
        tasks = self.tasks.values()
        return {name: tuple(task for task in tasks if task.then.ends == name) for name in self.registers}

    @cached_property
    def intakes(self) -> Mapping[str, tuple[Checkpoint, ...]]:
        """Programme-level gates, with a dated signature, that require a register's table, by register."""
        return {
            name: tuple(
                gate
                for gate in self.stages[register.table.split("/")[0]].checkpoints.values()
                if gate.register is None
                and register.table.split("/")[1] in gate.papers
                and any(entry.asks.get("date") for entry in gate.sign_off.values())
            )
            for name, register in self.registers.items()
        }

    @cached_property
    def covering(self) -> Mapping[str, tuple[Checkpoint, ...]]:
        """The gates that require an artefact `valid`, by the artefact's path."""
        found: dict[str, tuple[Checkpoint, ...]] = {}
        for gate in self.checkpoints.values():
            for requirement in gate.requires:
                if requirement.level == "valid":
                    path = f"{gate.stage}/{requirement.id}"
                    found[path] = (*found.get(path, ()), gate)
        return found

    @cached_property
    def reopened_by_gates(self) -> Mapping[str, tuple[Checkpoint, ...]]:
        """The gates that may send back to a task, by the task's path."""
        found: dict[str, tuple[Checkpoint, ...]] = {}
        for gate in self.checkpoints.values():
            for path in dict.fromkeys(path for choice in gate.on_return.values() for path in choice.reopen):
                found[path] = (*found.get(path, ()), gate)
        return found

    @cached_property
    def reopened_by_tasks(self) -> Mapping[str, tuple[TaskSpec, ...]]:
        """The tasks whose paper opens a task again, by that task's path."""
        found: dict[str, tuple[TaskSpec, ...]] = {}
        for task in self.tasks.values():
            for path in task.then.reopen:
                found[path] = (*found.get(path, ()), task)
        return found

    @cached_property
    def with_reals(self) -> frozenset[str]:
        """Artefact schemas that have a number with a fraction somewhere."""
        return frozenset(name for name, schema in self.schemas.items() if _has_reals(schema))

    def year(self, label: str) -> tuple[date, date]:
        """First and last day of a programme's year; `2026/27` ends in the second of its years."""
        first, _, second = label.partition("/")
        last = int(first[: 4 - len(second)] + second) if second else int(first)
        return date(int(first), *self.starts), date(last, *self.ends)


def _has_reals(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return schema.get("type") == "number" or any(_has_reals(each) for each in schema.values())
    return isinstance(schema, list) and any(_has_reals(each) for each in schema)
