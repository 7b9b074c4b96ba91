"""Which tasks may open, which are open, late, stopped or done, and what each of them waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, NamedTuple

from flows.engine import moments
from flows.engine.gates import Gates
from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.pool import Pools
from flows.engine.progress import MACHINES, Progress
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Member, Snapshot, Version
from schemas.model import Methodology
from schemas.stage import ArtefactSpec, Need, TaskSpec

State = Literal["waiting", "open", "done", "failed", "frozen", "ended", "not_owed", "on_request"]


class Task(NamedTuple):
    """A task as it stands for one key; `due` is the first moment at which it is late."""

    state: State
    may_open: bool = False
    opened: datetime | None = None
    due: datetime | None = None
    late: bool = False
    escalated: bool = False
    reasons: tuple[Reason, ...] = ()


class Work:
    """Tasks of one snapshot at one moment."""

    def __init__(
        self,
        methodology: Methodology,
        snapshot: Snapshot,
        members: Members,
        papers: Papers,
        progress: Progress,
        gates: Gates,
        pools: Pools,
        now: datetime,
    ) -> None:
        self.methodology, self.snapshot, self.now = methodology, snapshot, now
        self.members, self.papers, self.progress = members, papers, progress
        self.gates, self.pools = gates, pools
        self.year: tuple[date, date] = methodology.year(snapshot.year)
        self._tasks: dict[tuple[str, str], Task] = {}
        self._needs: dict[tuple[str, str | None, str], tuple[Reason, ...]] = {}

    def task(self, task: TaskSpec, key: str = "") -> Task:
        """The task for one key."""
        found = self._tasks.get((task.path, key))
        if found is None:
            found = self._tasks[task.path, key] = self._find(task, key)
        return found

    def _find(self, task: TaskSpec, key: str) -> Task:
        member = self.progress.member(task, key)
        if member and self.members.ending(member):
            return Task("ended")
        spec = self.methodology.stages[task.stage].artefacts[task.writes] if task.writes else None
        owed = self.papers.owed(spec, key) if spec else None
        if owed and owed.holds is False:
            return Task("not_owed")
        if task.on_request:
            done = spec is not None and self.papers.record(spec, key).state == "valid"
            return Task("done" if done else "on_request")
        opened = self.progress.opened(task, key)
        if not self._untouched(task, key):
            incident = self.progress.incident(task, key)
            if incident:
                told = reason("incident", place(task.path, key), code=incident.note, at=incident.at)
                return Task("failed", opened=opened.at if opened else None, reasons=(told,))
            if self.done(task, key):
                return Task("done", opened=opened.at if opened else None)
        frozen = self.gates.frozen(member) if member else ()
        if frozen:
            return Task("frozen", opened=opened.at if opened else None, reasons=frozen)
        if opened and self._stays_open(task, key, opened.seq):
            return self._open(task, key, opened.at)
        blocked = tuple(self._blocked(task, key, member)) or (
            owed.reasons if owed and owed.holds is None else ()
        )
        if blocked:
            if opened and not task.every:  # what has opened stays open
                return self._open(task, key, opened.at)
            return Task("waiting", reasons=blocked)
        return Task("waiting", may_open=True)

    def _untouched(self, task: TaskSpec, key: str) -> bool:
        """Whether nothing has come of a task that somebody owes: then it neither failed nor is it done."""
        if task.every or self.snapshot.facts_of(task.path, key):
            return False
        return task.writes is None or not self.snapshot.versions_of(f"{task.stage}/{task.writes}", key)

    def done(self, task: TaskSpec, key: str = "") -> bool:
        """Whether nothing is left to do; a matching is done while nobody waits, a form of groups while all stand."""
        if task.uses == "matching":
            pool = self.pools.pool(task)
            spec = self.methodology.stages[task.stage].artefacts[str(task.writes)]
            made = self.papers.latest(spec)
            if made is None:
                return False
            if not pool.mentees:
                return True
            if made.seq <= self.progress.reopened_at(task, key):
                return False
            return dict(made.inputs) == self.inputs(task, key)
        if not self.progress.done(task, key):
            return False
        collected = self.collected(task, key)
        if collected:
            made = self.papers.latest(self.methodology.stages[task.stage].artefacts[str(task.writes)], key)
            return made is not None and made.inputs.get("answers") == collected.digest
        proposer = task.options.get("rules_of")
        if proposer:
            matching = self.methodology.stages[task.stage].tasks[str(proposer)]
            return self.done(matching) and not self.pools.unplaced(matching)
        return True

    def inputs(self, task: TaskSpec, key: str) -> dict[str, str]:
        """Digests of what a run of the task would read."""
        found = self.papers.inputs(task, key)
        if task.uses == "matching":
            tables = {
                name
                for name in task.reads
                if self.papers.table_of(self.papers.named(self.methodology.stages[task.stage], name))
            }
            found = {name: value for name, value in found.items() if name not in tables}
            found["pool"] = self.pools.pool(task).digest
        collected = self.collected(task, key)
        if collected:
            found["answers"] = collected.digest
        return found

    def collected(self, task: TaskSpec, key: str) -> Version | None:
        """The newest answers to a task that collects before it makes its paper: those since it last opened again."""
        if task.writes is None:
            return None
        for version in reversed(self.snapshot.versions_of(f"{task.stage}/{task.writes}", key)):
            if version.origin == "collected":
                return version if version.seq > self.progress.reopened_at(task, key) else None
        return None

    def _stays_open(self, task: TaskSpec, key: str, opened: int) -> bool:
        """Whether the latest opening still counts; if not, the task opens anew and its due date with it."""
        if self.progress.reopened_at(task, key) > opened:
            return False
        if task.every:
            latest = self.progress.opened(task, key)
            return latest is not None and self.now < self._next_period(task, latest.at)
        if task.writes is None:
            return True
        spec = self.methodology.stages[task.stage].artefacts[task.writes]
        latest_version = self.papers.latest(spec, key)
        stood = latest_version is not None and latest_version.seq > opened
        return not (stood and self.papers.record(spec, key).state in ("missing", "stale"))

    def _next_period(self, task: TaskSpec, opened: datetime) -> datetime:
        assert task.every is not None
        day = moments.day_after(opened, task.every.period, self.snapshot.zone, self.methodology.school_days)
        return moments.start_of(day, self.snapshot.zone)

    def _open(self, task: TaskSpec, key: str, opened: datetime) -> Task:
        zone, days = self.snapshot.zone, self.methodology.school_days
        if task.every:
            self.papers.wake(key, self._next_period(task, opened))
            if self._logged_since(task, key) and not self._answers_wait(task, key):
                return Task("waiting", opened=opened, reasons=(reason("next_period", place(task.path, key)),))
        due = None
        if task.due:
            due = moments.due_moment(task.due, opened, self.year, zone, days)
        elif task.closing and task.closing.after:
            due = moments.after(opened, task.closing.after, zone, days)
        if due is None:
            return Task("open", opened=opened)
        self.papers.wake(key, due)
        for before in task.reminders.values():
            self.papers.wake(key, moments.remind_moment(due, before, zone, days))
        escalated = False
        if task.escalation:
            escalation = moments.escalate_moment(due, task.escalation.after, zone, days)
            self.papers.wake(key, escalation)
            escalated = self.now >= escalation
        return Task("open", opened=opened, due=due, late=self.now >= due, escalated=escalated)

    def _answers_wait(self, task: TaskSpec, key: str) -> bool:
        """Whether answers came in that no paper has been made of yet."""
        collected = self.collected(task, key)
        if collected is None:
            return False
        made = self.papers.latest(self.methodology.stages[task.stage].artefacts[str(task.writes)], key)
        return made is None or made.seq < collected.seq

    def _logged_since(self, task: TaskSpec, key: str) -> bool:
        opened = self.progress.opened(task, key)
        spec = self.methodology.stages[task.stage].artefacts[str(task.writes)]
        return any(opened is None or each.seq > opened.seq for each in self.papers.occurrences(spec, key))

    # --- what an opening waits for -----------------------------------------------------------

    def waits(self, task: TaskSpec, key: str = "") -> tuple[Reason, ...]:
        """What a task that has not opened, or a paper on request, still waits for."""
        if task.on_request:
            return tuple(self._blocked(task, key, self.progress.member(task, key)))
        return self.task(task, key).reasons

    def _blocked(self, task: TaskSpec, key: str, member: Member | None) -> Iterator[Reason]:
        yield from self.needs_missing(task.stage, member)
        stage = self.methodology.stages[task.stage]
        for name in task.after:
            yield from self._after(stage.tasks[name], task, member)
        yield from self._unread(task, member)
        if task.when:
            outcome = self.papers.judging.judge(stage, task.when, member)
            if outcome.holds is not True:
                yield reason("when", place(task.path, key), because=outcome.reasons)
        if task.uses == "matching" and not self.pools.pool(task).mentees:
            yield reason("nobody_to_match", task.path)

    def _unread(self, task: TaskSpec, member: Member | None) -> Iterator[Reason]:
        """What a task is made of and is not there yet: nothing can be made of it."""
        stage = self.methodology.stages[task.stage]
        for name in task.reads:
            spec = self.papers.named(stage, name)
            need = stage.needs.get(name)
            if (need and need.optional) or self.papers.table_of(spec):
                continue  # tables are waited for by needs, and by what stands in them
            if spec.each is None:
                keys = [""]
            elif member and spec.each.register == member.register:
                keys = [member.key]
            else:
                keys = [] if need else self.papers.keys(spec)
            left = [key for key in keys if not self._there(spec, key)]
            if left:
                yield reason("waiting_for", place(spec.path, left[0]), title=spec.title)

    def _there(self, spec: ArtefactSpec, key: str) -> bool:
        if self.papers.recurs(spec):
            return bool(self.papers.occurrences(spec, key))
        return self.papers.record(spec, key).holds

    def _after(self, other: TaskSpec, task: TaskSpec, member: Member | None) -> Iterator[Reason]:
        if other.on_request:
            return
        register = other.each.register if other.each else None
        near = self.members.translate(member, register) if member and register else None
        keys = self.progress.keys(other) if near is None else near
        left = [key for key in keys if not self._over(other, key)]
        if left:
            shown = left if register else []
            yield reason(
                "after", place(other.path, left[0] if len(left) == 1 else ""), title=other.title, keys=shown
            )

    def _over(self, task: TaskSpec, key: str) -> bool:
        return self.task(task, key).state in ("done", "not_owed", "ended")

    def needs_missing(self, stage_id: str, member: Member | None) -> tuple[Reason, ...]:
        """What a stage's tasks still need, for one member or for the programme."""
        cached = (stage_id, member.register if member else None, member.key if member else "")
        if cached not in self._needs:
            self._needs[cached] = tuple(self._missing(stage_id, member))
        return self._needs[cached]

    def _missing(self, stage_id: str, member: Member | None) -> Iterator[Reason]:
        stage = self.methodology.stages[stage_id]
        for need in stage.needs.values():
            if not need.optional:
                yield from self._need(need, member)
        for other in stage.after:
            if self.snapshot.stages_done.get(other) is None:
                yield reason("stage_first", other, title=self.methodology.stages[other].title)
        for entry in stage.enter:
            if entry.all_passed:
                yield from self._all_passed(entry.all_passed, member)
            elif entry.check and entry.check.blocks:
                outcome = self.papers.judging.judge(stage, entry.check.condition, None)
                if outcome.holds is not True:
                    yield reason("check_failed", stage_id, message=entry.check.message, why=entry.check.why,
                                 because=outcome.reasons)  # fmt: skip

    def _need(self, need: Need, member: Member | None) -> Iterator[Reason]:
        spec = self.methodology.artefact(need.artefact)
        register = self.papers.table_of(spec) or (spec.each.register if spec.each else None)
        if register is None:
            record = self.papers.record(spec)
            if not record.holds:
                yield reason("need_paper", spec.path, title=spec.title, because=record.reasons)
            elif need.level == "approved" and not self.gates.requirements.covered(spec):
                yield reason("need_approved", spec.path, title=spec.title)
            return
        keys = self.members.translate(member, register) if member else []
        if keys:
            yield from self._passed(need, register, keys)
        elif self.members.closed_at(register) is None:
            title = self.methodology.registers[register].title
            yield reason("intake_open", self.methodology.registers[register].table, title=title)
        elif need.level == "approved" and member is None and not self.gates.requirements.covered(spec):
            yield reason("need_approved", spec.path, title=spec.title)

    def _passed(self, need: Need, register: str, keys: list[str]) -> Iterator[Reason]:
        if need.passed is None:
            return
        gate = self.methodology.checkpoint(need.passed)
        for key in keys:
            if self.members.ending(Member(register, key)) is None and not self.gates.gate(gate, key).approved:
                yield reason("gate_waits", place(gate.path, key), title=gate.title)

    def _all_passed(self, path: str, member: Member | None) -> Iterator[Reason]:
        gate = self.methodology.checkpoint(path)
        if member and member.register == gate.register:
            if not self.gates.gate(gate, member.key).approved:
                yield reason("gate_waits", place(gate.path, member.key), title=gate.title)
            return
        yield from self.gates.requirements.all_passed(path).reasons

    @staticmethod
    def by_machine(task: TaskSpec) -> bool:
        """Whether nobody is asked: the engine does it."""
        return task.uses in MACHINES or (task.uses == "document" and task.role is None)
