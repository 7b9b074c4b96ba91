"""What has happened in a programme, read from the database once and then only its news."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy
from sqlmodel import Session, col

from flows.engine import snapshot as engine
from flows.engine.renaming import moves_of
from flows.store import records

Contents = Callable[[set[str]], Mapping[str, Any]]
Places = Mapping[str, Mapping[str, Sequence[Any]]]  # path → key → what happened there, oldest first


@dataclass(frozen=True)
class History:
    """What has happened in a programme up to a number of the journal; never changed, only succeeded."""

    seq: int = 0
    versions: Places = field(default_factory=dict)
    facts: Places = field(default_factory=dict)
    decisions: Places = field(default_factory=dict)
    waivers: Places = field(default_factory=dict)
    stages_done: Mapping[str, int] = field(default_factory=dict)
    asked_more: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reshaped: Mapping[str, int] = field(default_factory=dict)
    closed_at: datetime | None = None


def read_on(
    session: Session, content: Contents, programme: records.Programme, known: History, head: int
) -> History:
    """What is known with everything of the programme that came since, up to the journal's head.

    What stands before a pin is read as the pin says that it is called and made now.
    """
    return _together(_News(session, content, programme, known.seq, head), known, head)


def read_many(
    session: Session, content: Contents, programmes: Sequence[records.Programme], head: int
) -> dict[int, History]:
    """The histories of many programmes, by their numbers."""
    found = _News.of_many(session, content, programmes, head)
    return {number: _together(news, History(), head) for number, news in found.items()}


def _together(news: _News, known: History, head: int) -> History:
    for pin in news.pins:
        known = moves_of(json.loads(pin.moves)).applied(news.until(known, pin.seq), pin.seq)
    return replace(news.until(known, head), seq=head)


_KINDS: Mapping[str, Any] = {
    "facts": records.TaskFact, "decisions": records.Decision, "waivers": records.Waiver,
    "stages": records.StageFact, "pins": records.Pin,
}  # fmt: skip


def _rows(session: Session, table: Any, where: Any, after: int, head: int) -> Sequence[Any]:
    """Rows as plain tuples with names: nothing of them is ever changed."""
    columns = [getattr(table, name) for name in table.model_fields]
    query = sqlalchemy.select(*columns).where(where, table.seq > after, table.seq <= head)
    found: Sequence[Any] = session.connection().execute(query.order_by(table.seq)).all()
    return found


def _seen(programme: records.Programme, paper: Any) -> bool:
    """A finished year sees nothing newer."""
    return programme.closed is None or paper.seq < programme.closed


def _by(rows: Iterable[Any], column: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found


class _News:
    """What was written of a programme after one number of the journal and up to another."""

    def __init__(
        self, session: Session, content: Contents, programme: records.Programme, after: int, head: int
    ) -> None:
        number, table = programme.id or 0, records.Artefact
        mine = (table.programme == number) | ((table.programme == 0) & (table.school == programme.school))
        self.papers = [row for row in _rows(session, table, mine, after, head) if _seen(programme, row)]
        self.contents = content({row.digest for row in self.papers})

        def news(table: Any) -> Sequence[Any]:
            return _rows(session, table, table.programme == number, after, head)

        self.facts, self.decisions = news(records.TaskFact), news(records.Decision)
        self.waivers, self.stages = news(records.Waiver), news(records.StageFact)
        self.pins = news(records.Pin)
        self.read = after

    @classmethod
    def of_many(
        cls, session: Session, content: Contents, programmes: Sequence[records.Programme], head: int
    ) -> dict[int, _News]:
        """All that was written of many programmes, by their numbers: a few questions to the database in all."""
        numbers = [each.id or 0 for each in programmes]
        found = {number: cls.__new__(cls) for number in numbers}
        table = records.Artefact
        of_school = (col(table.programme) == 0) & col(table.school).in_({each.school for each in programmes})
        papers = _rows(session, table, col(table.programme).in_(numbers) | of_school, 0, head)
        contents = content({row.digest for row in papers})
        own = _by(papers, "programme")
        shared = _by(own.get(0, ()), "school")
        tables = {name: _by(_rows(session, kind, col(kind.programme).in_(numbers), 0, head), "programme")
                  for name, kind in _KINDS.items()}  # fmt: skip
        for programme in programmes:
            news, number = found[programme.id or 0], programme.id or 0
            mine = sorted((*own.get(number, ()), *shared.get(programme.school, ())), key=lambda row: row.seq)
            news.papers = [row for row in mine if _seen(programme, row)]
            news.contents, news.read = contents, 0
            for name, rows in tables.items():
                setattr(news, name, rows.get(number, []))
        return found

    def until(self, known: History, seq: int) -> History:
        """What is known with the news up to a number."""
        after, self.read = self.read, seq

        def part(rows: Sequence[Any]) -> Sequence[Any]:
            return [row for row in rows if after < row.seq <= seq] if self.pins else rows

        stages, closed_at = dict(known.stages_done), known.closed_at
        for row in part(self.stages):
            if row.stage:
                stages.setdefault(row.stage, row.seq)
            else:
                closed_at = datetime.fromisoformat(row.at)
        papers, facts = part(self.papers), part(self.facts)
        decisions, waivers = part(self.decisions), part(self.waivers)
        return replace(
            known,
            versions=_with(
                known.versions, ((row.path, row.key, _version(row, self.contents)) for row in papers)
            ),
            facts=_with(known.facts, ((row.task, row.key, _fact(row)) for row in facts)),
            decisions=_with(known.decisions, ((row.gate, row.key, _decision(row)) for row in decisions)),
            waivers=_with(known.waivers, ((row.gate, row.key, _waiver(row)) for row in waivers)),
            stages_done=stages,
            closed_at=closed_at,
        )


def _with(known: Places, news: Iterable[tuple[str, str, Any]]) -> Places:
    """Places with what is new; what has no news is shared with the old ones."""
    found: dict[str, Mapping[str, Sequence[Any]]] = dict(known)
    copied: dict[str, dict[str, Sequence[Any]]] = {}
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
