"""The journal: one line for each append-only row, chained by hash, so that no edit goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from flows.store.records import CHAINED, Entry
from schemas.digests import canonical, digest, digest_of_bytes
from schemas.problems import Problem, problem

GENESIS = "0" * 64


def append(session: Session, kind: str, row: Any, at: str, programme: int) -> int:
    """Add a row under the next number of the journal and return that number."""
    last = session.exec(select(Entry).order_by(col(Entry.seq).desc()).limit(1)).first()
    seq = last.seq + 1 if last else 1
    row.seq = seq
    previous = last.hash if last else GENESIS
    line = _line(seq, at, kind, programme, digest(_plain(row)))
    session.add(row)
    session.add(Entry(**line, previous=previous, hash=_chain(previous, line)))
    session.flush()
    return seq


def damage(session: Session) -> Iterator[Problem]:
    """Everything in the chained tables that is not as it was written."""
    previous, expected = GENESIS, 1
    lines: dict[str, dict[int, str]] = {kind: {} for kind in CHAINED}
    for entry in session.exec(select(Entry).order_by(col(Entry.seq))):
        line = _line(entry.seq, entry.at, entry.kind, entry.programme, entry.row)
        if entry.seq != expected:
            yield problem("V04", seq=expected)
        if entry.previous != previous or entry.hash != _chain(entry.previous, line):
            yield problem("V05", seq=entry.seq)
        previous, expected = entry.hash, entry.seq + 1
        lines.setdefault(entry.kind, {})[entry.seq] = entry.row
    for kind, table in CHAINED.items():
        seen = set()
        for row in session.exec(select(table)):
            seen.add(row.seq)
            known = lines[kind].get(row.seq)
            if known is None:
                yield problem("V06", seq=row.seq, kind=kind)
            elif known != digest(_plain(row)):
                yield problem("V07", seq=row.seq, kind=kind)
        for seq in sorted(set(lines[kind]) - seen):
            yield problem("V08", seq=seq, kind=kind)


def head(session: Session) -> tuple[int, str]:
    """The last number and hash: the anchor to keep outside."""
    last = session.exec(select(Entry).order_by(col(Entry.seq).desc()).limit(1)).first()
    return (last.seq, last.hash) if last else (0, GENESIS)


def _plain(row: SQLModel) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).model_fields}


def _line(seq: int, at: str, kind: str, programme: int, row: str) -> dict[str, Any]:
    return {"seq": seq, "at": at, "kind": kind, "programme": programme, "row": row}


def _chain(previous: str, line: dict[str, Any]) -> str:
    return digest_of_bytes(previous.encode() + canonical(line))
