"""Is the store as it was written: the chain, its rows, the contents and the files that they name."""

from __future__ import annotations

from sqlmodel import col, select

from flows.store import journal, records
from flows.store.store import Store
from schemas.digests import digest_of_bytes
from schemas.problems import Problem, Refusal, problem


def damage(store: Store) -> tuple[list[Problem], int, str]:
    """Every problem found; the number of journal lines and the last hash, which is the anchor to keep."""
    with store.read() as view:
        found = list(journal.damage(view.session))
        contents = {row.digest: row.body for row in view.session.exec(select(records.Content))}
        named = set(view.session.exec(select(records.Artefact.digest)))
        facts = view.session.exec(select(records.TaskFact).where(records.TaskFact.kind == "printed"))
        printed = {row.note for row in facts}
        programmes = view.programmes()
        bundles = {row.bundle for row in programmes}
        pins = view.session.exec(select(records.Pin).order_by(col(records.Pin.seq))).all()
        bundles |= {name for pin in pins for name in (pin.before, pin.bundle)}
        count, anchor = journal.head(view.session)
    newest = {pin.programme: pin.bundle for pin in pins}
    found.extend(
        problem("M20", school=row.place, year=row.year)
        for row in programmes
        if newest.get(row.id or 0, row.bundle) != row.bundle
    )
    found.extend(problem("V09", digest=name) for name in sorted(named - contents.keys()))
    found.extend(
        problem("V09", digest=name)
        for name, body in contents.items()
        if digest_of_bytes(body.encode()) != name
    )
    for name in sorted({*store.files.digests(), *printed, *bundles}):
        try:
            store.files.get(name)
        except Refusal as refusal:
            found.extend(refusal.problems)
    return found, count, anchor
