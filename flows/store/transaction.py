"""What may be read and recorded in one go: appended rows, each with its line of the journal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.engine import snapshot as engine
from flows.store import journal, records
from flows.store.history import History, read_many, read_on
from flows.store.processes import dead, owner
from flows.store.records import moment
from schemas.digests import canonical, digest
from schemas.messages import unknown
from schemas.problems import NOWHERE, Refusal, WrongUsage, problem

if TYPE_CHECKING:
    from flows.store.store import Store


class Transaction:
    """What can be read and appended together."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store, self.session = store, session
        self.appended = False

    # --- schools and programmes --------------------------------------------------------------

    def schools(self) -> Sequence[records.School]:
        """All schools."""
        return self.session.exec(select(records.School).order_by(records.School.id)).all()

    def school(self, name: str) -> records.School:
        """A school by its id."""
        found = self.session.get(records.School, name)
        if found is None:
            raise WrongUsage(problem("W04", school=name, known=[each.id for each in self.schools()] or "–"))
        return found

    def add_school(self, name: str, title: str, timezone: str, now: datetime, overlay: str = "") -> None:
        """Add a school; `overlay` is the file of what it changes in the methodology."""
        if self.session.get(records.School, name):
            raise Refusal(problem("W05", school=name))
        self.session.add(
            records.School(id=name, title=title, timezone=timezone, added_at=moment(now), overlay=overlay)
        )
        self.session.flush()

    def change_school(self, name: str, title: str | None, overlay: str | None) -> records.School:
        """Give a school another title or the file of another overlay; None leaves what there is."""
        school = self.school(name)
        school.title = title or school.title
        school.overlay = overlay or school.overlay
        self.session.flush()
        return school

    def programmes(self) -> Sequence[records.Programme]:
        """All programmes, oldest first."""
        return self.session.exec(select(records.Programme).order_by(col(records.Programme.id))).all()

    def programme(self, school: str, year: str | None = None, name: str = "") -> records.Programme:
        """A school's programme: of a year, or its newest; without a name the unnamed one, or the only one."""
        self.school(school)
        query = select(records.Programme).where(records.Programme.school == school)
        if year:
            query = query.where(records.Programme.year == year)
        all_years = self.session.exec(query.order_by(col(records.Programme.year).desc())).all()
        if not all_years:
            raise WrongUsage(problem("W06", school=school, year=year or "–"))
        if name:
            found = next((each for each in all_years if each.name == name), None)
            if found is None:
                raise WrongUsage(
                    unknown(NOWHERE, "programme", name, {each.name for each in all_years} - {""})
                )
            return found
        newest = [each for each in all_years if each.year == all_years[0].year]
        unnamed = next((each for each in newest if not each.name), None)
        if unnamed is None and len(newest) > 1:
            raise WrongUsage(problem("K21", school=school, known=sorted(each.place for each in newest)))
        return unnamed or newest[0]

    def programme_by_id(self, number: int) -> records.Programme:
        """A programme by its number."""
        return self.session.get_one(records.Programme, number)

    def start(
        self, school: str, year: str, bundle: str, methodology: str, now: datetime, name: str = ""
    ) -> records.Programme:
        """Start a programme; a name tells it from another one of the same year."""
        self.school(school)
        query = select(records.Programme).where(
            records.Programme.school == school, records.Programme.year == year, records.Programme.name == name
        )
        if self.session.exec(query).first():
            raise Refusal(problem("W07", school=school, year=year))
        row = records.Programme(
            school=school,
            year=year,
            name=name,
            bundle=bundle,
            methodology=methodology,
            started_at=moment(now),
        )
        self.session.add(row)
        self.session.flush()
        return row

    # --- the snapshot ------------------------------------------------------------------------

    def snapshot(self, programme: records.Programme, until: int | None = None) -> engine.Snapshot:
        """Everything that has happened in a programme; of what was read before only the news is read.

        `until` cuts it: nothing of the journal after that number is in it.
        """
        school = self.school(programme.school)
        read = self._history(programme) if until is None else self._read_on(programme, History(), until)
        closed = programme.closed is not None and (until is None or programme.closed <= until)
        return engine.Snapshot(
            school=programme.school,
            year=programme.year,
            name=programme.name,
            zone=ZoneInfo(school.timezone),
            versions=read.versions,
            facts=read.facts,
            decisions=read.decisions,
            waivers=read.waivers,
            holders=self.holders(programme.school),
            stages_done=read.stages_done,
            closed=programme.closed if closed else None,
            closed_at=read.closed_at if closed else None,
            asked_more=read.asked_more,
            reshaped=read.reshaped,
        )

    def _history(self, programme: records.Programme) -> History:
        number = _id(programme)
        known = self.store.histories.get(number, History())
        head, _ = journal.head(self.session)
        if head <= known.seq:
            return known if head == known.seq else self._read_on(programme, History(), head)
        found = self._read_on(programme, known, head)
        if not self.appended:  # what is not committed yet may still be taken back
            self.store.histories[number] = found
        return found

    def _read_on(self, programme: records.Programme, known: History, head: int) -> History:
        return read_on(
            self.session, lambda digests: self.store.content(self.session, digests), programme, known, head
        )

    def read_ahead(self, programmes: Sequence[records.Programme]) -> None:
        """Read the histories of many programmes together, for their snapshots to be at hand."""
        head, _ = journal.head(self.session)
        found = read_many(
            self.session, lambda digests: self.store.content(self.session, digests), programmes, head
        )
        self.store.histories.update(found)

    def holders(self, school: str) -> dict[str, list[str]]:
        """Codes by role."""
        found: dict[str, list[str]] = {}
        query = select(records.Assignment).where(records.Assignment.school == school)
        for row in self.session.exec(query.order_by(records.Assignment.code)):
            found.setdefault(row.role, []).append(row.code)
        return found

    # --- appending ---------------------------------------------------------------------------

    def accept(
        self,
        programme: records.Programme,
        path: str,
        key: str,
        data: Any,
        now: datetime,
        *,
        origin: engine.Origin,
        by: str = "",
        inputs: Mapping[str, str] | None = None,
        task_digest: str = "",
        occurrence: str = "",
        file: str = "",
        of_school: bool = False,
    ) -> int:
        """A new version of a paper."""
        body = canonical(data).decode()
        name = digest(data)
        if self.session.get(records.Content, name) is None:
            self.session.add(records.Content(digest=name, body=body))
        row = records.Artefact(
            seq=0, school=programme.school, programme=0 if of_school else _id(programme), path=path, key=key,
            digest=name, origin=origin, inputs=_json(inputs or {}), task_digest=task_digest,
            occurrence=occurrence, by=by, at=moment(now), file=file,
        )  # fmt: skip
        return self._append("artefact", row, programme, now)

    def fact(
        self,
        programme: records.Programme,
        task: str,
        key: str,
        kind: engine.FactKind,
        now: datetime,
        *,
        by: str = "",
        note: str = "",
        inputs: Mapping[str, str] | None = None,
    ) -> int:
        """Something that happened to a task."""
        row = records.TaskFact(
            seq=0, programme=_id(programme), task=task, key=key, kind=kind, by=by, at=moment(now),
            note=note, inputs=_json(inputs or {}),
        )  # fmt: skip
        return self._append("task", row, programme, now)

    def stage_done(self, programme: records.Programme, stage: str, now: datetime) -> int:
        """A stage is done for the first time; the empty stage closes the year."""
        row = records.StageFact(seq=0, programme=_id(programme), stage=stage, at=moment(now))
        seq = self._append("stage", row, programme, now)
        if not stage:
            programme.closed = seq
            self.session.add(programme)
        return seq

    def decide(self, programme: records.Programme, gate: str, key: str, decision: engine.Decision) -> int:
        """A decision on a gate."""
        row = records.Decision(
            seq=0, programme=_id(programme), gate=gate, key=key, sign_off=decision.sign_off,
            verdict=decision.verdict, role=decision.role, by=decision.by, at=moment(decision.at),
            evidence=_json(decision.evidence), number=decision.number,
            date=decision.date.isoformat() if decision.date else "", certificate=decision.certificate,
            reason=decision.reason, choice=decision.choice, completes=decision.completes,
        )  # fmt: skip
        return self._append("decision", row, programme, decision.at)

    def waive(self, programme: records.Programme, gate: str, key: str, waiver: engine.Waiver) -> int:
        """A requirement let go."""
        row = records.Waiver(
            seq=0, programme=_id(programme), gate=gate, key=key, requirement=waiver.requirement,
            role=waiver.role, by=waiver.by, at=moment(waiver.at), reason=waiver.reason,
            evidence=_json(waiver.evidence),
        )  # fmt: skip
        return self._append("waiver", row, programme, waiver.at)

    # --- the definition it is pinned to -------------------------------------------------------

    def pin(self, programme: records.Programme, bundle: str, moves: Mapping[str, Any], now: datetime) -> int:
        """Let a programme follow an edit: from now on it runs by another bundle."""
        row = records.Pin(
            seq=0, programme=_id(programme), before=programme.bundle, bundle=bundle, moves=_json(moves),
            at=moment(now),
        )  # fmt: skip
        programme.bundle = bundle
        return self._append("pin", row, programme, now)

    def pins(self, programme: records.Programme) -> Sequence[records.Pin]:
        """Every edit that a programme followed, oldest first."""
        query = select(records.Pin).where(records.Pin.programme == _id(programme))
        return self.session.exec(query.order_by(col(records.Pin.seq))).all()

    def positions(self, programmes: Sequence[records.Programme]) -> dict[int, str]:
        """Where the history of each programme stands: the hash of its newest line, papers of its school included."""
        newest = _newest(self.session, records.Entry.programme, records.Entry.seq)
        paper = records.Artefact
        papers = _newest(self.session, paper.school, paper.seq, paper.programme == 0)
        last = {_id(each): max(newest.get(_id(each), 0), papers.get(each.school, 0)) for each in programmes}
        wanted = sorted(set(last.values()))
        hashes = {0: journal.GENESIS}
        for start in range(0, len(wanted), 500):
            query = select(records.Entry.seq, records.Entry.hash)
            chunk = wanted[start : start + 500]
            hashes |= dict(self.session.exec(query.where(col(records.Entry.seq).in_(chunk))).all())
        return {number: hashes[seq] for number, seq in last.items()}

    def seq_at(self, school: str, until: datetime) -> int:
        """The number of the journal up to which a school's history stands before a moment."""
        mine = select(records.Programme.id).where(records.Programme.school == school)
        entry = records.Entry
        query = select(func.min(entry.seq)).where(
            col(entry.programme).in_(mine), entry.at >= moment(until)
        )  # fmt: skip
        later = self.session.exec(query).one()
        return later - 1 if later else journal.head(self.session)[0]

    def _append(self, kind: str, row: Any, programme: records.Programme, now: datetime) -> int:
        programme.dirty = self.appended = True
        self.session.add(programme)
        return journal.append(self.session, kind, row, moment(now), _id(programme))

    def digest_of(self, seq: int) -> str:
        """The digest of a version."""
        return self.session.get_one(records.Artefact, seq).digest

    # --- the outbox --------------------------------------------------------------------------

    def post(self, programme: records.Programme, key: str, body: Mapping[str, Any], now: datetime) -> None:
        """Put a letter into the outbox; the same key is put there once."""
        if self.session.get(records.Letter, key) is None:
            row = records.Letter(key=key, programme=_id(programme), body=_json(body), at=moment(now))
            self.session.add(row)
            self.session.flush()

    def letters(
        self, programme: records.Programme | None = None, *, unsent: bool = False
    ) -> Sequence[records.Letter]:
        """Letters of the outbox."""
        query = select(records.Letter)
        if programme is not None:
            query = query.where(records.Letter.programme == _id(programme))
        if unsent:
            query = query.where(col(records.Letter.sent_at).is_(None))
        return self.session.exec(query.order_by(records.Letter.key)).all()

    # --- asked for once ----------------------------------------------------------------------

    def seen(self, key: str) -> bool:
        """Whether a caller's request was done already."""
        return bool(key) and self.session.get(records.Request, key) is not None

    def requests(self, prefix: str) -> set[str]:
        """Requests done whose keys begin so."""
        found = self.session.exec(select(records.Request.key).where(records.Request.key.startswith(prefix)))
        return set(found)

    def note(self, key: str, programme: records.Programme) -> None:
        """Remember a caller's request in the transaction that does it."""
        if key:
            seq, _ = journal.head(self.session)
            self.session.add(records.Request(key=key, programme=_id(programme), seq=seq))
            self.session.flush()

    # --- the lease ---------------------------------------------------------------------------

    def acquire(self, programme: records.Programme, seconds: float) -> int | None:
        """Take the programme for one reconcile: a fencing token, or None while somebody living has it."""
        busy = (
            programme.lease_owner and programme.lease_until > time.time() and not dead(programme.lease_owner)
        )
        if busy:
            return None
        programme.lease_owner, programme.lease_until = owner(), time.time() + seconds
        programme.lease_token += 1
        programme.dirty = False
        self.session.add(programme)
        self.session.flush()
        return programme.lease_token

    def renew(self, programme: records.Programme, token: int, seconds: float) -> None:
        """Keep the lease; refused when somebody else has taken it."""
        self.fence(programme, token)
        programme.lease_until = time.time() + seconds
        self.session.add(programme)

    def fence(self, programme: records.Programme, token: int) -> None:
        """Refuse to write for a reconcile that has lost its lease."""
        if programme.lease_token != token:
            raise Refusal(problem("W08", school=programme.school))

    def release(self, programme: records.Programme, token: int, wake_at: datetime | None) -> bool:
        """Give the lease back unless something came in meanwhile; then False: go round once more."""
        self.fence(programme, token)
        if programme.dirty:
            programme.dirty = False
            self.session.add(programme)
            return False
        programme.lease_owner, programme.lease_until = "", 0.0
        programme.wake_at = moment(wake_at) if wake_at else None
        self.session.add(programme)
        return True

    def due(self, now: datetime) -> Sequence[records.Programme]:
        """Programmes in which something is to be done: changed since the last reconcile, or time has come."""
        table = records.Programme
        query = select(table).where(
            col(table.closed).is_(None), col(table.dirty).is_(True) | (col(table.wake_at) <= moment(now))
        )  # fmt: skip
        return self.session.exec(query.order_by(col(table.id))).all()


def _newest(session: Session, group: Any, seq: Any, *where: Any) -> dict[Any, int]:
    """The newest number of each group."""
    rows = session.exec(select(group, func.max(seq)).where(*where).group_by(group)).all()
    return {name: number for name, number in rows}


def _id(programme: records.Programme) -> int:
    assert programme.id is not None
    return programme.id


def _json(data: Any) -> str:
    return canonical(data).decode()
