"""May this be handed in now? Pure answers for one key of a paper, and for a register's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows.engine.reasons import place, said_of
from flows.engine.reconcile import holders
from flows.engine.standing import Standing
from schemas.model import Register
from schemas.problems import NOWHERE, Location, Problem, problem
from schemas.stage import ArtefactSpec, TaskSpec
from schemas.validation import Placer


def entitled_at_all(standing: Standing, task: TaskSpec, by: str) -> Problem | None:
    """P01 for a person who has not the role of the staff that hands in this paper."""
    roles = standing.methodology.roles
    if task.role is None or roles[task.role].of is not None:
        return None  # settled key by key
    if by in standing.snapshot.holders.get(task.role, ()):
        return None
    return problem("P01", by=by, role=roles[task.role].title)


def entitled(standing: Standing, task: TaskSpec, key: str, by: str) -> Problem | None:
    """P01 unless the paper of this key is the person's own, or the person is one of the staff."""
    roles = standing.methodology.roles
    if task.role and roles[task.role].of is None:
        return None
    if any(by in codes for codes in standing.snapshot.holders.values()):
        return None
    role = task.role or standing.methodology.surveys[task.options["survey"]]["audience"]
    if by in holders(standing, role, task, key):
        return None
    return problem("P01", by=by, role=roles[task.role].title if task.role else key)


def untimely(
    standing: Standing, spec: ArtefactSpec, task: TaskSpec, key: str, at: Location = NOWHERE
) -> Problem | None:
    """What comes after its member has ended, while its group is frozen, or before its task has opened."""
    item = place(spec.path, key)
    found = standing.work.task(task, key)
    if found.state == "ended":
        return problem("G01", at, item=item)
    if found.state == "frozen":
        return problem("G21", at, item=item, reasons=[said_of(each) for each in found.reasons[:4]])
    if _early(standing, task, key):
        reasons = [said_of(each) for each in standing.work.waits(task, key)[:4]]
        return problem("G20", at, item=item, reasons=reasons)
    return None


def _early(standing: Standing, task: TaskSpec, key: str) -> bool:
    if task.on_request:
        return bool(standing.work.waits(task, key))
    return standing.progress.opened(task, key) is None


def table_problems(
    standing: Standing, register: Register, rows: Sequence[Mapping[str, Any]], at: Placer, nobody: str = ""
) -> Iterator[Problem]:
    """What a register's table must keep: its keys once, nobody left out, its members known.

    `nobody` stands as the key of a row whose person could not be told.
    """
    keys = [row.get(register.key, "") for row in rows]
    for index, key in enumerate(keys):
        if key not in ("", nobody) and keys.index(key) != index:
            yield problem("D22", at(("rows", index)), key=key)
    gone = [key for key in standing.members.live(register.id) if key not in keys]
    if gone and not (nobody and nobody in keys):
        yield problem("D23", at(("rows",)), keys=gone)
    for index, row in enumerate(rows):
        for name, field_name in register.members.items():
            for code in row.get(field_name, ()):
                if code not in standing.members.rows(name):
                    title = standing.methodology.registers[name].title
                    yield problem("D21", at(("rows", index, field_name)), code=code, register=title)
