"""Destroying what is kept of a person: refused while they take part, done all at once, told in an act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flows.dossier import about, dossier
from flows.office import Office
from flows.store.transaction import Transaction
from schemas.problems import Refusal, problem


@dataclass(frozen=True)
class Act:
    """What an erasure leaves to be done: papers that may have been printed with the name."""

    school: str
    papers: tuple[str, ...]


def erase(office: Office, school: str, code: str, by: str, reason: str, now: datetime) -> Act:
    """Destroy the key of a person's card and the letters that name them; the code stays in papers and journal.

    Refusal G09 without a reason, P15 for who still takes part or has a role, P13 for who is erased already. Stopped
    anywhere before its end it changed nothing but letters, and can be done again.
    """
    if not reason.strip():
        raise Refusal(problem("G09", item=code))
    with office.store.write() as transaction:
        people = office.people(transaction)
        if held := list(_held(office, transaction, school, code, now)):
            raise Refusal(problem("P15", code=code, where=held))
        name = people.card(school, code).get("name", "")
        papers = {each["paper"] for each in dossier(office, transaction, school, code)["papers"]}
        for path in office.workspace.outbox.glob(
            "*.txt"
        ):  # before the key, without which nobody knows the name
            if name and name in path.read_text("utf-8"):
                path.unlink(missing_ok=True)
        people.erase(school, code)
        people.note(school, code, "erased", by, reason, now)
        title = transaction.school(school).title
    office.store.drop_remains()
    return Act(title, tuple(sorted(papers)))


def _held(office: Office, transaction: Transaction, school: str, code: str, now: datetime) -> Iterator[str]:
    """Where a person still takes part: roles, and bases of programmes that are not closed."""
    yield from office.people(transaction).roles(school).get(code, [])
    for programme in transaction.programmes():
        if programme.school == school and programme.closed is None:
            members = office.standing(transaction, programme, now).members
            for register in members.methodology.registers.values():
                rows = members.rows(register.id)
                if any(key == code or about(dict(rows[key].data), code) for key in members.live(register.id)):
                    yield f"{programme.place}@{programme.year}: {register.title}"
