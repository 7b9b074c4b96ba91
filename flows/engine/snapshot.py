"""What has happened in a programme, as immutable values: the engine's only input beside the clock.

Order comes from `seq`, the store's counter, never from time. A key is the code of a register's
member (or an item of a list); the empty key stands for the programme itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from schemas.digests import digest

Origin = Literal["handed", "made", "silent", "collected"]
Verdict = Literal["approve", "return", "reject"]
Evidence = Mapping[str, Any]  # artefact id → digest, or {key: digest} of a keyed one


class Member(NamedTuple):
    """A member of a register."""

    register: str
    key: str


class Row(NamedTuple):
    """A row of a register's table with its digest."""

    data: Mapping[str, Any]
    digest: str


@dataclass(frozen=True)
class Version:
    """An accepted version of a paper: a digest plus its acceptance.

    `inputs` maps what it was made from to digests; `occurrence` tells records of recurring work apart.
    """

    seq: int
    digest: str
    data: Any
    at: datetime
    by: str = ""
    origin: Origin = "handed"
    inputs: Mapping[str, str] = field(default_factory=dict)
    task_digest: str = ""
    occurrence: str = ""
    number: int = 1

    def rows_by(self, key: str) -> Mapping[str, Row]:
        """Rows of a table by the field `key`; digested once."""
        cached = self.__dict__.get("_rows")
        if cached is None:
            cached = {row[key]: Row(row, digest(row)) for row in self.data.get("rows", ()) if row.get(key)}
            self.__dict__["_rows"] = cached
        found: Mapping[str, Row] = cached
        return found

    def places(self, key: str, field_name: str) -> Mapping[str, Sequence[str]]:
        """For each code in a list field of the rows, the keys of the rows that it stands in; found once."""
        name = f"_places_{field_name}"
        if name not in self.__dict__:
            index: dict[str, list[str]] = {}
            for row_key, row in self.rows_by(key).items():
                for code in row.data.get(field_name, ()):
                    index.setdefault(code, []).append(row_key)
            self.__dict__[name] = index
        found: Mapping[str, Sequence[str]] = self.__dict__[name]
        return found


FactKind = Literal["opened", "done", "failed", "cleared", "reopened", "printed", "reminded", "escalated"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a task.

    `note` is a failure's code, a reopening's reason, a print's data digest or a reminder's term.
    """

    seq: int
    kind: FactKind
    at: datetime
    by: str = ""
    note: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """A signature of a gate, a return or a reject, with the evidence that it covers."""

    seq: int
    sign_off: str
    verdict: Verdict
    role: str
    by: str
    at: datetime
    evidence: Evidence = field(default_factory=dict)
    number: str = ""
    date: date | None = None
    certificate: str = ""
    reason: str = ""
    choice: str = ""
    completes: bool = False


@dataclass(frozen=True, slots=True)
class Waiver:
    """A requirement that somebody let go, with the reason and what it was decided on."""

    seq: int
    requirement: str
    role: str
    by: str
    at: datetime
    reason: str
    evidence: Evidence = field(default_factory=dict)


Versions = Mapping[str, Mapping[str, Sequence[Version]]]  # artefact path → key → versions, oldest first


@dataclass(frozen=True)
class Snapshot:
    """All facts of one programme."""

    school: str
    year: str
    zone: ZoneInfo
    versions: Versions = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Sequence[Fact]]] = field(default_factory=dict)  # by task path
    decisions: Mapping[str, Mapping[str, Sequence[Decision]]] = field(default_factory=dict)  # by gate path
    waivers: Mapping[str, Mapping[str, Sequence[Waiver]]] = field(default_factory=dict)  # by gate path
    holders: Mapping[str, Sequence[str]] = field(default_factory=dict)  # role → codes
    stages_done: Mapping[str, int] = field(default_factory=dict)  # stage → seq of the first time
    closed: int | None = None  # seq at which the year was closed
    closed_at: datetime | None = None
    name: str = ""  # of the programme, where the school runs two in the year
    # gate path → requirement → seq: a signature from before that seq did not know the requirement
    asked_more: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reshaped: Mapping[str, int] = field(default_factory=dict)  # artefact path → seq of its newest schema

    @property
    def place(self) -> str:
        """SCHOOL or SCHOOL/NAME."""
        return f"{self.school}/{self.name}" if self.name else self.school

    def versions_of(self, path: str, key: str = "") -> Sequence[Version]:
        """Versions of a paper, oldest first."""
        return self.versions.get(path, {}).get(key, ())

    def facts_of(self, task: str, key: str = "") -> Sequence[Fact]:
        """Facts of a task, oldest first."""
        return self.facts.get(task, {}).get(key, ())

    def decisions_on(self, gate: str, key: str = "") -> Sequence[Decision]:
        """Decisions on a gate, oldest first."""
        return self.decisions.get(gate, {}).get(key, ())

    def waivers_of(self, gate: str, key: str = "") -> Sequence[Waiver]:
        """Waivers on a gate, oldest first."""
        return self.waivers.get(gate, {}).get(key, ())
