"""The state of papers: missing, draft, valid, stale, withdrawn; what they were made from; conditions on them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Literal, NamedTuple

from flows.engine import moments
from flows.engine.members import Members
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Member, Row, Snapshot, Version
from schemas.conditions import Condition, Verdict, evaluate, looked_at, tell
from schemas.digests import digest
from schemas.model import Methodology
from schemas.problems import NOWHERE
from schemas.stage import ArtefactSpec, Check, Stage, TaskSpec
from schemas.validation import violations

State = Literal["missing", "draft", "valid", "stale", "withdrawn", "not_owed"]
_ABSENT = object()
_KEPT = 20_000  # verdicts, then they are found anew
_SHORT = 64  # records in the token of a meaning; what looks at more is looked at anew


class Record(NamedTuple):
    """A paper of the programme, or of one member, as it stands now."""

    state: State
    version: Version | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it counts: valid, or nobody owes it."""
        return self.state in ("valid", "not_owed")


class Outcome(NamedTuple):
    """A condition's verdict with the reason where it does not hold."""

    holds: bool | None
    reasons: tuple[Reason, ...] = ()


class Meaning(NamedTuple):
    """What a name means in a condition, read when it is needed; equal tokens stand for equal data, None for none."""

    token: Hashable
    read: Callable[[], Any]


_HOLDS = Outcome(True)


