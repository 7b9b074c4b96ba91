"""Where a programme stands: members, papers, gates, tasks and stages of one snapshot at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flows.engine.gates import Gates
from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.pool import Pools
from flows.engine.progress import Progress
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Member, Snapshot
from flows.engine.work import Work
from schemas.model import Methodology
from schemas.stage import ArtefactSpec, Checkpoint, Stage, TaskSpec

StageState = Literal["waiting", "active", "done", "reopened", "blocked"]


@dataclass(frozen=True)
class StageStanding:
    """A stage: its state, how many of its members have passed, how many of them came late."""

    state: StageState
    passed: int = 0
    of: int = 0
    late: int = 0
    reasons: tuple[Reason, ...] = ()


class Standing:
    """Everything that can be asked about a programme; each part is found when first asked for."""

    def __init__(self, methodology: Methodology, snapshot: Snapshot, now: datetime) -> None:
        if snapshot.closed_at is not None:
            now = snapshot.closed_at  # a closed year stands as it was closed: nothing in it runs out any more
        self.methodology, self.snapshot, self.now = methodology, snapshot, now
        self.members = Members(methodology, snapshot)
        self.papers = Papers(methodology, snapshot, self.members, now)
        self.progress = Progress(methodology, snapshot, self.members, self.papers)
        self.gates = Gates(methodology, snapshot, self.members, self.papers, self.progress)
        self.pools = Pools(methodology, snapshot, self.members, self.papers, self.progress, self.gates)
        self.work = Work(
            methodology, snapshot, self.members, self.papers, self.progress, self.gates, self.pools, now
        )
        self._stages: dict[str, StageStanding] = {}

    # --- keys --------------------------------------------------------------------------------

    def gate_keys(self, checkpoint: Checkpoint) -> list[str]:
        """Keys of a gate: live members, or the programme."""
        return self.members.live(checkpoint.register) if checkpoint.register else [""]

    def task_keys(self, task: TaskSpec) -> list[str]:
        """Keys of a task: live members, items of a list, or the programme."""
        return self.progress.keys(task)

    # --- stages ------------------------------------------------------------------------------

    def stage(self, stage: Stage) -> StageStanding:
        """A stage as it stands."""
        if stage.id not in self._stages:
            self._stages[stage.id] = self._find(stage)
        return self._stages[stage.id]

    def _find(self, stage: Stage) -> StageStanding:
        passed, of, late, unfinished = self._members(stage)
        reasons = self._unfinished(stage)
        incidents = self._incidents(stage)
        was_done = stage.id in self.snapshot.stages_done
        only_late = all(self.members.late(member) for member in unfinished)
        done = not reasons and not self._empty(stage) and (not unfinished or (was_done and only_late))
        if done:
            return StageStanding("done", passed, of, late)
        reasons += tuple(self._member_reason(stage, unfinished))
        if incidents:
            return StageStanding("blocked", passed, of, late, incidents + reasons)
        if was_done:
            return StageStanding("reopened", passed, of, late, reasons)
        if not self._begun(stage):
            return StageStanding(
                "waiting", passed, of, late, self.work.needs_missing(stage.id, None) or reasons
            )
        return StageStanding("active", passed, of, late, reasons)

    def warnings(self, stage: Stage) -> tuple[Reason, ...]:
        """Conditions of opening that do not block and are false: said for as long as that is so."""
        return tuple(
            reason(
                "warning", stage.id, message=entry.check.message, why=entry.check.why, because=outcome.reasons
            )
            for entry in stage.enter
            if entry.check and not entry.check.blocks
            for outcome in [self.papers.judging.judge(stage, entry.check.condition, None)]
            if outcome.holds is False
        )

    def _members(self, stage: Stage) -> tuple[int, int, int, list[Member]]:
        """How many members passed all gates of the stage, of how many; latecomers and all still on the way."""
        passed = of = late = 0
        unfinished: list[Member] = []
        gates: dict[str, list[Checkpoint]] = {}
        for checkpoint in stage.checkpoints.values():
            if checkpoint.register:
                gates.setdefault(checkpoint.register, []).append(checkpoint)
        for register, checkpoints in gates.items():
            for key in self.members.live(register):
                of += 1
                if all(self.gates.gate(each, key).approved for each in checkpoints):
                    passed += 1
                    continue
                member = Member(register, key)
                unfinished.append(member)
                late += self.members.late(member)
        return passed, of, late, unfinished

    def _member_reason(self, stage: Stage, unfinished: list[Member]) -> list[Reason]:
        if not unfinished:
            return []
        keys = [member.key for member in unfinished]
        return [reason("members_on_the_way", stage.id, count=len(keys), keys=keys)]

    def _empty(self, stage: Stage) -> bool:
        registers = {gate.register for gate in stage.checkpoints.values() if gate.register}
        return any(not self.members.ever(register) for register in registers)

    def _unfinished(self, stage: Stage) -> tuple[Reason, ...]:
        found: list[Reason] = []
        covered: set[str] = set()
        for checkpoint in stage.checkpoints.values():
            covered.update(checkpoint.papers)
            if checkpoint.register is None:
                gate = self.gates.gate(checkpoint)
                if not gate.approved:
                    found.append(
                        reason("gate_waits", checkpoint.path, title=checkpoint.title, because=gate.reasons)
                    )
        for spec in stage.artefacts.values():
            if spec.required and spec.id not in covered:
                found.extend(
                    reason("missing", place(spec.path, key), title=spec.title)
                    for key in self.papers.keys(spec)
                    if not self.papers.record(spec, key).holds
                )
        return tuple(found)

    def _incidents(self, stage: Stage) -> tuple[Reason, ...]:
        return tuple(
            told
            for task in stage.tasks.values()
            for key in self.task_keys(task)
            if self.snapshot.facts_of(task.path, key)
            for standing in [self.work.task(task, key)]
            if standing.state == "failed"
            for told in standing.reasons
        )

    def _begun(self, stage: Stage) -> bool:
        paths = [task.path for task in stage.tasks.values()]
        papers = [spec.path for spec in stage.artefacts.values() if not spec.of_school]
        return any(self.snapshot.facts.get(path) for path in paths) or any(
            self.snapshot.versions.get(path) for path in papers
        )

    def done(self) -> bool:
        """Whether every stage is done."""
        return all(self.stage(stage).state == "done" for stage in self.methodology.stages.values())

    # --- papers ------------------------------------------------------------------------------

    def paper_state(self, spec: ArtefactSpec, key: str = "") -> str:
        """A paper's state with `approved` told apart from `valid`."""
        if self.papers.recurs(spec):
            return "valid" if self.papers.occurrences(spec, key) else "missing"
        state = self.papers.record(spec, key).state
        return "approved" if state == "valid" and self.gates.requirements.covered(spec, key) else state

    def stale_basis(self, stage: Stage) -> list[Checkpoint]:
        """Gates of other stages that this one was built on and that have fallen since."""
        paths = {need.artefact for need in stage.needs.values() if not need.optional}
        found: list[Checkpoint] = []
        for path in sorted(paths):
            for gate in self.gates.requirements.covering(self.methodology.artefact(path)):
                if gate.register is None and self.gates.gate(gate).state == "stale":
                    found.append(gate)
        return found
