"""A methodology as frozen values: what `definitions/` says, read, checked and ready to decide on.

What its stages consist of stands in `stage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from schemas.conditions import Condition
from schemas.month_days import of_year
from schemas.school_days import SchoolDays
from schemas.stage import ArtefactSpec, Checkpoint, Stage, TaskSpec


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
    school_days: SchoolDays
    starts: tuple[int, int]
    ends: tuple[int, int]
    roles: Mapping[str, Role]
    forms: Mapping[str, Form]
    registers: Mapping[str, Register]
    indicators: Mapping[str, Indicator]
    stages: Mapping[str, Stage]
    surveys: Mapping[str, Mapping[str, Any]]
    schemas: Mapping[str, Mapping[str, Any]]
    columns: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # schemas by the path of an artefact
    digest: str = ""
    overlays: tuple[str, ...] = ()  # `id@version` of what lies on it, first to last

    def schema_of(self, spec: ArtefactSpec) -> Mapping[str, Any]:
        """The schema of an artefact, with the columns that its table has here."""
        return self.columns.get(spec.path) or self.schemas[spec.schema]

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
    def parts(self) -> Mapping[str, tuple[ArtefactSpec, ...]]:
        """The papers that are parts of another one, by that one's path."""
        found: dict[str, tuple[ArtefactSpec, ...]] = {}
        for spec in self.artefacts.values():
            if spec.part_of:
                whole = f"{spec.stage}/{spec.part_of}"
                found[whole] = (*found.get(whole, ()), spec)
        return found

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

    @cached_property
    def verdicts(self) -> dict[Any, Any]:
        """The engine's memory of conditions that it judged on data seen before; its types are the engine's own."""
        return {}

    def year(self, label: str) -> tuple[date, date]:
        """First and last day of a programme's year; `2026/27` ends in the second of its years."""
        first = int(label.partition("/")[0])
        return of_year(first, self.starts, self.ends)


def _has_reals(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return schema.get("type") == "number" or any(_has_reals(each) for each in schema.values())
    return isinstance(schema, list) and any(_has_reals(each) for each in schema)
