"""The state of papers: missing, draft, valid, stale, withdrawn; and what they were made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple

from flows.engine import moments
from flows.engine.judging import HOLDS, Judging, Outcome
from flows.engine.members import Members
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Member, Snapshot, Version
from schemas.digests import digest
from schemas.model import Methodology
from schemas.problems import NOWHERE
from schemas.stage import ArtefactSpec, Check, Stage, TaskSpec
from schemas.validation import violations

State = Literal["missing", "draft", "valid", "stale", "withdrawn", "not_owed"]


class Record(NamedTuple):
    """A paper of the programme, or of one member, as it stands now."""

    state: State
    version: Version | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it counts: valid, or nobody owes it."""
        return self.state in ("valid", "not_owed")


class Papers:
    """Papers of one snapshot at one moment."""

    def __init__(self, methodology: Methodology, snapshot: Snapshot, members: Members, now: datetime) -> None:
        self.methodology, self.snapshot, self.members, self.now = methodology, snapshot, members, now
        self.wakes: dict[str, datetime] = {}  # the next moment at which time alone changes a paper, by key
        self.passed: Callable[[str, Member], bool] = lambda gate, member: True  # set by Gates
        self.judging = Judging(self)
        self._records: dict[tuple[str, str], Record] = {}
        self._owed: dict[tuple[str, str], Outcome] = {}

    # --- who owes what -----------------------------------------------------------------------

    def keys(self, spec: ArtefactSpec) -> list[str]:
        """Keys for which a paper may be owed: live members, items of a list, or the programme."""
        if spec.each is None:
            return [""]
        if spec.each.register:
            return self.members.live(spec.each.register)
        return self.items(spec)

    def items(self, spec: ArtefactSpec) -> list[str]:
        """Items of the list that an artefact is keyed by."""
        assert spec.each is not None
        data = self.judging.value(self.methodology.stages[spec.stage], str(spec.each.need), None)
        for part in spec.each.items:
            data = data.get(part, []) if isinstance(data, Mapping) else []
        return [str(each) for each in data] if isinstance(data, list) else []

    def owed(self, spec: ArtefactSpec, key: str) -> Outcome:
        """Whether this key owes the paper; unknown while its condition waits for something."""
        if spec.each is None or spec.each.where is None:
            return HOLDS
        found = self._owed.get((spec.path, key))
        if found is None:
            member = Member(str(spec.each.register), key)
            found = self.judging.judge(self.methodology.stages[spec.stage], spec.each.where, member)
            self._owed[spec.path, key] = found
        return found

    # --- records -----------------------------------------------------------------------------

    def record(self, spec: ArtefactSpec, key: str = "") -> Record:
        """The paper of one key as it stands."""
        found = self._records.get((spec.path, key))
        if found is None:
            found = self._records[spec.path, key] = self._find(spec, key)
        return found

    def latest(self, spec: ArtefactSpec, key: str = "") -> Version | None:
        """The newest accepted version, in force or not; answers still being collected do not count."""
        for version in reversed(self.snapshot.versions_of(spec.path, key)):
            if version.origin != "collected":
                return version
        return None

    def occurrences(self, spec: ArtefactSpec, key: str) -> list[Version]:
        """Records of recurring work: the newest of each occurrence, in order of acceptance."""
        newest: dict[str, Version] = {}
        for version in self.snapshot.versions_of(spec.path, key):
            if version.origin != "collected":
                newest[version.occurrence] = version
        return list(newest.values())

    def _find(self, spec: ArtefactSpec, key: str) -> Record:
        where = place(spec.path, key)
        register = spec.each.register if spec.each else None
        version = self.latest(spec, key)
        if register and self.members.ending(Member(register, key)):
            return Record("withdrawn", version, (reason("member_ended", where, key=key),))
        owed = self.owed(spec, key)
        if owed.holds is False:
            return Record("not_owed", version)
        if owed.holds is None and version is None:
            return Record("missing", None, owed.reasons)
        if version is None:
            return Record("missing", None, (reason("missing", where, title=spec.title),))
        if version.origin == "silent":
            return Record("draft", version, (reason("silent", where, title=spec.title),))
        expired = self.expired(spec, version, key)
        if expired:
            return Record("missing", version, (expired,))
        if self._misfits(spec, version):
            return Record("draft", version, (reason("misfits", where, title=spec.title),))
        changed = self.changed_inputs(spec, version, key)
        if changed:
            return Record("stale", version, tuple(changed))
        return self._checked(spec, version, key)

    def expired(self, spec: ArtefactSpec, version: Version, key: str) -> Reason | None:
        """The reason of a version that has run out; of one that will, the moments are noted."""
        until = version.data.get(spec.in_force.until) if spec.in_force else None
        if not until or spec.in_force is None:
            return None
        ends = moments.expiry(until, self.snapshot.zone)
        if self.now >= ends:
            return reason("expired", place(spec.path, key), title=spec.title, until=date.fromisoformat(until))
        self.wake(key, ends)
        if spec.in_force.warn:
            self.wake(key, moments.before(ends, spec.in_force.warn, self.snapshot.zone))
        return None

    def _misfits(self, spec: ArtefactSpec, version: Version) -> bool:
        """Whether a paper accepted under another schema does not fit the one that an edit brought."""
        if self.snapshot.reshaped.get(spec.path, 0) <= version.seq:
            return False
        schema = self.methodology.schema_of(spec)
        return bool(violations(schema, version.data, lambda pointer, *, key=False: NOWHERE, "D"))

    def expires_soon(self, spec: ArtefactSpec, key: str) -> date | None:
        """The last day of a paper that is within its `warn` span, or None."""
        record = self.record(spec, key)
        if record.state != "valid" or record.version is None or not (spec.in_force and spec.in_force.warn):
            return None
        until = record.version.data.get(spec.in_force.until)
        if not until:
            return None
        ends = moments.expiry(until, self.snapshot.zone)
        warn = moments.before(ends, spec.in_force.warn, self.snapshot.zone)
        return date.fromisoformat(until) if self.now >= warn else None

    def _checked(self, spec: ArtefactSpec, version: Version, key: str) -> Record:
        if spec.path in self.methodology.tables:
            return Record("valid", version)  # a table's own checks count only at programme-level gates
        failed = self.failed_checks(spec, key)
        return Record("draft", version, failed) if failed else Record("valid", version)

    def failed_checks(
        self, spec: ArtefactSpec, key: str = "", *, blocking: bool = True
    ) -> tuple[Reason, ...]:
        """Reasons of the artefact's own checks that do not hold."""
        stage = self.methodology.stages[spec.stage]
        member = Member(spec.each.register, key) if spec.each and spec.each.register else None
        return tuple(
            self._told(check, outcome, place(spec.path, key))
            for check in spec.checks
            if check.blocks == blocking
            for outcome in [self.judging.judge(stage, check.condition, member)]
            if outcome.holds is not True
        )

    @staticmethod
    def _told(check: Check, outcome: Outcome, item: str) -> Reason:
        return reason("check_failed", item, message=check.message, why=check.why, because=outcome.reasons)

    def table_of(self, spec: ArtefactSpec) -> str | None:
        """The register whose table this artefact is."""
        return self.methodology.tables.get(spec.path)

    # --- lineage -----------------------------------------------------------------------------

    def changed_inputs(self, spec: ArtefactSpec, version: Version, key: str) -> list[Reason]:
        """What a paper was made from that has changed since."""
        task = self.writer(spec)
        if task is None or not task.reads or task.uses == "matching" or spec.kept_when_stale:
            return []  # a proposal is stale only while somebody waits for a match: see Work
        now = self.inputs(task, key)
        return [
            reason("input_changed", place(spec.path, key), title=self.title(task.stage, name))
            for name in task.reads
            if now.get(name, "") != version.inputs.get(name, "")
        ]

    def inputs(self, task: TaskSpec, key: str) -> dict[str, str]:
        """Digests of what a task reads, by name; what is not there is left out."""
        stage = self.methodology.stages[task.stage]
        member = Member(task.each.register, key) if task.each and task.each.register else None
        found = {name: self._input(stage, name, member) for name in task.reads}
        return {name: value for name, value in found.items() if value}

    def _input(self, stage: Stage, name: str, member: Member | None) -> str:
        spec = self.named(stage, name)
        register = self.table_of(spec)
        if member and register == member.register:
            row = self.members.row(member)
            return row.digest if row else ""
        if member and spec.each and spec.each.register == member.register:
            return self._digest_of(spec, member.key)
        if register:
            need = stage.needs.get(name)
            keys = self.passed_keys(register, need.passed if need else None)
            rows = self.members.rows(register)
            return digest({key: rows[key].digest for key in keys}) if rows else ""
        if spec.each:
            records = {key: self._digest_of(spec, key) for key in self.need_keys(stage, name, spec)}
            return digest({key: value for key, value in records.items() if value})
        return self._digest_of(spec, "")

    def _digest_of(self, spec: ArtefactSpec, key: str) -> str:
        if self.recurs(spec):
            return digest([version.digest for version in self.occurrences(spec, key)])
        record = self.record(spec, key)
        return record.version.digest if record.version and record.state in ("valid", "draft") else ""

    def writer(self, spec: ArtefactSpec) -> TaskSpec | None:
        """The task that writes an artefact."""
        return self.methodology.writers.get(spec.path)

    def recurs(self, spec: ArtefactSpec) -> bool:
        """Whether the paper is a list of records of recurring work."""
        task = self.writer(spec)
        return bool(task and task.every)

    def named(self, stage: Stage, name: str) -> ArtefactSpec:
        """The artefact that a name means inside a stage: its own, or a need."""
        if name in stage.artefacts:
            return stage.artefacts[name]
        return self.methodology.artefact(stage.needs[name].artefact)

    def title(self, stage: str, name: str) -> str:
        """The title of what a name means inside a stage."""
        return self.named(self.methodology.stages[stage], name).title

    def passed_keys(self, register: str, gate: str | None) -> list[str]:
        """Live members that passed a gate, in the table's order."""
        live = self.members.live(register)
        return [key for key in live if self.passed(gate, Member(register, key))] if gate else live

    def need_keys(self, stage: Stage, name: str, spec: ArtefactSpec) -> list[str]:
        """Keys whose records a name means: members that passed where the need says so."""
        need = stage.needs.get(name)
        if need and need.passed and spec.each and spec.each.register:
            return self.passed_keys(spec.each.register, need.passed)
        return self.keys(spec)

    def wake(self, key: str, moment: datetime) -> None:
        """Note a moment at which time alone changes something for a key."""
        if moment > self.now and (key not in self.wakes or moment < self.wakes[key]):
            self.wakes[key] = moment
