"""Plays a programme on the pure engine, in memory: papers, decisions and time, no store and no Prefect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.engine.decisions import Request, Ruling, decide, waive
from flows.engine.reconcile import next_steps
from flows.engine.snapshot import Decision, Fact, Member, Snapshot, Version, Waiver
from flows.engine.standing import Standing
from flows.engine.steps import ENGINE_STEPS, CloseYear, FinishStage, Open, Plan, RecordSilence, Run, Tell
from schemas import reader
from schemas.digests import digest
from schemas.model import Methodology

SMALL = Path(__file__).parent / "methodologies" / "small"
ZONE = ZoneInfo("Europe/Moscow")
HOLDERS = {"director": ["D"], "curator": ["C"], "council": []}


class Play:
    """One programme: everything handed in and decided so far, and the clock."""

    def __init__(self, methodology: Methodology, year: str = "2026/27", start: str = "2026-09-01") -> None:
        self.methodology, self.year = methodology, year
        self.now = datetime.fromisoformat(f"{start}T09:00:00+03:00")
        self.seq = 0
        self.closed: int | None = None
        self.closed_at: datetime | None = None
        self.holders: dict[str, list[str]] = dict(HOLDERS)
        self.versions: Any = defaultdict(lambda: defaultdict(list))
        self.facts: Any = defaultdict(lambda: defaultdict(list))
        self.decisions: Any = defaultdict(lambda: defaultdict(list))
        self.waivers: Any = defaultdict(lambda: defaultdict(list))
        self.stages_done: dict[str, int] = {}
        self.failing: set[str] = set()
        self.letters: list[Tell] = []

    def tick(self) -> int:
        self.seq += 1
        return self.seq

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(
            "s", self.year, ZONE, self.versions, self.facts, self.decisions, self.waivers, self.holders,
            dict(self.stages_done), self.closed, self.closed_at,
        )  # fmt: skip

    @property
    def standing(self) -> Standing:
        return Standing(self.methodology, self.snapshot, self.now)

    def plan(self, only: list[Member] | None = None) -> Plan:
        return next_steps(self.methodology, self.snapshot, self.now, only)

    # --- people ------------------------------------------------------------------------------

    def hand(self, path: str, data: Any, key: str = "", by: str = "C") -> None:
        """Somebody hands in a paper; then the engine does what it can."""
        spec = self.methodology.artefact(path)
        standing = self.standing
        task = standing.papers.writer(spec)
        inputs = standing.papers.inputs(task, key) if task else {}
        occurrence = data.get("date", "") if standing.papers.recurs(spec) else ""
        self.versions[path][key].append(
            Version(self.tick(), digest(data), data, self.now, by, "handed", inputs, occurrence=occurrence)
        )
        self.settle()

    def sign(
        self, gate: str, role: str, key: str = "", verdict: str = "approve", by: str = "", **rest: Any
    ) -> None:
        """Somebody decides on a gate; a refusal fails the test."""
        ruling = self.try_sign(gate, role, key, verdict, by, **rest)
        assert isinstance(ruling, Ruling), [problem.code for problem in ruling]

    def try_sign(
        self, gate: str, role: str, key: str = "", verdict: str = "approve", by: str = "", **rest: Any
    ) -> Any:
        by = by or {"director": "D"}.get(role, "C")
        rest = {"number": "1", "date": self.now.date(), "reason": "причина", **rest}
        request = Request(verdict, role, by, **rest)
        ruling = decide(self.standing, self.methodology.checkpoint(gate), key, request)
        if isinstance(ruling, Ruling):
            self.decisions[gate][key].append(
                Decision(
                    self.tick(), ruling.sign_off, request.verdict, role, by, self.now, ruling.evidence,
                    choice=ruling.choice, reason=request.reason, completes=ruling.completes,
                )
            )  # fmt: skip
            self.settle()
        return ruling

    def waive(self, gate: str, requirement: str, role: str, key: str = "", by: str = "") -> None:
        checkpoint = self.methodology.checkpoint(gate)
        by = by or {"director": "D"}.get(role, "C")
        evidence = waive(self.standing, checkpoint, key, requirement, role, by, "так")
        assert isinstance(evidence, dict), evidence
        self.waivers[gate][key].append(Waiver(self.tick(), requirement, role, "C", self.now, "так", evidence))
        self.settle()

    def reopen(self, path: str, key: str = "") -> None:
        self.facts[path][key].append(Fact(self.tick(), "reopened", self.now))
        self.settle()

    def clear(self, path: str, key: str = "") -> None:
        self.failing.discard(path)
        self.facts[path][key].append(Fact(self.tick(), "cleared", self.now))
        self.settle()

    def wait(self, *, days: int = 0, until: str = "") -> None:
        """Let time pass, moment by moment as `wake_at` says."""
        target = (
            datetime.fromisoformat(f"{until}T09:00:00+03:00") if until else self.now + timedelta(days=days)
        )
        while True:
            wake = self.settle().wake_at
            if wake is None or wake > target:
                break
            self.now = wake.astimezone(UTC)
        self.now = target
        self.settle()

    # --- the engine --------------------------------------------------------------------------

    def settle(self) -> Plan:
        """Do the engine's steps until only people are asked for."""
        for _ in range(50):
            plan = self.plan()
            steps = [step for step in plan.steps if isinstance(step, ENGINE_STEPS)]
            if not steps:
                return plan
            for step in steps:
                self.do(step)
        raise AssertionError(f"the engine does not come to rest: {steps}")

    def do(self, step: Any) -> None:
        match step:
            case Open(task, key):
                self.facts[task][key].append(Fact(self.tick(), "opened", self.now))
            case RecordSilence(task, key):
                spec = self.methodology.task(task)
                path = f"{spec.stage}/{spec.writes}"
                data = dict(spec.if_silent or {})
                self.versions[path][key].append(
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
        task = self.methodology.task(path)
        if path in self.failing:
            self.facts[path][key].append(Fact(self.tick(), "failed", self.now, note="boom"))
            return
        if task.uses == "document" and task.role:
            self.facts[path][key].append(Fact(self.tick(), "printed", self.now, inputs=inputs))
            return
        data = (
            self.matched(task) if task.uses == "matching" else {"text": f"{path} {digest(dict(inputs))[:8]}"}
        )
        self.versions[f"{task.stage}/{task.writes}"][key].append(
            Version(self.tick(), digest(data), data, self.now, "", "made", inputs, task.digest)
        )

    def matched(self, task: Any) -> dict[str, Any]:
        """The simplest matching: each mentee with the first mentor that has a seat and was not refused."""
        pool = self.standing.pools.pool(task)
        seats = dict(pool.seats)
        refused = {(mentor, mentee) for mentor, mentees in pool.refused for mentee in mentees}
        taken = len(self.standing.members.rows("group"))
        rows: list[dict[str, Any]] = []
        unmatched = []
        for mentee in pool.mentees:
            free = [each for each in seats if seats[each] and (each, mentee) not in refused]
            if not free:
                unmatched.append({"code": mentee, "reason": "нет мест", "next_action": "искать"})
                continue
            seats[free[0]] -= 1
            code = pool.kept.get(mentee) or f"G{taken + len(rows) + 1}"
            rows.append({"group": code, "form": "any", "mentors": [free[0]], "mentees": [mentee]})
        return {"rows": rows, "unmatched": unmatched}

    # --- looking -----------------------------------------------------------------------------

    def paper(self, path: str, key: str = "") -> str:
        return self.standing.paper_state(self.methodology.artefact(path), key)

    def gate(self, path: str, key: str = "") -> Any:
        return self.standing.gates.gate(self.methodology.checkpoint(path), key)

    def task(self, path: str, key: str = "") -> Any:
        return self.standing.work.task(self.methodology.task(path), key)

    def stage(self, name: str) -> Any:
        return self.standing.stage(self.methodology.stages[name])

    def asked(self) -> list[str]:
        """What people are asked for, one line each."""
        lines = []
        for step in self.plan().steps:
            if isinstance(step, ENGINE_STEPS):
                continue
            kind = type(step).__name__
            item = (
                getattr(step, "task", None) or getattr(step, "gate", None) or getattr(step, "artefact", None)
            )
            key = getattr(step, "key", "") or (step.group.key if kind == "Mend" else "")
            lines.append(f"{kind} {item or 'group'} {key}".strip())
        return lines


def small() -> Methodology:
    """The small methodology."""
    return reader.read_folder(SMALL).or_refuse()


def mentee(code: str, **rest: Any) -> dict[str, Any]:
    return {"code": code, "form": "any", "minor": False, **rest}


def mentor(code: str, slots: int = 1) -> dict[str, Any]:
    return {"code": code, "form": "any", "slots": slots}


def started(play: Play, rules: Any = None) -> Play:
    """Stage `start` behind us."""
    play.settle()
    play.hand("start/rules", rules or {"text": "Правила"})
    play.hand("start/plan", {"text": "План", "items": ["а", "б"]})
    play.sign("start/agreed", "council")
    play.sign("start/agreed", "curator")
    play.sign("start/agreed", "director")
    play.sign("start/begun", "director")
    return play


def based(play: Play, mentees: int = 2, mentors: int = 2, slots: int = 1, rules: Any = None) -> Play:
    """Both bases handed in, everybody ready, both intakes closed."""
    started(play, rules)
    play.hand("base/mentees", {"rows": [mentee(f"m{i}") for i in range(1, mentees + 1)]})
    play.hand("base/mentors", {"rows": [mentor(f"t{i}", slots) for i in range(1, mentors + 1)]})
    for i in range(1, mentees + 1):
        play.hand("base/consents", {"status": "in_force"}, f"m{i}", by="C")
        play.sign("base/mentee_ready", "curator", f"m{i}")
    for i in range(1, mentors + 1):
        play.hand("base/checks", {"status": "in_force"}, f"t{i}")
        play.sign("base/mentor_ready", "curator", f"t{i}")
    play.sign("base/mentees_closed", "curator")
    play.sign("base/mentors_closed", "curator")
    return play


def paired(play: Play, **sizes: int) -> Play:
    """The proposal confirmed, agreements made, every group approved, nobody lost."""
    based(play, **sizes)
    confirm(play)
    for key in play.standing.members.live("group"):
        play.hand("pairing/agreements", {"text": "да"}, key)
        play.sign("pairing/group_approved", "director", key)
    play.sign("pairing/nobody_lost", "curator")
    return play


def confirm(play: Play, *, keep: bool = True) -> None:
    """The curator takes the proposal as it is, beside the groups that are there."""
    proposal = play.versions["pairing/proposal"][""][-1].data
    table = play.versions["pairing/pairs"][""]
    new = {row["group"] for row in proposal["rows"]}
    old = [row for row in table[-1].data["rows"] if row["group"] not in new] if table and keep else []
    play.hand("pairing/pairs", {"rows": [*old, *proposal["rows"]], "unmatched": proposal["unmatched"]})


def worked(play: Play, key: str) -> None:
    """A group lives through its year."""
    play.hand("work/first", {"text": "познакомились"}, key)
    play.hand("work/meetings", {"date": "2026-11-01"}, key)
    play.hand("work/meetings", {"date": "2026-11-15"}, key)
    play.hand("work/final", {"text": "всё"}, key)
    play.sign("work/group_done", "curator", key)
