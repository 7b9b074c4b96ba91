"""The state of gates: what is required, who has signed on which evidence, what fell and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.progress import Progress
from flows.engine.reasons import Reason, place, reason
from flows.engine.requirements import Requirements, Unmet
from flows.engine.rulings import History
from flows.engine.snapshot import Decision, Evidence, Member, Snapshot
from schemas.model import Methodology
from schemas.stage import ArtefactSpec, Checkpoint, Requirement, SignOff

State = Literal["not_ready", "open", "approved", "returned", "rejected", "stale", "ended"]


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
        self.requirements = Requirements(self)
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
        unmet = tuple(self.requirements.unmet(checkpoint, key))
        frozen = self.frozen(Member(checkpoint.register, key)) if checkpoint.register else ()
        ready = not unmet and not frozen
        following = tuple(self._following(checkpoint, standing)) if ready else ()
        state: State = "stale" if history.completed and causes else "open" if ready else "not_ready"
        reasons = causes  # of the first signatures too, though the gate was not passed yet
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
                title = self.requirements.asked_title(checkpoint, requirement)
                yield reason("fell_more", item, name=f"more {requirement.id}", title=title)

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
        outcome = self.requirements.outcome(stage, checkpoint, requirement, key)
        return outcome.holds is True or self.requirements.waived(checkpoint, requirement, key) is not None

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
