"""Conditions judged on the papers of a programme: what a name means there, the verdict, and why it is so."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.engine.reasons import Reason, reason
from flows.engine.snapshot import Member, Row, Version
from schemas.conditions import Condition, Verdict, evaluate, looked_at, tell
from schemas.stage import ArtefactSpec, Stage

if TYPE_CHECKING:
    from flows.engine.papers import Papers

ABSENT = object()
_KEPT = 20_000  # verdicts, then they are found anew
_SHORT = 64  # records in the token of a meaning; what looks at more is looked at anew


class Outcome(NamedTuple):
    """A condition's verdict with the reason where it does not hold."""

    holds: bool | None
    reasons: tuple[Reason, ...] = ()


class Meaning(NamedTuple):
    """What a name means in a condition, read when it is needed; equal tokens stand for equal data, None for none."""

    token: Hashable
    read: Callable[[], Any]


HOLDS = Outcome(True)


class Judging:
    """Judges conditions on the papers of one snapshot."""

    def __init__(self, papers: Papers) -> None:
        self.papers = papers

    def judge(self, stage: Stage, condition: Condition, member: Member | None) -> Outcome:
        """Evaluate a condition in a stage, for the member at hand; data looked at before are not looked at again."""
        found = {name: self._meaning(stage, name, member) for name in condition.names}
        meanings = {name: each for name, each in found.items() if each is not None}
        tokens = frozenset((name, each.token) for name, each in meanings.items())
        register = member.register if member else ""
        known: dict[Hashable, tuple[Verdict, Outcome]] = self.papers.methodology.verdicts
        key = (stage.id, register, condition.text, tokens)
        if key in known:
            verdict, outcome = known[key]
            tell(condition, verdict)
            return outcome
        data = {name: each.read() for name, each in meanings.items()}
        verdict = evaluate(condition, data)
        outcome = (
            HOLDS
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
                    "waiting_for",
                    title=self.papers.title(stage.id, name) if self._is_paper(stage, name) else name,
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
        return self._is_paper(stage, name) and self.papers.named(stage, name).confidential

    @staticmethod
    def _is_paper(stage: Stage, name: str) -> bool:
        return name in stage.artefacts or name in stage.needs

    def value(self, stage: Stage, name: str, member: Member | None) -> Any:
        """What a name means in a condition of this stage; ABSENT while there is nothing."""
        found = self._meaning(stage, name, member)
        return ABSENT if found is None else found.read()

    def _meaning(self, stage: Stage, name: str, member: Member | None) -> Meaning | None:
        if name == "params":
            return Meaning(name, lambda: stage.params)
        if name == "row":
            row = self.papers.members.row(member) if member else None
            return Meaning(row.digest, partial(self._typed_row, member, row)) if member and row else None
        if not self._is_paper(stage, name):
            return None
        spec = self.papers.named(stage, name)
        register = self.papers.table_of(spec)
        if member and register == member.register:
            return self._meaning(stage, "row", member)
        if spec.each and not (member and spec.each.register == member.register):
            records = [self._data(spec, key) for key in self.papers.need_keys(stage, name, spec)]
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
        keys = self.papers.passed_keys(register, gate)
        field_name = self.papers.methodology.registers[register].key

        def read() -> Any:
            data, passed = table.read(), set(keys)
            return {**data, "rows": [row for row in data["rows"] if row.get(field_name) in passed]}

        return Meaning((table.token, *keys) if len(keys) <= _SHORT else None, read)

    def _data(self, spec: ArtefactSpec, key: str) -> Meaning | None:
        if self.papers.recurs(spec):
            return _listed([self._version(spec, each) for each in self.papers.occurrences(spec, key)])
        version = self.papers.latest(spec, key)
        if version is None or version.origin == "silent" or self.papers.expired(spec, version, key):
            return None
        return self._version(spec, version)

    def _version(self, spec: ArtefactSpec, version: Version) -> Meaning:
        return Meaning(version.digest, partial(self._typed, spec, version.data))

    def _typed(self, spec: ArtefactSpec, data: Any) -> Any:
        if spec.schema not in self.papers.methodology.with_reals:
            return data
        return as_typed(self.papers.methodology.schema_of(spec), data)

    def _row_spec(self, member: Member) -> ArtefactSpec:
        return self.papers.methodology.artefact(self.papers.methodology.registers[member.register].table)

    def _typed_row(self, member: Member, row: Row) -> Any:
        spec = self._row_spec(member)
        if spec.schema not in self.papers.methodology.with_reals:
            return row.data
        return as_typed(self.papers.methodology.schema_of(spec)["properties"]["rows"]["items"], row.data)


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