class Papers:
    """Papers of one snapshot at one moment."""

    def __init__(self, methodology: Methodology, snapshot: Snapshot, members: Members, now: datetime) -> None:
        self.methodology, self.snapshot, self.members, self.now = methodology, snapshot, members, now
        self.wakes: dict[str, datetime] = {}  # the next moment at which time alone changes a paper, by key
        self.passed: Callable[[str, Member], bool] = lambda gate, member: True  # set by Gates
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
        data = self.value(self.methodology.stages[spec.stage], str(spec.each.need), None)
        for part in spec.each.items:
            data = data.get(part, []) if isinstance(data, Mapping) else []
        return [str(each) for each in data] if isinstance(data, list) else []

    def owed(self, spec: ArtefactSpec, key: str) -> Outcome:
        """Whether this key owes the paper; unknown while its condition waits for something."""
        if spec.each is None or spec.each.where is None:
            return _HOLDS
        found = self._owed.get((spec.path, key))
        if found is None:
            member = Member(str(spec.each.register), key)
            found = self.judge(self.methodology.stages[spec.stage], spec.each.where, member)
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
        expired = self._expired(spec, version, key)
        if expired:
            return Record("missing", version, (expired,))
        if self._misfits(spec, version):
            return Record("draft", version, (reason("misfits", where, title=spec.title),))
        changed = self.changed_inputs(spec, version, key)
        if changed:
            return Record("stale", version, tuple(changed))
        return self._checked(spec, version, key)

    def _expired(self, spec: ArtefactSpec, version: Version, key: str) -> Reason | None:
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
            for outcome in [self.judge(stage, check.condition, member)]
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

    # --- conditions --------------------------------------------------------------------------

    def judge(self, stage: Stage, condition: Condition, member: Member | None) -> Outcome:
        """Evaluate a condition in a stage, for the member at hand; data looked at before are not looked at again."""
        found = {name: self._meaning(stage, name, member) for name in condition.names}
        meanings = {name: each for name, each in found.items() if each is not None}
        tokens = frozenset((name, each.token) for name, each in meanings.items())
        register = member.register if member else ""
        known, key = self.methodology.verdicts, (stage.id, register, condition.text, tokens)
        if key in known:
            verdict, outcome = known[key]
            tell(condition, verdict)
            return outcome  # type: ignore[no-any-return]
        data = {name: each.read() for name, each in meanings.items()}
        verdict = evaluate(condition, data)
        outcome = (
            _HOLDS
            if verdict.holds
            else Outcome(verdict.holds, self._explained(stage, condition, verdict, data, member))
        )
        if all(each.token is not None for each in meanings.values()):
            if len(known) >= _KEPT:
                known.clear()
            known[key] = verdict, outcome
        return outcome

    def _explained(
        self,
        stage: Stage,
        condition: Condition,
        verdict: Verdict,
        data: Mapping[str, Any],
        member: Member | None,
    ) -> tuple[Reason, ...]:
        if verdict.waiting:
            return tuple(
                reason(
                    "waiting_for", title=self.title(stage.id, name) if self._is_paper(stage, name) else name
                )
                for name in verdict.waiting
            )
        if verdict.fault == "C05":
            return (reason("field_missing", field=verdict.detail, row=_row_without(data, verdict.detail)),)
        if verdict.fault:
            return (reason("condition_fault", code=verdict.fault, detail=verdict.detail),)
        if any(self._confidential(stage, name, member) for name in condition.names):
            return (reason("looked_unseen"),)
        return tuple(reason("looked", text=text, value=value) for text, value in looked_at(condition, data))

    def _confidential(self, stage: Stage, name: str, member: Member | None) -> bool:
        """Whether the values of what a condition names are not for everybody's eyes."""
        if name == "row" and member:
            return self._row_spec(member).confidential
        return self._is_paper(stage, name) and self.named(stage, name).confidential

    @staticmethod
    def _is_paper(stage: Stage, name: str) -> bool:
        return name in stage.artefacts or name in stage.needs

    def value(self, stage: Stage, name: str, member: Member | None) -> Any:
        """What a name means in a condition of this stage; _ABSENT while there is nothing."""
        found = self._meaning(stage, name, member)
        return _ABSENT if found is None else found.read()

    def _meaning(self, stage: Stage, name: str, member: Member | None) -> Meaning | None:
        if name == "params":
            return Meaning(name, lambda: stage.params)
        if name == "row":
            row = self.members.row(member) if member else None
            return Meaning(row.digest, partial(self._typed_row, member, row)) if member and row else None
        if not self._is_paper(stage, name):
            return None
        spec = self.named(stage, name)
        register = self.table_of(spec)
        if member and register == member.register:
            return self._meaning(stage, "row", member)
        if spec.each and not (member and spec.each.register == member.register):
            records = [self._data(spec, key) for key in self.need_keys(stage, name, spec)]
            return _listed([each for each in records if each is not None])
        if spec.each and member:
            return self._data(spec, member.key)
        need = stage.needs.get(name)
        if register and need and need.passed:
            return self._passed_table(spec, register, need.passed)
        return self._data(spec, "")

    def _passed_table(self, spec: ArtefactSpec, register: str, gate: str) -> Meaning | None:
        table = self._data(spec, "")
        if table is None:
            return None
        keys = self.passed_keys(register, gate)
        field_name = self.methodology.registers[register].key

        def read() -> Any:
            data, passed = table.read(), set(keys)
            return {**data, "rows": [row for row in data["rows"] if row.get(field_name) in passed]}

        return Meaning((table.token, *keys) if len(keys) <= _SHORT else None, read)

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

    def _data(self, spec: ArtefactSpec, key: str) -> Meaning | None:
        if self.recurs(spec):
            return _listed([self._version(spec, each) for each in self.occurrences(spec, key)])
        version = self.latest(spec, key)
        if version is None or version.origin == "silent" or self._expired(spec, version, key):
            return None
        return self._version(spec, version)

    def _version(self, spec: ArtefactSpec, version: Version) -> Meaning:
        return Meaning(version.digest, partial(self._typed, spec, version.data))

    def _typed(self, spec: ArtefactSpec, data: Any) -> Any:
        if spec.schema not in self.methodology.with_reals:
            return data
        return as_typed(self.methodology.schema_of(spec), data)

    def _row_spec(self, member: Member) -> ArtefactSpec:
        return self.methodology.artefact(self.methodology.registers[member.register].table)

    def _typed_row(self, member: Member, row: Row) -> Any:
        spec = self._row_spec(member)
        if spec.schema not in self.methodology.with_reals:
            return row.data
        return as_typed(self.methodology.schema_of(spec)["properties"]["rows"]["items"], row.data)

    def wake(self, key: str, moment: datetime) -> None:
        """Note a moment at which time alone changes something for a key."""
        if moment > self.now and (key not in self.wakes or moment < self.wakes[key]):
            self.wakes[key] = moment


def _listed(records: list[Meaning]) -> Meaning:
    tokens = tuple(each.token for each in records)
    whole = len(tokens) <= _SHORT and None not in tokens
    return Meaning(tokens if whole else None, lambda: [each.read() for each in records])


def as_typed(schema: Mapping[str, Any], data: Any) -> Any:
    """Data with numbers of the type that the schema gives them: CEL does not mix int and double."""
    kind = schema.get("type")
    if kind == "number" and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(data, list) and "items" in schema:
        return [as_typed(schema["items"], each) for each in data]
    if isinstance(data, Mapping) and "properties" in schema:
        properties = schema["properties"]
        return {
            key: as_typed(properties[key], value) if key in properties else value
            for key, value in data.items()
        }
    return data


def _row_without(data: Mapping[str, Any], key: str) -> str:
    """The place of the first row that lacks a field, so that a failure can name it."""
    for name, value in data.items():
        rows: Iterable[Any] = value.get("rows", ()) if isinstance(value, Mapping) else ()
        for index, row in enumerate(rows, start=1):
            if isinstance(row, Mapping) and key not in row:
                code = row.get("code") or row.get("group") or index
                return f"{name}: {code}"
    return ", ".join(sorted(data))
