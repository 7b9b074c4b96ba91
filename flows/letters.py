"""Letters of a term, put into the outbox with the fact that they were: reminders, and word of what is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.engine import moments
from flows.engine.steps import Tell
from flows.store import records
from flows.store.transaction import Transaction
from schemas.model import Methodology


def tell(
    transaction: Transaction,
    programme: records.Programme,
    methodology: Methodology,
    step: Tell,
    now: datetime,
) -> None:
    """Write the letters of a step into the outbox, one for each person, under a key that makes them once."""
    school = transaction.school(programme.school)
    last = moments.local_day(step.due - timedelta(seconds=1), ZoneInfo(school.timezone))
    for code in step.who:
        name = f"{programme.id}/{step.task}/{step.key}/{step.opening}/{step.kind}/{step.term}/{code}"
        body = {
            "to": code,
            "said": f"letter_{step.kind}",
            "language": methodology.language,
            "title": methodology.task(step.task).title,
            "about": step.key,
            "due": last.isoformat(),
            "school": school.title,
        }
        transaction.post(programme, name, body, now)
    transaction.fact(programme, step.task, step.key, step.kind, now, note=step.term)
