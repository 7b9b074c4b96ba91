"""Plays one programme on the pure engine with a virtual clock: papers, decisions and time, no store, no Prefect."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from flows.engine import decisions, moments
from flows.engine.decisions import Request, Ruling
from flows.engine.pool import GROUP_CODE
from flows.engine.reconcile import asked, next_steps
from flows.engine.snapshot import Decision, Fact, Member, Origin, Snapshot, Version, Waiver
from flows.engine.standing import Standing
from flows.engine.steps import (
    ENGINE_STEPS,
    CloseYear,
    FinishStage,
    Open,
    Plan,
    RecordSilence,
    Run,
    Step,
    Tell,
)
from schemas.digests import digest
from schemas.model import Methodology
from schemas.problems import Problem
from schemas.stage import TaskSpec
from tasks.catalogue import function

AT_ONCE = 50  # rounds after which an engine that still finds steps is said not to come to rest
COLLECTS = ("survey", "training")


class Restless(Exception):
    """The engine finds steps again and again; the argument is the last of them."""


class Player:
    """Everything handed in and decided so far, and the clock; `branch` makes another one that goes on alone."""

    group_code = GROUP_CODE

    def __init__(
        self, methodology: Methodology, year: str, now: datetime, holders: Mapping[str, Sequence[str]]
    ) -> None:
        self.methodology, self.year, self.now = methodology, year, now
        self.zone: ZoneInfo = now.tzinfo if isinstance(now.tzinfo, ZoneInfo) else ZoneInfo("UTC")
        self.holders = dict(holders)
        self.seq = 0
        self.closed: int | None = None
        self.closed_at: datetime | None = None
        self.versions: Any = defaultdict(lambda: defaultdict(list))
        self.facts: Any = defaultdict(lambda: defaultdict(list))
        self.decisions: Any = defaultdict(lambda: defaultdict(list))
        self.waivers: Any = defaultdict(lambda: defaultdict(list))
        self.stages_done: dict[str, int] = {}
        self.failing: set[str] = set()
        self.letters: list[Tell] = []  # that would lie in the outbox, oldest first
        self.results: dict[str, Any] = {}  # what tasks of the engine make, by task path
        self.params: Mapping[str, Mapping[str, Any]] = {}  # other values than the definition's, by stage
        self._seen: tuple[object, Standing] | None = None
        self._settled: tuple[object, Plan] | None = None

    def branch(self, methodology: Methodology | None = None) -> Player:
        """A player in the same state, perhaps under another definition; this one is left as it is."""
        other = copy.copy(self)
        other.methodology = methodology or self.methodology
        for name in ("versions", "facts", "decisions", "waivers"):
            mine: Any = defaultdict(lambda: defaultdict(list))
            for path, keys in getattr(self, name).items():
                for key, records in keys.items():
                    mine[path][key] = list(records)
            setattr(other, name, mine)
        other.stages_done, other.failing = dict(self.stages_done), set(self.failing)
        other.results, other.holders = dict(self.results), dict(self.holders)
        other.letters = list(self.letters)
        other._seen = other._settled = None
        return other

    def tick(self) -> int:
        """The next number of the one order in which everything happens."""
        self.seq += 1
        return self.seq

    @property
    def snapshot(self) -> Snapshot:
        """What has happened so far."""
        return Snapshot(
            "s", self.year, self.zone, self.versions, self.facts, self.decisions, self.waivers, self.holders,
            dict(self.stages_done), self.closed, self.closed_at,
        )  # fmt: skip

    @property
    def standing(self) -> Standing:
        """Where the programme stands; found once for each state and moment."""
        if self._seen is None or self._seen[0] != self._state:
            self._seen = (self._state, Standing(self.methodology, self.snapshot, self.now))
        return self._seen[1]

    @property
    def _state(self) -> object:
        return self.seq, self.now, id(self.methodology), str(self.holders)

    def plan(self, only: list[Member] | None = None) -> Plan:
        """What is to be done now."""
        return next_steps(self.methodology, self.snapshot, self.now, only)

    # --- people ------------------------------------------------------------------------------

    def accept(self, path: str, key: str, data: Any, by: str, origin: Origin = "handed") -> None:
        """Record a paper; whether it may be handed in was asked before."""
        spec = self.methodology.artefact(path)
        papers = self.standing.papers
        task = papers.writer(spec)
        inputs = papers.inputs(task, key) if task and origin == "handed" else {}
        occurrence = str(data.get("date", "")) if papers.recurs(spec) else ""
        self.versions[path][key].append(
            Version(self.tick(), digest(data), data, self.now, by, origin, inputs, occurrence=occurrence)
        )

    def decide(self, gate: str, key: str, request: Request) -> list[Problem]:
        """Record a decision on a gate, or say everything against it."""
        ruling = decisions.decide(self.standing, self.methodology.checkpoint(gate), key, request)
        if not isinstance(ruling, Ruling):
            return ruling
        self.decisions[gate][key].append(
            Decision(
                self.tick(), ruling.sign_off, request.verdict, request.role, request.by, self.now, ruling.evidence,
                request.number, request.date, request.certificate, request.reason, ruling.choice, ruling.completes,
            )
        )  # fmt: skip
        return []

    def let_go(self, gate: str, key: str, requirement: str, role: str, by: str, reason: str) -> list[Problem]:
        """Let a requirement go, or say everything against it."""
        checkpoint = self.methodology.checkpoint(gate)
        evidence = decisions.waive(self.standing, checkpoint, key, requirement, role, by, reason)
        if not isinstance(evidence, dict):
            return evidence
        self.waivers[gate][key].append(Waiver(self.tick(), requirement, role, by, self.now, reason, evidence))
        return []

    def note(self, task: str, key: str, kind: Any) -> None:
        """Something happened to a task."""
        self.facts[task][key].append(Fact(self.tick(), kind, self.now))

    # --- time --------------------------------------------------------------------------------

    def pass_until(self, target: datetime) -> None:
        """Let time pass, moment by moment as `wake_at` says."""
        while True:
            wake = self.settle().wake_at
            if wake is None or wake > target:
                break
            self.now = wake.astimezone(UTC)
        self.now = target
        self.settle()

    # --- the engine --------------------------------------------------------------------------

    def settle(self) -> Plan:
        """Do the engine's steps until only people are asked for; what is settled already is not planned again."""
        if self._settled is not None and self._settled[0] == self._state:
            return self._settled[1]
        steps: list[Step] = []
        for _ in range(AT_ONCE):
            plan = self.plan()
            steps = [step for step in plan.steps if isinstance(step, ENGINE_STEPS)]
            if not steps:
                if plan.standing is not None:
                    self._seen, self._settled = (self._state, plan.standing), (self._state, plan)
                return plan
            for step in steps:
                self.do(step)
        raise Restless(str(getattr(steps[0], "task", type(steps[0]).__name__)))

    def do(self, step: Step) -> None:
        """Do one step of the engine."""
        match step:
            case Open(task, key):
                self.note(task, key, "opened")
            case RecordSilence(task, key):
                spec = self.methodology.task(task)
                data = dict(spec.if_silent or {})
                self.versions[f"{spec.stage}/{spec.writes}"][key].append(
                    Version(self.tick(), digest(data), data, self.now, origin="silent")
                )
            case Tell(task, key, kind, term):
                self.letters.append(step)
                self.facts[task][key].append(Fact(self.tick(), kind, self.now, note=term))
            case FinishStage(stage):
                self.stages_done[stage] = self.tick()
            case CloseYear():
                self.closed, self.closed_at = self.tick(), self.now
            case Run(task, inputs):
                for key, digests in inputs.items():
                    self.run(task, key, digests)

    def run(self, path: str, key: str, inputs: Mapping[str, str]) -> None:
        """Do a task of the engine for one key."""
        task = self.methodology.task(path)
        facts = self.facts[path][key]
        if path in self.failing:
            facts.append(Fact(self.tick(), "failed", self.now, note="failed"))
        elif task.writes is None:
            facts.append(Fact(self.tick(), "done", self.now, inputs=inputs))
        elif task.uses == "document" and task.role:
            facts.append(Fact(self.tick(), "printed", self.now, inputs=inputs))
        else:
            data = self._made(task, key, inputs)
            day = moments.local_day(self.now, self.zone).isoformat()
            occurrence = (self._occurrence(task, key) or day) if task.every else ""
            self.versions[f"{task.stage}/{task.writes}"][key].append(
                Version(
                    self.tick(), digest(data), data, self.now, "", "made", inputs, task.digest, occurrence
                )
            )

    def _collected(self, task: TaskSpec, key: str) -> Version | None:
        return self.standing.work.collected(task, key)

    def _occurrence(self, task: TaskSpec, key: str) -> str:
        collected = self._collected(task, key)
        return collected.occurrence if collected else ""

    def _made(self, task: TaskSpec, key: str, inputs: Mapping[str, str]) -> Any:
        """What a task of the engine makes: as told; else answers and hours as they are counted; else a stand-in."""
        if task.path in self.results:
            return self.results[task.path]
        if task.uses == "matching":
            return self.matched(task)
        if task.uses in COLLECTS:
            return function(task.uses)(self._answers(task, key))[key]
        return {"text": f"{task.path} {digest(dict(inputs))[:8]}"}

    def _answers(self, task: TaskSpec, key: str) -> dict[str, Any]:
        collected = self._collected(task, key)
        values: dict[str, Any] = {"options": dict(task.options)}
        values["collected"] = {key: collected.data} if collected else {}
        if task.uses == "survey":
            values["survey"] = self.methodology.surveys[task.options["survey"]]
            values["wave"] = task.options.get("wave", "")
            if task.each is None:
                values["collected"] = collected.data["answers"] if collected else []
                values["asked"] = asked(self.standing, task)
                values["silent"] = task.if_silent is not None
        return values

    def matched(self, task: TaskSpec) -> dict[str, Any]:
        """The simplest matching: each mentee with the first mentor of its form that has a seat."""
        pool = self.standing.pools.pool(task)
        fitting = self.standing.pools.portraits({"mentor": pool.mentors, "mentee": pool.mentees})
        seats = dict(pool.seats)
        refused = {(mentor, mentee) for mentor, mentees in pool.refused for mentee in mentees}
        taken = self._taken()
        rows: list[dict[str, Any]] = []
        unmatched = []
        for mentee, row in pool.mentees.items():
            form = row.get("form", "")
            free = [
                each
                for each in seats
                if seats[each]
                and (each, mentee) not in refused
                and pool.mentors[each].get("form", "") == form
                and form in fitting["mentor"][each]
                and form in fitting["mentee"][mentee]
            ]
            if not free:
                unmatched.append({"code": mentee, "reason": "нет мест", "next_action": "искать"})
                continue
            seats[free[0]] -= 1
            code = pool.kept.get(mentee) or self._free(taken)
            taken.add(code)
            rows.append({"group": code, "form": form, "mentors": [free[0]], "mentees": [mentee]})
        return {"rows": rows, "unmatched": unmatched}

    def _free(self, taken: set[str]) -> str:
        codes = (self.group_code.format(number) for number in count(1))
        return next(code for code in codes if code not in taken)

    def _taken(self) -> set[str]:
        """Codes of the groups that there are or were."""
        registers = self.methodology.registers.values()
        return {key for each in registers if each.members for key in self.standing.members.rows(each.id)}

    # --- looking -----------------------------------------------------------------------------

    def steps_of_people(self) -> Iterable[Step]:
        """What people are asked for."""
        known = self._settled is not None and self._settled[0] == self._state
        plan = self._settled[1] if self._settled and known else self.plan()
        return [step for step in plan.steps if not isinstance(step, ENGINE_STEPS)]


def clock(day: str, zone: ZoneInfo, hour: int = 9) -> datetime:
    """A day's morning at the school."""
    return moments.start_of(datetime.fromisoformat(day).date(), zone) + timedelta(hours=hour)
