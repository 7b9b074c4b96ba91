"""The tables. Rows with a `seq` are append-only and chained in the journal; people stand apart.

Moments are ISO 8601 texts in UTC, so that a row has one canonical form to digest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


def moment(value: datetime) -> str:
    """A moment as the store keeps it."""
    return value.astimezone(UTC).isoformat(timespec="seconds")


class School(SQLModel, table=True):
    """A school of this workspace."""

    id: str = Field(primary_key=True)
    title: str
    timezone: str
    added_at: str
    overlay: str = ""  # its file, from the workspace's folder on where it lies inside


class Programme(SQLModel, table=True):
    """One methodology, one school, one year; pinned to the bundle of its definition."""

    __table_args__ = (UniqueConstraint("school", "year", "name", name="programme_place"),)

    id: int | None = Field(default=None, primary_key=True)
    school: str = Field(foreign_key="school.id", index=True)
    year: str
    name: str = ""  # tells two programmes of one year apart
    bundle: str
    methodology: str
    started_at: str
    closed: int | None = None
    wake_at: str | None = Field(default=None, index=True)
    dirty: bool = Field(default=True, index=True)
    lease_owner: str = ""
    lease_until: float = 0.0
    lease_token: int = 0

    @property
    def place(self) -> str:
        """SCHOOL or SCHOOL/NAME: how commands call it, without the year."""
        return f"{self.school}/{self.name}" if self.name else self.school


class Content(SQLModel, table=True):
    """The data of papers by digest."""

    digest: str = Field(primary_key=True)
    body: str


class Artefact(SQLModel, table=True):
    """An accepted version of a paper. `programme` is 0 for what belongs to the school."""

    __table_args__ = (Index("artefact_place", "programme", "path", "key"),)

    seq: int = Field(primary_key=True)
    school: str = Field(index=True)
    programme: int
    path: str
    key: str
    digest: str
    origin: str
    inputs: str
    task_digest: str
    occurrence: str
    by: str
    at: str
    file: str = ""


class TaskFact(SQLModel, table=True):
    """Something that happened to a task: opened, done, failed, cleared, reopened, printed."""

    __table_args__ = (Index("taskfact_place", "programme", "task", "key"),)

    seq: int = Field(primary_key=True)
    programme: int
    task: str
    key: str
    kind: str
    by: str
    at: str
    note: str
    inputs: str


class StageFact(SQLModel, table=True):
    """A stage that was done for the first time, or the year that was closed (empty stage)."""

    seq: int = Field(primary_key=True)
    programme: int = Field(index=True)
    stage: str
    at: str


class Decision(SQLModel, table=True):
    """A signature, return or reject, with the evidence that it covers."""

    __table_args__ = (Index("decision_place", "programme", "gate", "key"),)

    seq: int = Field(primary_key=True)
    programme: int
    gate: str
    key: str
    sign_off: str
    verdict: str
    role: str
    by: str
    at: str
    evidence: str
    number: str
    date: str
    certificate: str
    reason: str
    choice: str
    completes: bool


class Waiver(SQLModel, table=True):
    """A requirement that somebody let go."""

    seq: int = Field(primary_key=True)
    programme: int = Field(index=True)
    gate: str
    key: str
    requirement: str
    role: str
    by: str
    at: str
    reason: str
    evidence: str


class Pin(SQLModel, table=True):
    """A programme follows an edit of its definition: the bundle before and from now on, and what moved.

    What stands before this row is read with its `moves`; the first pin is `before` of the first row.
    """

    seq: int = Field(primary_key=True)
    programme: int = Field(index=True)
    before: str
    bundle: str
    moves: str
    at: str


class Entry(SQLModel, table=True):
    """A line of the journal; `row` is the digest of the row that it stands for, `hash` chains it."""

    __tablename__ = "journal"

    seq: int = Field(primary_key=True)
    at: str
    kind: str
    programme: int
    row: str
    previous: str
    hash: str


class Request(SQLModel, table=True):
    """A caller's own key of something done, so that asking again does it once."""

    key: str = Field(primary_key=True)
    programme: int
    seq: int


class Letter(SQLModel, table=True):
    """A letter in the outbox: codes only; its text with names is written when it is delivered."""

    key: str = Field(primary_key=True)
    programme: int = Field(index=True)
    body: str
    at: str
    sent_at: str | None = None


class Person(SQLModel, table=True):
    """Names and contacts, sealed; everything else knows the code alone."""

    school: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    number: int
    wrapped_key: bytes
    sealed: bytes
    lookup: str = Field(index=True)


class PersonFact(SQLModel, table=True):
    """Somebody looked at a person's card, took what is kept of them away, or had the card erased."""

    seq: int = Field(primary_key=True)
    school: str
    code: str
    kind: str  # seen | exported | erased
    by: str
    at: str
    reason: str


class Assignment(SQLModel, table=True):
    """A role that a person has in a school."""

    school: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    role: str = Field(primary_key=True)


CHAINED: dict[str, Any] = {
    "artefact": Artefact,
    "task": TaskFact,
    "stage": StageFact,
    "decision": Decision,
    "waiver": Waiver,
    "pin": Pin,
    "person": PersonFact,
}
