"""What can be asked for at a moment: steps of the engine, and what people are asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from flows.engine.reasons import Reason
from flows.engine.snapshot import Member
from flows.engine.standing import Standing


@dataclass(frozen=True)
class Open:
    """A task opens for a key: a fact to store, from which its due date counts."""

    task: str
    key: str = ""


@dataclass(frozen=True)
class Run:
    """A task of the engine is to be executed for these keys; `inputs` are the digests that it reads."""

    task: str
    inputs: Mapping[str, Mapping[str, str]]

    @property
    def keys(self) -> list[str]:
        """The keys of the batch."""
        return list(self.inputs)


@dataclass(frozen=True)
class RecordSilence:
    """Nobody answered in time: the record that the definition gives for it is to be stored."""

    task: str
    key: str = ""


@dataclass(frozen=True)
class Tell:
    """Letters of a task's term, once an opening: to those who are asked, or to those it is passed on to."""

    task: str
    key: str
    kind: Literal["reminded", "escalated"]
    term: str  # the reminder's span as it is written
    who: tuple[str, ...]
    due: datetime
    opening: int  # seq of the opening that the term counts from


@dataclass(frozen=True)
class FinishStage:
    """A stage is done for the first time."""

    stage: str


@dataclass(frozen=True)
class CloseYear:
    """Every stage is done."""


@dataclass(frozen=True)
class Ask:
    """Somebody is to hand something in; `who` are codes where they are known."""

    task: str
    key: str
    role: str
    who: tuple[str, ...]
    since: datetime
    due: datetime | None
    late: bool
    reasons: tuple[Reason, ...] = ()
    escalated: bool = False  # asked of somebody to whom it was passed on


@dataclass(frozen=True)
class Sign:
    """Somebody is to sign a gate."""

    gate: str
    key: str
    sign_off: str
    role: str


@dataclass(frozen=True)
class MayWaive:
    """An unmet requirement that somebody may let go."""

    gate: str
    key: str
    requirement: str
    roles: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Mend:
    """A group is frozen: replace, remove or end; `tasks` are the ways that the definition gives."""

    group: Member
    role: str
    tasks: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class ClearIncident:
    """A task failed as often as `retry` allows; somebody is to look at it."""

    task: str
    key: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Renew:
    """A paper runs out soon."""

    artefact: str
    key: str
    role: str
    until: date


Step = (
    Open
    | Run
    | RecordSilence
    | Tell
    | FinishStage
    | CloseYear
    | Ask
    | Sign
    | MayWaive
    | Mend
    | ClearIncident
    | Renew
)
ENGINE_STEPS = (Open, Run, RecordSilence, Tell, FinishStage, CloseYear)


@dataclass(frozen=True)
class Plan:
    """Steps, and the next moment at which time alone changes something (also by member)."""

    steps: tuple[Step, ...]
    wake_at: datetime | None
    wakes: Mapping[str, datetime] = field(default_factory=dict)
    standing: Standing | None = field(default=None, compare=False)
