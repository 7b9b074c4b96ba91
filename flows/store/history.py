"""What has happened in a programme, read from the database once and then only its news."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlmodel import Session, col, select

from flows.engine import snapshot as engine
from flows.store import records

Contents = Callable[[set[str]], Mapping[str, Any]]
Places = Mapping[str, Mapping[str, tuple[Any, ...]]]  # path → key → what happened there, oldest first


@dataclass(frozen=True)
class History:
    """What has happened in a programme up to a number of the journal; never changed, only succeeded."""

    seq: int = 0
    versions: Places = field(default_factory=dict)
    facts: Places = field(default_factory=dict)
    decisions: Places = field(default_factory=dict)
    waivers: Places = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    closed_at: datetime | None = None


def read_on(
    session: Session, content: Contents, programme: records.Programme, known: History, head: int
) -> History:
    """What is known with everything of the programme that came since, up to the journal's head."""
    number = programme.id or 0
    table = records.Artefact
    mine = (table.programme == number) | ((table.programme == 0) & (table.school == programme.school))
    query = select(table).where(mine, table.seq > known.seq)
    if programme.closed is not None:
        query = query.where(table.seq < programme.closed)  # a finished year sees nothing newer
    papers = session.exec(query.order_by(col(table.seq))).all()
    contents = content({row.digest for row in papers})
    stages, closed_at = dict(known.stages), known.closed_at
    for row in _news(session, records.StageFact, number, known.seq):
        if row.stage:
            stages.setdefault(row.stage, row.seq)
        else:
            closed_at = datetime.fromisoformat(row.at)
    return History(
        seq=head,
        versions=_with(known.versions, ((row.path, row.key, _version(row, contents)) for row in papers)),
        facts=_with(known.facts, _rows(session, records.TaskFact, "task", _fact, number, known.seq)),
        decisions=_with(
            known.decisions, _rows(session, records.Decision, "gate", _decision, number, known.seq)
        ),
        waivers=_with(known.waivers, _rows(session, records.Waiver, "gate", _waiver, number, known.seq)),
        stages=stages,
        closed_at=closed_at,
    )


def _news(session: Session, table: Any, programme: int, seq: int) -> Sequence[Any]:
    query = select(table).where(table.programme == programme, table.seq > seq).order_by(table.seq)
    found: Sequence[Any] = session.exec(query).all()
    return found


def _rows(
    session: Session, table: Any, place: str, build: Any, programme: int, seq: int
) -> Iterator[tuple[str, str, Any]]:
    for row in _news(session, table, programme, seq):
        yield getattr(row, place), row.key, build(row)


def _with(known: Places, news: Iterable[tuple[str, str, Any]]) -> Places:
    """Places with what is new; what has no news is shared with the old ones."""
    found: dict[str, Mapping[str, tuple[Any, ...]]] = dict(known)
    copied: dict[str, dict[str, tuple[Any, ...]]] = {}
    for path, key, value in news:
        if path not in copied:
            found[path] = copied[path] = dict(found.get(path, {}))
        copied[path][key] = (*copied[path].get(key, ()), value)
    return found


def _version(row: records.Artefact, contents: Mapping[str, Any]) -> engine.Version:
    return engine.Version(
        row.seq, row.digest, contents[row.digest], datetime.fromisoformat(row.at), row.by,
        cast(engine.Origin, row.origin), json.loads(row.inputs), row.task_digest, row.occurrence,
    )  # fmt: skip


def _fact(row: records.TaskFact) -> engine.Fact:
    at = datetime.fromisoformat(row.at)
    return engine.Fact(row.seq, cast(engine.FactKind, row.kind), at, row.by, row.note, json.loads(row.inputs))


def _decision(row: records.Decision) -> engine.Decision:
    return engine.Decision(
        row.seq, row.sign_off, cast(engine.Verdict, row.verdict), row.role, row.by, datetime.fromisoformat(row.at),
        json.loads(row.evidence), row.number, date.fromisoformat(row.date) if row.date else None,
        row.certificate, row.reason, row.choice, row.completes,
    )  # fmt: skip


def _waiver(row: records.Waiver) -> engine.Waiver:
    at = datetime.fromisoformat(row.at)
    return engine.Waiver(row.seq, row.requirement, row.role, row.by, at, row.reason, json.loads(row.evidence))
