"""Commands that look: `status`, `why`, `today`."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from flows.checkpoints import role_named
from flows.cli import talk
from flows.cli.address import office, opened, split
from flows.engine import explain
from flows.engine.reasons import Reason
from flows.engine.reconcile import next_steps
from flows.engine.standing import Standing
from flows.engine.steps import Plan
from flows.naming import member_key
from flows.office import Office
from flows.store import records
from flows.views import status as views
from flows.views import text
from schemas.messages import unknown
from schemas.problems import NOWHERE, WrongUsage, problem
from schemas.reader import Reading

Json = Annotated[bool, Parameter(help="As JSON of a published schema.", negative=())]


def _looked(found: Office, programme: records.Programme, now: Any) -> tuple[Plan, Standing]:
    with found.store.read() as view:
        row = view.programme_by_id(programme.id or 0)
        plan = next_steps(found.methodology(row.bundle, talk.chosen()), view.snapshot(row), now)
    assert plan.standing is not None
    return plan, plan.standing


def looked(school: str) -> tuple[Reading, dict[str, Any]]:
    """The definition that a programme is pinned to, and its `status/v1`."""
    with opened(school) as (found, programme, now):
        plan, standing = _looked(found, programme, now)
        return found.reading(programme.bundle, talk.chosen()), views.status(plan, standing, talk.language())


def status(
    school: str,
    *,
    keys: Annotated[bool, Parameter(help="Each member by itself.", negative=())] = False,
    json: Json = False,
) -> int:
    """Where a programme stands: its stages, papers, gates, and whom it waits for."""
    with opened(school) as (found, programme, now):
        plan, standing = _looked(found, programme, now)
        answer = views.status(plan, standing, talk.language(), keys=keys)
    if json:
        talk.data(answer)
    else:
        text.status(answer, talk.language())
    return 0


def why(school: str, item: str, *, json: Json = False) -> int:
    """Why STAGE, STAGE/ARTEFACT, STAGE/TASK or STAGE/CHECKPOINT [/KEY] is as it is."""
    with opened(school) as (found, programme, now):
        _, standing = _looked(found, programme, now)
        trees = _trees(standing, item)
    if json:
        answer = [tree for reason in trees for tree in views.tree_of([reason], talk.language())]
        talk.data({"schema": "why/v1", "item": item, "reasons": answer})
    else:
        for tree in trees:
            text.tree(tree, talk.language())
    return 0


def _trees(standing: Standing, item: str) -> list[Reason]:
    stage_id, _, rest = item.partition("/")
    name, _, key = rest.partition("/")
    stages = standing.methodology.stages
    if stage_id not in stages:
        raise WrongUsage(unknown(NOWHERE, "stage", stage_id, stages))
    stage = stages[stage_id]
    if not name:
        return [explain.why_stage(standing, stage)]
    wanted = member_key(key) if key else None
    found: list[Reason] = []
    if name in stage.checkpoints:
        gate = stage.checkpoints[name]
        _known(standing, gate.register, wanted)
        found.append(explain.why_gate(standing, gate, wanted))
    if name in stage.artefacts:
        spec = stage.artefacts[name]
        _known(standing, spec.each.register if spec.each else None, wanted)
        found.append(explain.why_paper(standing, spec, wanted))
    if name in stage.tasks:
        task = stage.tasks[name]
        _known(standing, task.each.register if task.each else None, wanted)
        found.append(explain.why_task(standing, task, wanted))
    if not found:
        known = [f"{stage_id}/{each}" for each in (*stage.checkpoints, *stage.artefacts, *stage.tasks)]
        raise WrongUsage(unknown(NOWHERE, "item", f"{stage_id}/{name}", known))
    return found


def _known(standing: Standing, register: str | None, key: str | None) -> None:
    if key is None:
        return
    if register is None:
        raise WrongUsage(problem("U02", item="", key=key))
    if key not in standing.members.rows(register):
        raise WrongUsage(unknown(NOWHERE, "member", key, standing.members.rows(register)))


def today(
    school: str | None = None,
    *,
    role: Annotated[str | None, Parameter(help="What one role is asked for.")] = None,
    json: Json = False,
) -> int:
    """Who does what by when, overdue first."""
    language = talk.language()
    answers = []
    with office() as (found, now):
        with found.store.read() as view:
            if school is None:
                programmes = [row for row in view.programmes() if row.closed is None]
            else:
                programmes = [view.programme(*split(school))]
        for programme in programmes:
            plan, standing = _looked(found, programme, now)
            wanted = role_named(standing.methodology, role) if role is not None else None
            lines = [
                each for each in views.waiting(plan, standing, language) if wanted in (None, each["role"])
            ]
            answers.append((programme, lines, bool(found.runs(plan))))
    if json:
        talk.data(
            {
                "schema": "today/v1",
                "programmes": [
                    {
                        "school": row.school,
                        **({"name": row.name} if row.name else {}),
                        "year": row.year,
                        "waiting_for": lines,
                    }
                    for row, lines, _ in answers
                ],
            }
        )
        return 0
    for row, lines, runs in answers:
        text.today(row.place, row.year, lines, language)
        if runs:
            talk.say("next_run", school=row.place)
    return 0
