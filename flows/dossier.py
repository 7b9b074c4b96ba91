"""Everything that is kept of one person, gathered from the whole store: codes only, but for the card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import col, select

from flows.office import Office
from flows.store import records
from flows.store.transaction import Transaction

Json = dict[str, Any]


def dossier(office: Office, view: Transaction, school: str, code: str) -> Json:
    """The card of a person, their roles, what papers say of them, what they signed and who looked at the card.

    Of a paper in which several stand, only what is about this person is given.
    """
    people = office.people(view)
    erased = people.is_erased(school, code)
    facts = select(records.PersonFact).where(
        records.PersonFact.school == school, records.PersonFact.code == code
    )
    return {
        "schema": "person/v1",
        "school": school,
        "code": code,
        "erased": erased,
        "card": {} if erased else dict(people.card(school, code)),
        "roles": people.roles(school).get(code, []),
        "papers": list(_papers(office, view, school, code)),
        "decisions": list(_decisions(view, school, code)),
        "journal": [
            {"at": row.at, "kind": row.kind, "by": row.by, "reason": row.reason}
            for row in view.session.exec(facts.order_by(col(records.PersonFact.seq)))
        ],
    }


def about(data: Any, code: str) -> Any:
    """The part of a paper's data that is about a person: rows and records in which the code stands; else None."""
    if isinstance(data, Mapping):
        if any(value == code or (isinstance(value, list) and code in value) for value in data.values()):
            return data
        parts = {name: part for name, value in data.items() if (part := about(value, code)) is not None}
        return parts or None
    if isinstance(data, list):
        return [part for each in data if (part := about(each, code)) is not None] or None
    return None


def _papers(office: Office, view: Transaction, school: str, code: str) -> Iterator[Json]:
    programmes = {row.id: row for row in view.programmes() if row.school == school}
    query = select(records.Artefact).where(records.Artefact.school == school)
    rows = view.session.exec(query.order_by(col(records.Artefact.seq))).all()
    content = office.store.content(view.session, {row.digest for row in rows})
    for row in rows:
        data = content[row.digest]
        part = data if row.key == code else about(data, code)
        if part is None:
            continue
        programme = programmes.get(row.programme)
        yield {
            "year": programme.year if programme else None,
            "paper": row.path, "key": row.key, "at": row.at, "by": row.by, "data": part,
        }  # fmt: skip


def _decisions(view: Transaction, school: str, code: str) -> Iterator[Json]:
    for programme in view.programmes():
        if programme.school != school:
            continue
        query = select(records.Decision).where(records.Decision.programme == programme.id)
        for row in view.session.exec(query.order_by(col(records.Decision.seq))):
            if code in (row.key, row.by):
                yield {
                    "year": programme.year, "checkpoint": row.gate, "key": row.key, "verdict": row.verdict,
                    "role": row.role, "by": row.by, "at": row.at, "reason": row.reason,
                }  # fmt: skip
