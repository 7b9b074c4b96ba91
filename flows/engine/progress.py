"""What has been done: whether a task's result stands, how often it failed, what opened it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.snapshot import Decision, Fact, Member, Snapshot, Version
from schemas.model import Methodology
from schemas.stage import Checkpoint, TaskSpec

MACHINES = frozenset({"matching", "evaluation", "report", "notice"})  # kinds that nobody is asked for


class Progress:
    """Tasks of one snapshot, as far as facts and papers tell; whether they may open is decided by Work."""

    def __init__(
        self, methodology: Methodology, snapshot: Snapshot, members: Members, papers: Papers
    ) -> None:
        self.methodology, self.snapshot, self.members, self.papers = methodology, snapshot, members, papers
        self._done: dict[tuple[str, str], bool] = {}
        self._reopened: dict[tuple[str, str], int] = {}

    def keys(self, task: TaskSpec) -> list[str]:
        """Keys that a task works for: live members, items of a list, or the programme."""
        if task.writes is None or task.each is None:
            return [""]
        return self.papers.keys(self.methodology.stages[task.stage].artefacts[task.writes])

    def member(self, task: TaskSpec, key: str) -> Member | None:
        """The register's member that a key of this task is."""
        return Member(task.each.register, key) if task.each and task.each.register else None

    def opened(self, task: TaskSpec, key: str) -> Fact | None:
        """The latest opening."""
        return self._last(task, key, "opened")

    def _last(self, task: TaskSpec, key: str, kind: str) -> Fact | None:
        for fact in reversed(self.snapshot.facts_of(task.path, key)):
            if fact.kind == kind:
                return fact
        return None

    def done(self, task: TaskSpec, key: str = "") -> bool:
        """Whether the result stands: what the task writes is valid and newer than its last reopening."""
        found = self._done.get((task.path, key))
        if found is None:
            found = self._done[task.path, key] = self._is_done(task, key)
        return found

    def _is_done(self, task: TaskSpec, key: str) -> bool:
        since = self.reopened_at(task, key)
        if task.writes is None:
            fact = self._last(task, key, "done")
            return (
                fact is not None and fact.seq > since and dict(fact.inputs) == self.papers.inputs(task, key)
            )
        spec = self.methodology.stages[task.stage].artefacts[task.writes]
        if task.every:
            until = task.every.until
            return bool(
                until and self.papers.record(self.methodology.stages[task.stage].artefacts[until], key).holds
            )
        record = self.papers.record(spec, key)
        if record.state == "not_owed":
            return True
        if record.state != "valid" or record.version is None or record.version.seq <= since:
            return False
        made_by_machine = record.version.origin == "made"
        return not made_by_machine or record.version.task_digest == task.digest

    def failures(self, task: TaskSpec, key: str) -> list[Fact]:
        """Failed attempts since the last success, reopening or clearing."""
        found: list[Fact] = []
        for fact in self.snapshot.facts_of(task.path, key):
            if fact.kind == "failed":
                found.append(fact)
            elif fact.kind in ("cleared", "done", "printed", "reopened"):
                found = []
        return found

    def incident(self, task: TaskSpec, key: str) -> Fact | None:
        """The last failure, once `retry` is used up."""
        failed = self.failures(task, key)
        return failed[-1] if len(failed) > task.retries else None

    # --- opened again ------------------------------------------------------------------------

    def reopened_at(self, task: TaskSpec, key: str) -> int:
        """The seq of the last thing that opened a task again; 0 if nothing did."""
        found = self._reopened.get((task.path, key))
        if found is None:
            found = self._reopened[task.path, key] = max(self._reopenings(task, key), default=0)
        return found

    def _reopenings(self, task: TaskSpec, key: str) -> Iterator[int]:
        for fact in self.snapshot.facts_of(task.path, key):
            if fact.kind == "reopened":
                yield fact.seq
        for gate in self.methodology.reopened_by_gates.get(task.path, ()):
            for each, decision in self._returns(gate, task, key):
                if (task.path, key) in self.reopened_by(gate, each, decision):
                    yield decision.seq
        for other in self.methodology.reopened_by_tasks.get(task.path, ()):
            for each, versions in self._papers_near(other, task, key).items():
                for version in versions:
                    if (task.path, key) in self._translated(
                        other.then.reopen, self.member(other, each), version.seq
                    ):
                        yield version.seq

    def _returns(self, gate: Checkpoint, task: TaskSpec, key: str) -> Iterator[tuple[str, Decision]]:
        """Returns on a gate that may concern a task's key: of the same register only that key's."""
        decided = self.snapshot.decisions.get(gate.path, {})
        near = {key: decided.get(key, ())} if gate.register and gate.register == _register(task) else decided
        for each, decisions in near.items():
            for decision in decisions:
                if decision.verdict == "return" and not gate.is_opinion(decision.sign_off):
                    yield each, decision

    def _papers_near(self, other: TaskSpec, task: TaskSpec, key: str) -> Mapping[str, Sequence[Version]]:
        found = self.snapshot.versions.get(f"{other.stage}/{other.writes}", {})
        same = _register(other) is not None and _register(other) == _register(task)
        return {key: found.get(key, ())} if same else found

    def reopened_by(self, checkpoint: Checkpoint, key: str, decision: Decision) -> list[tuple[str, str]]:
        """(task path, key) pairs that a return opens again, for the member at hand."""
        choice = checkpoint.on_return.get(decision.choice)
        if choice is None:
            return []
        member = Member(checkpoint.register, key) if checkpoint.register else None
        return list(self._translated(choice.reopen, member, decision.seq))

    def _translated(
        self, paths: tuple[str, ...], member: Member | None, seq: int
    ) -> Iterator[tuple[str, str]]:
        for path in paths:
            task = self.methodology.task(path)
            register = task.each.register if task.each else None
            if member is None:
                for key in self.keys(task):
                    yield path, key
            else:
                for key in self.members.translate(member, register, seq):
                    yield path, key


def _register(task: TaskSpec) -> str | None:
    return task.each.register if task.each else None
