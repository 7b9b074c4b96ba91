"""Which letters a task's term asks for now: reminders before it, and one to whom it is passed on after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.engine import moments
from flows.engine.standing import Standing
from flows.engine.steps import Ask, Tell
from flows.engine.work import Task
from schemas.stage import TaskSpec


def letters_due(
    standing: Standing, task: TaskSpec, key: str, found: Task, asks: Sequence[Ask]
) -> Iterator[Tell]:
    """Letters to write for an open task that somebody is asked for; none is written twice for one opening."""
    opening = standing.progress.opened(task, key)
    if found.due is None or opening is None or not asks:
        return
    written = {
        (fact.kind, fact.note)
        for fact in standing.snapshot.facts_of(task.path, key)
        if fact.seq > opening.seq and fact.kind in ("reminded", "escalated")
    }
    term = _reminder(standing, task, found)
    if term is not None and ("reminded", term) not in written:
        who = tuple(dict.fromkeys(code for ask in asks for code in ask.who))
        yield Tell(task.path, key, "reminded", term, who, found.due, opening.seq)
    if found.escalated and ("escalated", "") not in written:
        who = tuple(dict.fromkeys(code for ask in asks if ask.escalated for code in ask.who))
        yield Tell(task.path, key, "escalated", "", who, found.due, opening.seq)


def _reminder(standing: Standing, task: TaskSpec, found: Task) -> str | None:
    """The last reminder whose moment came since the opening; once the term is over there is nothing to remind of."""
    assert found.due is not None
    assert found.opened is not None
    if found.late:
        return None
    zone, days = standing.snapshot.zone, standing.methodology.school_days
    came = {
        moment: term
        for term, before in task.reminders.items()
        for moment in [moments.remind_moment(found.due, before, zone, days)]
        if found.opened < moment <= standing.now
    }
    return came[max(came)] if came else None
