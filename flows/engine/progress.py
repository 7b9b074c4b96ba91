"""What has been done: whether a task's result stands, how often it failed, what opened it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.snapshot import Decision, Fact, Member, Snapshot
from schemas.model import Checkpoint, Methodology, TaskSpec

MACHINES = frozenset({"matching", "evaluation", "report", "notice"})  # kinds that nobody is asked for


class Progress:
    """Tasks of one snapshot, as far as facts and papers tell; whether they may open is decided by Work."""

    def __init__(
        self, methodology: Methodology, snapshot: Snapshot, members: Members, papers: Papers
    ) -> None:
        self.methodology, self.snapshot, self.members, self.papers = methodology, snapshot, members, papers
        self._done: dict[tuple[str, str], bool] = {}

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
        return self._reopened.get((task.path, key), 0)

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

    @cached_property
    def _reopened(self) -> Mapping[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}

        def note(path: str, key: str, seq: int) -> None:
            found[path, key] = max(seq, found.get((path, key), 0))

        for path, by_key in self.snapshot.facts.items():
            for key, facts in by_key.items():
                for fact in facts:
                    if fact.kind == "reopened":
                        note(path, key, fact.seq)
        for gate, decided in self.snapshot.decisions.items():
            checkpoint = self.methodology.checkpoint(gate)
            for key, decisions in decided.items():
                for decision in decisions:
                    opinion = checkpoint.sign_off[decision.sign_off].act == "opinion"
                    if decision.verdict == "return" and not opinion:
                        for path, each in self.reopened_by(checkpoint, key, decision):
                            note(path, each, decision.seq)
        for task in self._reopeners:
            for key, versions in self.snapshot.versions.get(f"{task.stage}/{task.writes}", {}).items():
                member = self.member(task, key)
                for version in versions:
                    for path, each in self._translated(task.then.reopen, member, version.seq):
                        note(path, each, version.seq)
        return found

    @cached_property
    def _reopeners(self) -> list[TaskSpec]:
        return [
            task
            for stage in self.methodology.stages.values()
            for task in stage.tasks.values()
            if task.then.reopen
        ]
