"""The state of gates: what is required, who has signed on which evidence, what fell and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flows.engine.judging import Outcome
from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.progress import Progress
from flows.engine.reasons import Reason, place, reason
from flows.engine.rulings import History
from flows.engine.snapshot import Decision, Evidence, Member, Snapshot, Waiver
from schemas.model import Methodology
from schemas.stage import ArtefactSpec, Checkpoint, Requirement, SignOff, Stage

State = Literal["not_ready", "open", "approved", "returned", "rejected", "stale", "ended"]


@dataclass(frozen=True)
class Unmet:
    """A requirement that does not hold (False) or still waits for something (None)."""

    requirement: Requirement
    holds: bool | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Gate:
    """A gate as it stands for the programme, or for one member."""

    state: State
    ready: bool = False
    signed: Mapping[str, Decision] | None = None
    next: tuple[SignOff, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    reasons: tuple[Reason, ...] = ()
    fell_through: tuple[str, ...] = ()  # artefact ids whose change felled the gate

    @property
    def approved(self) -> bool:
        """Whether every signature covers what stands now."""
        return self.state == "approved"


class Gates:
    """Gates of one snapshot at one moment."""

    def __init__(
        self,
        methodology: Methodology,
        snapshot: Snapshot,
        members: Members,
        papers: Papers,
        progress: Progress,
    ) -> None:
        self.methodology, self.snapshot = methodology, snapshot
        self.members, self.papers, self.progress = members, papers, progress
        self._gates: dict[tuple[str, str], Gate] = {}
        self._frozen: dict[Member, tuple[Reason, ...]] = {}
        papers.passed = self.passed

    def passed(self, gate: str, member: Member) -> bool:
        """Whether a member's gate is approved."""
        return self.gate(self.methodology.checkpoint(gate), member.key).approved

    def gate(self, checkpoint: Checkpoint, key: str = "") -> Gate:
        """The gate of one member, or of the programme (empty key)."""
        found = self._gates.get((checkpoint.path, key))
        if found is None:
            found = self._gates[checkpoint.path, key] = self._find(checkpoint, key)
        return found

    # --- state -------------------------------------------------------------------------------

    def _find(self, checkpoint: Checkpoint, key: str) -> Gate:
        decisions = self.snapshot.decisions_on(checkpoint.path, key)
        history = History.of(checkpoint, decisions)
        if history.rejected:
            return Gate("rejected", signed={}, reasons=(self._rejection(checkpoint, history.rejected, key),))
        if checkpoint.register and self.members.ending(Member(checkpoint.register, key)):
            return Gate("ended", signed=history.signed)
        standing, causes = self._standing(checkpoint, key, history.signed)
        if standing.keys() == checkpoint.sign_off.keys():
            return Gate("approved", signed=standing)
        undone = self._undone(checkpoint, key, history.returned)
        if undone:
            return Gate("returned", signed={}, reasons=undone)
        unmet = tuple(self._unmet(checkpoint, key))
        frozen = self.frozen(Member(checkpoint.register, key)) if checkpoint.register else ()
        ready = not unmet and not frozen
        following = tuple(self._following(checkpoint, standing)) if ready else ()
        state: State = "stale" if history.completed and causes else "open" if ready else "not_ready"
        reasons = causes if state == "stale" else ()
        reasons += tuple(each for one in unmet for each in one.reasons) + frozen
        papers = (each.values["name"] for each in causes if each.values["name"] in checkpoint.papers)
        fell = tuple(papers) if state == "stale" else ()
        return Gate(state, ready, standing, following, unmet, reasons, fell)

    def _standing(
        self, checkpoint: Checkpoint, key: str, signed: Mapping[str, Decision]
    ) -> tuple[dict[str, Decision], tuple[Reason, ...]]:
        """Signatures whose evidence still stands, and what felled the others."""
        standing: dict[str, Decision] = {}
        causes: dict[str, Reason] = {}
        for name, decision in signed.items():
            fallen = list(self._fallen(checkpoint, key, decision))
            causes.update((each.values["name"], each) for each in fallen)
            if not fallen and all(
                other in standing for other in checkpoint.sign_off[name].after if other in signed
            ):
                standing[name] = decision
        return standing, tuple(causes.values())

    def _fallen(self, checkpoint: Checkpoint, key: str, decision: Decision) -> Iterator[Reason]:
        yield from self._edited(checkpoint, key, decision)
        yield from self._changed(checkpoint, key, decision.evidence)

    def _edited(self, checkpoint: Checkpoint, key: str, decision: Decision) -> Iterator[Reason]:
        """What an edit of the definition took from a signature: its signer, or that it covers all that is asked."""
        entry, item = checkpoint.sign_off[decision.sign_off], place(checkpoint.path, key)
        if decision.role != entry.role:
            yield reason("fell_signer", item, name=f"signer {entry.id}", role=entry.role)
        later = self.snapshot.asked_more.get(checkpoint.path, {})
        for requirement in checkpoint.requires:
            if later.get(requirement.id, 0) > decision.seq and not self._covers(
                checkpoint, requirement, key, decision
            ):
                title = self.asked_title(checkpoint, requirement)
                yield reason("fell_more", item, name=f"more {requirement.id}", title=title)

    def asked_title(self, checkpoint: Checkpoint, requirement: Requirement) -> str:
        """What a requirement asks for, in the words of the definition."""
        if requirement.check:
            return requirement.check.message
        if requirement.all_passed:
            return self.methodology.checkpoint(requirement.all_passed).title
        return self.methodology.stages[checkpoint.stage].artefacts[requirement.id].title

    def _covers(self, checkpoint: Checkpoint, requirement: Requirement, key: str, decision: Decision) -> bool:
        """Whether a signature stands for a requirement that came after it.

        A paper that the signer did not see: never, unless nobody owes it. A condition: while it holds.
        """
        stage = self.methodology.stages[checkpoint.stage]
        if requirement.level and requirement.id not in decision.evidence:
            spec = stage.artefacts[requirement.id]
            mine = spec.each and spec.each.register and spec.each.register == checkpoint.register
            keys = [key] if mine else self.papers.keys(spec)
            return all(self.papers.owed(spec, each).holds is False for each in keys)
        outcome = self._requirement(stage, checkpoint, requirement, key)
        return outcome.holds is True or self.waived(checkpoint, requirement, key) is not None

    def _changed(self, checkpoint: Checkpoint, key: str, evidence: Evidence) -> Iterator[Reason]:
        stage = self.methodology.stages[checkpoint.stage]
        for name, signed in evidence.items():
            if name not in checkpoint.papers:
                continue  # asked for no more
            spec = stage.artefacts[name]
            current = self._evidence_of(checkpoint, spec, key)
            if isinstance(signed, Mapping):
                there = current if isinstance(current, Mapping) else {}
                changed = [
                    each
                    for each, value in signed.items()
                    if there.get(each) != value and self._still_counts(spec, each)
                ]
                if changed:
                    yield reason("fell", checkpoint.path, name=name, title=spec.title, keys=changed)
            elif signed != current:
                record = self.papers.record(spec, self._key_of(checkpoint, spec, key))
                behind = record.reasons if not record.holds else ()
                code = "fell_expired" if any(each.code == "expired" for each in behind) else "fell"
                keys = [key] if key else []
                item = place(checkpoint.path, key)
                yield reason(code, item, name=name, title=spec.title, keys=keys, because=behind)

    def _still_counts(self, spec: ArtefactSpec, key: str) -> bool:
        """A row taken out of a signed table fells the signature; a record of a member that ended does not."""
        if self.papers.table_of(spec):
            return True
        return key in self.papers.keys(spec)

    def _undone(self, checkpoint: Checkpoint, key: str, returned: Decision | None) -> tuple[Reason, ...]:
        if returned is None:
            return ()
        choice = checkpoint.on_return.get(returned.choice)
        left = [
            reason("redo", place(path, each), title=self.methodology.task(path).title)
            for path, each in self.progress.reopened_by(checkpoint, key, returned)
            if not self.progress.done(self.methodology.task(path), each)
        ]
        if not left:
            return ()
        title = choice.title if choice else ""
        return (
            reason(
                "returned", place(checkpoint.path, key), role=returned.role, reason=returned.reason, choice=title,
                because=tuple(left),
            ),
        )  # fmt: skip

    def _rejection(self, checkpoint: Checkpoint, decision: Decision, key: str) -> Reason:
        return reason("rejected", place(checkpoint.path, key), role=decision.role, reason=decision.reason)

    def _following(self, checkpoint: Checkpoint, standing: Mapping[str, Decision]) -> Iterator[SignOff]:
        for name, entry in checkpoint.sign_off.items():
            if name not in standing and all(other in standing for other in entry.after):
                yield entry

    # --- evidence ----------------------------------------------------------------------------

    def evidence(self, checkpoint: Checkpoint, key: str = "") -> dict[str, Any]:
        """What a signature given now covers: digests of the required papers that are there.

        With `each`, the member's row and records and the programme's papers named; at programme level the
        whole papers, and of a register's table the keys present.
        """
        stage = self.methodology.stages[checkpoint.stage]
        found = {
            name: self._evidence_of(checkpoint, stage.artefacts[name], key) for name in checkpoint.papers
        }
        return {name: value for name, value in found.items() if value}

    def _evidence_of(self, checkpoint: Checkpoint, spec: ArtefactSpec, key: str) -> Any:
        register = self.papers.table_of(spec)
        if register and register == checkpoint.register:
            row = self.members.row(Member(register, key))
            return row.digest if row else None
        if register and checkpoint.register is None and checkpoint in self.methodology.intakes[register]:
            return dict.fromkeys(self.members.rows(register), "present")
        if spec.each and spec.each.register != checkpoint.register:
            records = {each: self._digest(spec, each) for each in self.papers.keys(spec)}
            return {each: value for each, value in records.items() if value}
        return self._digest(spec, self._key_of(checkpoint, spec, key))

    def _digest(self, spec: ArtefactSpec, key: str) -> str | None:
        if self.papers.recurs(spec):
            return self.papers._digest_of(spec, key) or None
        record = self.papers.record(spec, key)
        return record.version.digest if record.version and record.state == "valid" else None

    @staticmethod
    def _key_of(checkpoint: Checkpoint, spec: ArtefactSpec, key: str) -> str:
        return key if spec.each and spec.each.register == checkpoint.register else ""

    # --- requirements ------------------------------------------------------------------------

    def _unmet(self, checkpoint: Checkpoint, key: str) -> Iterator[Unmet]:
        stage = self.methodology.stages[checkpoint.stage]
        for requirement in checkpoint.requires:
            outcome = self._requirement(stage, checkpoint, requirement, key)
            if outcome.holds is not True and not self.waived(checkpoint, requirement, key):
                yield Unmet(requirement, outcome.holds, outcome.reasons)

    def _requirement(
        self, stage: Stage, checkpoint: Checkpoint, requirement: Requirement, key: str
    ) -> Outcome:
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
            return Outcome(True)  # the member is in the table, or it would not be asked about
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
        return Outcome(False, failed) if failed else Outcome(True)

    def _holds(self, spec: ArtefactSpec, key: str, requirement: Requirement) -> Outcome:
        if self.papers.recurs(spec):
            there = bool(self.papers.occurrences(spec, key))
            return (
                Outcome(True)
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
        return Outcome(True)

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
                if not self.gate(gate, each).approved:
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
        waiting = [key for key in self.members.live(register) if not self.gate(gate, key).approved]
        if not waiting:
            return Outcome(True)
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

    # --- frozen ------------------------------------------------------------------------------

    def frozen(self, group: Member) -> tuple[Reason, ...]:
        """Why the work of a group stops: a member ended, or its gate fell through something in force."""
        if group not in self._frozen:
            self._frozen[group] = ()  # a group's own gates do not freeze it
            if self.members.ending(group) is None:
                self._frozen[group] = tuple(self._freezing(group))
        return self._frozen[group]

    def _freezing(self, group: Member) -> Iterator[Reason]:
        for register, keys in self.members.parts(group).items():
            for key in keys:
                member = Member(register, key)
                ending = self.members.ending(member)
                if ending:
                    yield reason(
                        "frozen_ended", place(self._table_path(group), group.key), key=key, cause=ending.cause
                    )
                    continue
                for gate in self.methodology.gates_of[register]:
                    standing = self.gate(gate, key)
                    expired = [name for name in standing.fell_through if self._in_force(gate, name)]
                    if expired:
                        titles = [
                            self.methodology.stages[gate.stage].artefacts[name].title for name in expired
                        ]
                        yield reason(
                            "frozen_fell", place(gate.path, key), key=key, title=gate.title, papers=titles,
                            because=standing.reasons,
                        )  # fmt: skip

    def _table_path(self, member: Member) -> str:
        return self.methodology.registers[member.register].table

    def _in_force(self, gate: Checkpoint, name: str) -> bool:
        return self.methodology.stages[gate.stage].artefacts[name].in_force is not None


def _all(outcomes: list[Outcome]) -> Outcome:
    failed = [each for each in outcomes if each.holds is not True]
    if not failed:
        return Outcome(True)
    holds = False if any(each.holds is False for each in failed) else None
    return Outcome(holds, tuple(told for each in failed for told in each.reasons))
