"""Decisions of people: signatures, returns, rejects, waivers, and tasks opened again – recorded, or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flows.engine import decisions
from flows.engine.decisions import Request, Ruling
from flows.engine.snapshot import Decision, Waiver
from flows.engine.standing import Standing
from flows.naming import member_key
from flows.office import Office
from flows.people import read_code
from flows.store import records
from schemas.messages import hint, said, unknown
from schemas.model import Methodology
from schemas.problems import NOWHERE, Problem, Refusal, WrongUsage, problem
from schemas.stage import Checkpoint, TaskSpec


@dataclass(frozen=True)
class Decided:
    """What came of a decision: the gate, the keys that it was recorded for, and whether work is left to execute."""

    gate: str
    keys: list[str]
    title: str = ""  # of the requirement that was waived
    signed: int = 0  # signatures given so far, of `of`; both 0 where nothing was signed
    of: int = 0
    work: bool = False


def checkpoint_of(standing: Standing, path: str) -> tuple[Checkpoint, list[str]]:
    """`STAGE/CHECKPOINT[/KEY…]` as a gate and keys."""
    stage, _, rest = path.partition("/")
    name, _, keys = rest.partition("/")
    stages = standing.methodology.stages
    if stage not in stages:
        raise WrongUsage(unknown(NOWHERE, "stage", stage, stages))
    if name not in stages[stage].checkpoints:
        known = [f"{stage}/{each}" for each in stages[stage].checkpoints]
        raise WrongUsage(unknown(NOWHERE, "checkpoint", f"{stage}/{name}", known))
    checkpoint = stages[stage].checkpoints[name]
    if keys and checkpoint.register is None:
        raise WrongUsage(problem("U02", item=checkpoint.path, key=keys))
    return checkpoint, [member_key(each) for each in keys.replace(",", "/").split("/") if each]


def role_named(methodology: Methodology, text: str) -> str:
    """A role by its id or, as people call it, by its title."""
    roles = methodology.roles
    if text in roles:
        return text
    titled = [name for name, role in roles.items() if role.title.casefold() == text.strip().casefold()]
    if len(titled) != 1:
        nearest = hint(text, roles)
        if nearest.name == "nearest_none":
            nearest = said("nearest_none", known=[f"{name} ({role.title})" for name, role in roles.items()])
        raise WrongUsage(problem("R02", kind=said("kind_role"), name=text, nearest=nearest))
    return titled[0]


def _refuse(found: list[Problem]) -> None:
    if found:
        names = all(each.code == "R02" for each in found)  # a choice or a requirement that is not there
        raise (WrongUsage if names else Refusal)(found)


def decide(
    office: Office, programme: records.Programme, path: str, request: Request, now: datetime,
    *, all_ready: bool = False, key: str = "",
) -> Decided:  # fmt: skip
    """Record a decision for the programme, for some members, or for all that are ready; all or nothing."""
    request = replace(request, by=read_code(request.by) or request.by)
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        if transaction.seen(key):
            return Decided(path, [])
        standing = office.standing(transaction, row, now)
        checkpoint, keys = checkpoint_of(standing, path)
        request = replace(request, role=role_named(standing.methodology, request.role))
        keys = _keys(standing, checkpoint, keys, request, all_ready=all_ready)
        found: list[Problem] = []
        rulings: dict[str, Ruling] = {}
        for each in keys:
            ruling = decisions.decide(standing, checkpoint, each, request)
            if isinstance(ruling, Ruling):
                rulings[each] = ruling
            else:
                found.extend(ruling)
        _refuse(found)
        for each, ruling in rulings.items():
            transaction.decide(row, checkpoint.path, each, _decision(ruling, request, now))
        transaction.note(key, row)
        plan = office.settle(transaction, row, now)
        assert plan.standing is not None
        signed = len(plan.standing.gates.gate(checkpoint, keys[-1]).signed or {})
        of = len(checkpoint.sign_off) if request.verdict == "approve" else 0
        return Decided(checkpoint.path, keys, signed=signed, of=of, work=bool(office.runs(plan)))


def _keys(
    standing: Standing, checkpoint: Checkpoint, keys: list[str], request: Request, *, all_ready: bool
) -> list[str]:
    if checkpoint.register is None:
        return [""]
    if all_ready:
        keys = [
            each
            for each in standing.members.live(checkpoint.register)
            for gate in [standing.gates.gate(checkpoint, each)]
            if gate.ready and any(entry.role == request.role for entry in gate.next)
        ]
        if not keys:
            raise Refusal(problem("G18", item=checkpoint.path))
        return keys
    if not keys:
        raise WrongUsage(problem("U03", item=checkpoint.path))
    _known(standing, checkpoint, keys)
    return keys


def _known(standing: Standing, checkpoint: Checkpoint, keys: list[str]) -> None:
    rows = standing.members.rows(checkpoint.register or "")
    strangers = [each for each in keys if each not in rows]
    if strangers:
        live = standing.members.live(checkpoint.register or "")
        raise WrongUsage([unknown(NOWHERE, "member", each, live) for each in strangers])


def _decision(ruling: Ruling, request: Request, now: datetime) -> Decision:
    return Decision(
        0, ruling.sign_off, request.verdict, request.role, request.by, now, ruling.evidence, request.number,
        request.date, request.certificate, request.reason, ruling.choice, ruling.completes,
    )  # fmt: skip


def waive(
    office: Office, programme: records.Programme, path: str, requirement: str, role: str, by: str, reason: str,
    now: datetime, *, key: str = "",
) -> Decided:  # fmt: skip
    """Let a requirement go, for the programme or for one member."""
    by = read_code(by) or by
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        if transaction.seen(key):
            return Decided(path, [])
        standing = office.standing(transaction, row, now)
        checkpoint, keys = checkpoint_of(standing, path)
        if checkpoint.register and not keys:
            raise WrongUsage(problem("U03", item=checkpoint.path))
        if checkpoint.register:
            _known(standing, checkpoint, keys)
        role = role_named(standing.methodology, role)
        found: list[Problem] = []
        for each in keys or [""]:
            evidence = decisions.waive(standing, checkpoint, each, requirement, role, by, reason)
            if isinstance(evidence, dict):
                waiver = Waiver(0, requirement, role, by, now, reason, evidence)
                transaction.waive(row, checkpoint.path, each, waiver)
            else:
                found.extend(evidence)
        _refuse(found)
        asked = next(each for each in checkpoint.requires if each.id == requirement)
        title = standing.gates.requirements.asked_title(checkpoint, asked)
        transaction.note(key, row)
        plan = office.settle(transaction, row, now)
        return Decided(checkpoint.path, keys or [""], title, work=bool(office.runs(plan)))


def reopen(
    office: Office,
    programme: records.Programme,
    path: str,
    by: str,
    reason: str,
    now: datetime,
    *,
    key: str = "",
) -> Decided:
    """Open the tasks of `STAGE[/TASK[/KEY]]` again; the keys are the places that opened."""
    by = read_code(by) or by
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        if transaction.seen(key):
            return Decided(path, [])
        standing = office.standing(transaction, row, now)
        places = list(_tasks(standing, path))
        problems = decisions.reopen(standing, path.split("/")[0], by, reason)
        if problems:
            raise Refusal(problems)
        for task, each in places:
            transaction.fact(row, task.path, each, "reopened", now, by=by, note=reason)
        transaction.note(key, row)
        plan = office.settle(transaction, row, now)
        opened = [f"{task.path}/{each}" if each else task.path for task, each in places]
        return Decided(path, opened, work=bool(office.runs(plan)))


def _tasks(standing: Standing, path: str) -> list[tuple[TaskSpec, str]]:
    stage_id, _, rest = path.partition("/")
    name, _, key = rest.partition("/")
    stages = standing.methodology.stages
    if stage_id not in stages:
        raise WrongUsage(unknown(NOWHERE, "stage", stage_id, stages))
    stage = stages[stage_id]
    if name and name not in stage.tasks:
        raise WrongUsage(
            unknown(NOWHERE, "task", f"{stage_id}/{name}", [f"{stage_id}/{each}" for each in stage.tasks])
        )
    tasks = [stage.tasks[name]] if name else [each for each in stage.tasks.values() if not each.on_request]
    wanted = member_key(key) if key else ""
    found = [
        (task, each)
        for task in tasks
        for each in standing.task_keys(task)
        if (not wanted or each == wanted) and standing.progress.opened(task, each)
    ]
    if not found:
        raise Refusal(problem("G19", item=path))
    return found


def clear(office: Office, programme: records.Programme, path: str, now: datetime) -> list[str]:
    """Clear the incidents of `STAGE/TASK[/KEY]`, so that the next run tries again."""
    with office.store.write() as transaction:
        row = transaction.programme_by_id(programme.id or 0)
        standing = office.standing(transaction, row, now)
        stage, _, rest = path.partition("/")
        name, _, key = rest.partition("/")
        try:
            task = standing.methodology.task(f"{stage}/{name}")
        except KeyError:
            known = [each.path for one in standing.methodology.stages.values() for each in one.tasks.values()]
            raise WrongUsage(unknown(NOWHERE, "task", f"{stage}/{name}", known)) from None
        keys = [
            each
            for each in standing.task_keys(task)
            if (not key or each == member_key(key)) and standing.progress.incident(task, each)
        ]
        if not keys:
            raise Refusal(problem("G23", item=path))
        for each in keys:
            transaction.fact(row, task.path, each, "cleared", now)
        return keys
