"""A stage as frozen values: its papers, tasks and gates as `stages/*.yaml` declares them.

Paths are `stage/artefact`, `stage/task`, `stage/checkpoint`; LANGUAGE words keep their names here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

from schemas.conditions import Condition
from schemas.spans import Span

Level = Literal["valid", "approved"]
Act = Literal["approve", "accept", "agree", "opinion"]


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
    kept_when_stale: bool = False
    personal: bool = False  # what stands in it is told to nobody in passing
    retention: Span | None = (
        None  # how long it is kept after the programme, or after it has ceased to be in force
    )
    visible_to: tuple[str, ...] = ()  # roles that may read it; everybody's where it is empty
    part_of: str | None = None  # the paper of the same stage that it is a section of

    path: str = field(init=False, default="")  # `stage/artefact`

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"{self.stage}/{self.id}")

    @property
    def confidential(self) -> bool:
        """Whether its values stand in no reason, no list and no board."""
        return self.personal or bool(self.visible_to)


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
    """Until when: a span from the opening, or a month and day of the programme's year.

    On the school calendar a month and day that is free means the last school day before it.
    """

    within: Span | None = None
    by: tuple[int, int] | None = None
    school_day: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told of a task that stays undone so long after its due date."""

    after: Span
    role: str


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
    reminders: Mapping[str, Span] = field(default_factory=dict)  # by the term as it is written
    escalation: Escalation | None = None
    if_silent: Mapping[str, Any] | None = None
    every: Every | None = None
    on_request: bool = False
    then: Then = field(default_factory=Then)
    retries: int = 0
    timeout: timedelta | None = None
    closing: Closing | None = None
    each: Each | None = None
    digest: str = ""
    source: str = ""  # digest of the survey and the template that it is made with

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

    def is_opinion(self, sign_off: str) -> bool:
        """Whether a signature only gives an opinion; one that is asked for no more decides what it decided."""
        return sign_off in self.sign_off and self.sign_off[sign_off].act == "opinion"


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
    renamed: Mapping[str, str] = field(
        default_factory=dict
    )  # former id of a part, or of the stage → its id now
