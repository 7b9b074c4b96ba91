"""What a gate requires: whether it holds now, why not, and who let it go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.engine.judging import HOLDS, Outcome
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Member, Waiver
from schemas.stage import ArtefactSpec, Checkpoint, Requirement, Stage

if TYPE_CHECKING:
    from flows.engine.gates import Gates


@dataclass(frozen=True)
class Unmet:
    """A requirement that does not hold (False) or still waits for something (None)."""

    requirement: Requirement
    holds: bool | None
    reasons: tuple[Reason, ...]


class Requirements:
    """Requirements of the gates of one snapshot; `approved` is asked of the gates, which ask for it here."""

    def __init__(self, gates: Gates) -> None:
        self.gates, self.methodology, self.snapshot = gates, gates.methodology, gates.snapshot
        self.members, self.papers = gates.members, gates.papers

    def unmet(self, checkpoint: Checkpoint, key: str) -> Iterator[Unmet]:
        """Requirements that do not hold now, but for those that somebody let go."""
        stage = self.methodology.stages[checkpoint.stage]
        for requirement in checkpoint.requires:
            outcome = self.outcome(stage, checkpoint, requirement, key)
            if outcome.holds is not True and not self.waived(checkpoint, requirement, key):
                yield Unmet(requirement, outcome.holds, outcome.reasons)

    def outcome(self, stage: Stage, checkpoint: Checkpoint, requirement: Requirement, key: str) -> Outcome:
        """Whether one requirement holds now, whoever let it go."""
        member = Member(checkpoint.register, key) if checkpoint.register else None
        item = place(checkpoint.path, key)
        if requirement.check:
            outcome = self.papers.judging.judge(stage, requirement.check.condition, member)
            if outcome.holds:
                return outcome
            told = reason(
                "check_failed" if outcome.holds is False else "check_waits", item,
                message=requirement.check.message, why=requirement.check.why, because=outcome.reasons,
            )  # fmt: skip
            return Outcome(outcome.holds, (told,))
        if requirement.all_passed:
            return self.all_passed(requirement.all_passed)
        return self._paper(checkpoint, stage.artefacts[requirement.id], requirement, key)

    def _paper(
        self, checkpoint: Checkpoint, spec: ArtefactSpec, requirement: Requirement, key: str
    ) -> Outcome:
        register = self.papers.table_of(spec)
        if register and register == checkpoint.register:
            return HOLDS  # the member is in the table, or it would not be asked about
        if spec.each and spec.each.register == checkpoint.register and checkpoint.register:
            return self._holds(spec, key, requirement)
        if spec.each:
            keys = self.papers.keys(spec)
            if spec.each.register and not self.members.ever(spec.each.register):
                return Outcome(None, (reason("register_empty", spec.path, title=spec.title),))
            outcomes = [self._holds(spec, each, requirement) for each in keys]
            return _all(outcomes)
        outcome = self._holds(spec, "", requirement)
        if outcome.holds and register:
            return self._table(spec, register)
        return outcome

    def _table(self, spec: ArtefactSpec, register: str) -> Outcome:
        if not self.members.ever(register):
            return Outcome(None, (reason("register_empty", spec.path, title=spec.title),))
        failed = self.papers.failed_checks(spec)
        return Outcome(False, failed) if failed else HOLDS

    def _holds(self, spec: ArtefactSpec, key: str, requirement: Requirement) -> Outcome:
        if self.papers.recurs(spec):
            there = bool(self.papers.occurrences(spec, key))
            return (
                HOLDS
                if there
                else Outcome(None, (reason("missing", place(spec.path, key), title=spec.title),))
            )
        record = self.papers.record(spec, key)
        if not record.holds:
            waiting = None if record.state == "missing" else False
            told = record.reasons
            if record.state == "stale":
                told = (reason("stale", place(spec.path, key), title=spec.title, because=told),)
            return Outcome(waiting, told)
        if requirement.level == "approved" and not self.covered(spec, key):
            return Outcome(None, tuple(self._not_covered(spec, key)))
        return HOLDS

    def covered(self, spec: ArtefactSpec, key: str = "") -> bool:
        """Whether a paper is approved: every gate that requires it `valid` has approved this version."""
        gates = self.covering(spec)
        return bool(gates) and not any(True for _ in self._not_covered(spec, key))

    def _not_covered(self, spec: ArtefactSpec, key: str) -> Iterator[Reason]:
        for gate in self.covering(spec):
            if gate.register is None:
                keys = [""]
            elif self.papers.table_of(spec) == gate.register:
                continue  # rows are covered one by one; the table is covered by its programme-level gates
            else:
                keys = [key] if key else self.members.live(gate.register)
            for each in keys:
                if not self.gates.gate(gate, each).approved:
                    yield reason("gate_waits", place(gate.path, each), title=gate.title)

    def covering(self, spec: ArtefactSpec) -> tuple[Checkpoint, ...]:
        """Gates that require a paper `valid`."""
        return self.methodology.covering.get(spec.path, ())

    def all_passed(self, path: str) -> Outcome:
        """Whether each member has passed a gate or ended; an empty register never has."""
        gate = self.methodology.checkpoint(path)
        register = str(gate.register)
        if not self.members.ever(register):
            return Outcome(None, (reason("register_empty", path, title=gate.title),))
        waiting = [key for key in self.members.live(register) if not self.gates.gate(gate, key).approved]
        if not waiting:
            return HOLDS
        return Outcome(None, (reason("not_all_passed", path, title=gate.title, keys=waiting),))

    # --- waivers -----------------------------------------------------------------------------

    def waived(self, checkpoint: Checkpoint, requirement: Requirement, key: str) -> Waiver | None:
        """The waiver that covers a requirement as it stands, or None."""
        for waiver in reversed(self.snapshot.waivers_of(checkpoint.path, key)):
            if waiver.requirement == requirement.id:
                now = self.waiver_evidence(checkpoint, requirement, key)
                return waiver if dict(waiver.evidence) == now else None
        return None

    def waiver_evidence(self, checkpoint: Checkpoint, requirement: Requirement, key: str) -> dict[str, str]:
        """What a waiver covers: the papers that the requirement looks at."""
        stage = self.methodology.stages[checkpoint.stage]
        member = Member(checkpoint.register, key) if checkpoint.register else None
        names = requirement.check.condition.names if requirement.check else {requirement.id}
        papers = sorted(name for name in names if name in stage.artefacts or name in stage.needs)
        found = {name: self.papers._input(stage, name, member) for name in papers}
        return {name: value for name, value in found.items() if value}

    def asked_title(self, checkpoint: Checkpoint, requirement: Requirement) -> str:
        """What a requirement asks for, in the words of the definition."""
        if requirement.check:
            return requirement.check.message
        if requirement.all_passed:
            return self.methodology.checkpoint(requirement.all_passed).title
        return self.methodology.stages[checkpoint.stage].artefacts[requirement.id].title


def _all(outcomes: list[Outcome]) -> Outcome:
    failed = [each for each in outcomes if each.holds is not True]
    if not failed:
        return HOLDS
    holds = False if any(each.holds is False for each in failed) else None
    return Outcome(holds, tuple(told for each in failed for told in each.reasons))
