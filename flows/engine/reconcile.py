"""`next_steps`: from a definition, what has happened and the time to what is to be done now.

A pure function: equal arguments give equal steps. Steps of the engine (open, run, record) come first,
then what people are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from flows.engine.gates import Gate
from flows.engine.letters import letters_due
from flows.engine.members import Ending
from flows.engine.snapshot import Member, Snapshot, Version
from flows.engine.standing import Standing
from flows.engine.steps import (
    ENGINE_STEPS,
    Ask,
    ClearIncident,
    CloseYear,
    FinishStage,
    MayWaive,
    Mend,
    Open,
    Plan,
    RecordSilence,
    Renew,
    Run,
    Sign,
    Step,
)
from flows.engine.work import Task, Work
from schemas.model import Methodology
from schemas.stage import Checkpoint, TaskSpec


def next_steps(
    methodology: Methodology, snapshot: Snapshot, now: datetime, only: Sequence[Member] | None = None
) -> Plan:
    """What is to be done now; `only` asks for the steps of some members and their groups alone."""
    standing = Standing(methodology, snapshot, now)
    if snapshot.closed is not None:
        return Plan((), None, standing=standing)
    finder = _Finder(standing, only)
    steps = tuple(finder.steps())
    wakes = standing.papers.wakes
    return Plan(steps, min(wakes.values(), default=None), dict(wakes), standing)


class _Finder:
    """Walks over tasks and gates and says what each asks for."""

    def __init__(self, standing: Standing, only: Sequence[Member] | None) -> None:
        self.standing, self.methodology, self.snapshot = standing, standing.methodology, standing.snapshot
        self.work, self.gates, self.members = standing.work, standing.gates, standing.members
        self.scope = self._scope(only) if only is not None else None

    def _scope(self, only: Sequence[Member]) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for member in only:
            for each in [member, *self.members.groups_of(member)]:
                found.setdefault(each.register, set()).add(each.key)
        return found

    def steps(self) -> Iterator[Step]:
        engine: list[Step] = []
        people: list[Step] = []
        for stage in self.methodology.stages.values():
            for task in stage.tasks.values():
                self._task(task, engine, people)
            for checkpoint in stage.checkpoints.values():
                people.extend(self._gate(checkpoint))
        if self.scope is None:
            engine.extend(self._finished())
        people.extend(self._mend())
        people.extend(self._renew())
        yield from engine
        yield from people

    # --- tasks -------------------------------------------------------------------------------

    def _keys(self, register: str | None, keys: Callable[[], list[str]]) -> list[str]:
        """Keys to look at: all, or of a register the live ones of the scope."""
        if self.scope is None:
            return keys()
        rows = self.members.rows(register) if register else {}
        return [
            key
            for key in sorted(self.scope.get(register or "", ()))
            if key in rows and self.members.ending(Member(str(register), key)) is None
        ]

    def _task(self, task: TaskSpec, engine: list[Step], people: list[Step]) -> None:
        register = task.each.register if task.each else None
        runs: dict[str, Mapping[str, str]] = {}
        for key in self._keys(register, partial(self.standing.task_keys, task)):
            standing = self.work.task(task, key)
            if standing.may_open:
                engine.append(Open(task.path, key))
                standing = Task("open", opened=self.standing.now)
            if standing.state == "failed":
                people.append(ClearIncident(task.path, key, standing.reasons))
            if standing.state != "open":
                continue
            if self._runnable(task, key, standing):
                runs[key] = self.work.inputs(task, key)
            elif self._silent(task, key, standing):
                engine.append(RecordSilence(task.path, key))
            if not Work.by_machine(task):
                asks = list(self._ask(task, key, standing))
                people.extend(asks)
                engine.extend(letters_due(self.standing, task, key, standing, asks))
        if runs:
            engine.append(Run(task.path, runs))

    def _runnable(self, task: TaskSpec, key: str, standing: Task) -> bool:
        """Whether the engine has something to execute for an open task."""
        if Work.by_machine(task):
            return True
        if task.uses == "document":
            printed = self._printed(task, key)
            return printed is None or dict(printed) != self.work.inputs(task, key)
        if task.uses not in ("survey", "training"):
            return False
        collected = self.work.collected(task, key)
        if task.each or task.uses == "training":
            if collected is None or collected.seq <= self.standing.progress.reopened_at(task, key):
                return False  # what came before the task was opened again is no answer to it
            return not self._consumed(task, key, collected)
        return self._closes(task, key, standing) and not self._consumed(task, key, collected)

    def _printed(self, task: TaskSpec, key: str) -> Mapping[str, str] | None:
        since = self.standing.progress.reopened_at(task, key)
        for fact in reversed(self.snapshot.facts_of(task.path, key)):
            if fact.kind == "printed" and fact.seq > since:
                return fact.inputs
        return None

    def _consumed(self, task: TaskSpec, key: str, collected: Version | None) -> bool:
        """Whether the paper was made from just these answers, since the task was last opened again."""
        spec = self.methodology.stages[task.stage].artefacts[str(task.writes)]
        made = self.standing.papers.latest(spec, key)
        since = max(self.standing.progress.reopened_at(task, key), collected.seq if collected else 0)
        if made is None or made.origin != "made" or made.seq <= since:
            return False
        digest = collected.digest if collected else ""
        return made.inputs.get("answers", "") == digest and made.task_digest == task.digest

    def _closes(self, task: TaskSpec, key: str, standing: Task) -> bool:
        asked = self.asked(task)
        collected = self.work.collected(task, key)
        answered = {each["code"] for each in collected.data["answers"]} if collected else set()
        if task.closing and task.closing.share is not None and asked:
            share = len(answered & set(asked)) / len(asked)
            if share >= task.closing.share:
                return True
        return bool(standing.due and self.standing.now >= standing.due)

    def asked(self, task: TaskSpec) -> list[str]:
        """Codes of the people whom a survey asks."""
        found: dict[str, None] = {}
        for role in task.options.get("ask", ()):
            found.update(dict.fromkeys(self.people_in(role, task)))
        return list(found)

    def people_in(self, role: str, task: TaskSpec) -> list[str]:
        """Members of the role's register that the stage takes in, or the holders of a staff role."""
        register = self.methodology.roles[role].of
        if register is None:
            return list(self.snapshot.holders.get(role, ()))
        stage = self.methodology.stages[task.stage]
        for need in stage.needs.values():
            table = self.standing.papers.table_of(self.methodology.artefact(need.artefact))
            if table == register:
                return self.standing.papers.passed_keys(register, need.passed)
            if table and register in self.methodology.registers[table].members:
                groups = self.standing.papers.passed_keys(table, need.passed)
                parts = [self.members.parts(Member(table, key))[register] for key in groups]
                keys = dict.fromkeys(key for part in parts for key in part)
                return [key for key in keys if self.members.ending(Member(register, key)) is None]
        return self.members.live(register)

    def _silent(self, task: TaskSpec, key: str, standing: Task) -> bool:
        if task.if_silent is None or task.each is None or not standing.late:
            return False
        # silence never replaces an existing record, an expired one neither
        return not self.snapshot.versions_of(f"{task.stage}/{task.writes}", key)

    def _ask(self, task: TaskSpec, key: str, standing: Task) -> Iterator[Ask]:
        if self._let_go(task, key):
            return
        since = standing.opened or self.standing.now
        for role, who in self._whom(task, key):
            yield Ask(task.path, key, role, who, since, standing.due, standing.late, standing.reasons)
        if task.escalation and standing.escalated:
            role = task.escalation.role
            who = self.holders(role, task, key)
            yield Ask(task.path, key, role, who, since, standing.due, standing.late, escalated=True)

    def _let_go(self, task: TaskSpec, key: str) -> bool:
        """Whether every gate that asks for what the task writes was told to do without it."""
        if not self.snapshot.waivers or task.writes is None:
            return False
        spec = self.methodology.stages[task.stage].artefacts[task.writes]
        gates = self.gates.requirements.covering(spec)
        return bool(gates) and all(
            self.gates.requirements.waived(gate, requirement, key if gate.register else "")
            for gate in gates
            for requirement in gate.requires
            if requirement.id == spec.id
        )

    def _whom(self, task: TaskSpec, key: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        if task.uses == "survey" and task.each is None:
            collected = self.work.collected(task, key)
            answered = {each["code"] for each in collected.data["answers"]} if collected else set()
            nobody = not self.asked(task) and not answered  # then the roles themselves are waited for
            for role in task.options.get("ask", ()):
                missing = tuple(code for code in self.people_in(role, task) if code not in answered)
                if missing or nobody:
                    yield role, missing
            return
        role = task.role
        if role is None and task.uses == "survey":
            role = self.methodology.surveys[task.options["survey"]]["audience"]
        if role is not None:
            yield role, self.holders(role, task, key)

    def holders(self, role: str, task: TaskSpec, key: str) -> tuple[str, ...]:
        """Codes of those who have a role for one key of a task."""
        register = self.methodology.roles[role].of
        if register is None:
            return tuple(self.snapshot.holders.get(role, ()))
        member = self.standing.progress.member(task, key)
        return tuple(self.members.translate(member, register)) if member else ()

    # --- gates -------------------------------------------------------------------------------

    def _gate(self, checkpoint: Checkpoint) -> Iterator[Step]:
        for key in self._keys(checkpoint.register, partial(self.standing.gate_keys, checkpoint)):
            gate = self.gates.gate(checkpoint, key)
            if gate.ready and gate.state in ("open", "stale"):
                for entry in gate.next:
                    yield Sign(checkpoint.path, key, entry.id, entry.role)
            elif gate.unmet:
                yield from self._waivable(checkpoint, key, gate)

    def _waivable(self, checkpoint: Checkpoint, key: str, gate: Gate) -> Iterator[MayWaive]:
        """Requirements that may be let go, once nothing else is in the way."""
        if all(each.requirement.waive for each in gate.unmet):
            for each in gate.unmet:
                waive = each.requirement.waive
                if waive:
                    yield MayWaive(checkpoint.path, key, each.requirement.id, waive.who, each.reasons)

    # --- members and stages ------------------------------------------------------------------

    def _mend(self) -> Iterator[Mend]:
        for register in self.methodology.registers.values():
            if not register.members:
                continue
            ways = [
                task
                for stage in self.methodology.stages.values()
                for task in stage.tasks.values()
                if task.on_request and task.each and task.each.register == register.id
            ]
            roles = [task.role for task in ways if task.role]
            for key in self._keys(register.id, partial(self.members.live, register.id)):
                frozen = self.gates.frozen(Member(register.id, key))
                if frozen and roles:
                    yield Mend(Member(register.id, key), roles[0], tuple(task.path for task in ways), frozen)

    def _renew(self) -> Iterator[Renew]:
        papers = self.standing.papers
        for stage in self.methodology.stages.values():
            for spec in stage.artefacts.values():
                if spec.in_force is None or spec.in_force.warn is None:
                    continue
                task = papers.writer(spec)
                register = spec.each.register if spec.each else None
                for key in self._keys(register, partial(papers.keys, spec)):
                    until = papers.expires_soon(spec, key)
                    if until and task and task.role:
                        yield Renew(spec.path, key, task.role, until)

    def _finished(self) -> Iterator[Step]:
        for stage in self.methodology.stages.values():
            if stage.id not in self.snapshot.stages_done and self.standing.stage(stage).state == "done":
                yield FinishStage(stage.id)
        if self.standing.done():
            yield CloseYear()


def asked(standing: Standing, task: TaskSpec) -> list[str]:
    """Codes of the people whom a survey asks."""
    return _Finder(standing, None).asked(task)


def people_in(standing: Standing, role: str, task: TaskSpec) -> list[str]:
    """Codes of the people who have a role as far as a task's stage is concerned."""
    return _Finder(standing, None).people_in(role, task)


def holders(standing: Standing, role: str, task: TaskSpec, key: str) -> tuple[str, ...]:
    """Codes of those who have a role for one key of a task."""
    return _Finder(standing, None).holders(role, task, key)


__all__ = ["ENGINE_STEPS", "Ending", "Plan", "Step", "asked", "holders", "next_steps", "people_in"]
