"""Why something is as it is: the reason tree of a stage, paper, task or gate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flows.engine import moments
from flows.engine.reasons import Reason, place, reason
from flows.engine.snapshot import Decision, Member
from flows.engine.standing import Standing
from schemas.messages import said
from schemas.stage import ArtefactSpec, Checkpoint, Stage, TaskSpec

SHOWN = 12  # members shown below a keyed item


def why_stage(standing: Standing, stage: Stage) -> Reason:
    """The tree of a stage."""
    found = standing.stage(stage)
    basis = tuple(
        reason("on_stale_basis", gate.path, title=gate.title) for gate in standing.stale_basis(stage)
    )
    return _is("stage", stage.id, stage.title, found.state, found.reasons + standing.warnings(stage) + basis)


def why_paper(standing: Standing, spec: ArtefactSpec, key: str | None) -> Reason:
    """The tree of a paper: of one key, or of all that owe it."""
    if spec.each and key is None:
        below = tuple(why_paper(standing, spec, each) for each in standing.papers.keys(spec))
        return _is(
            "paper",
            spec.path,
            spec.title,
            _worst(below, "paper"),
            _few(below, ("approved", "valid", "not_owed")),
        )
    state = standing.paper_state(spec, key or "")
    return _is(
        "paper", place(spec.path, key or ""), spec.title, state, tuple(_paper(standing, spec, key or ""))
    )


def _paper(standing: Standing, spec: ArtefactSpec, key: str) -> Iterator[Reason]:
    zone = standing.snapshot.zone
    record = standing.papers.record(spec, key)
    if standing.papers.recurs(spec):
        for version in standing.papers.occurrences(spec, key):
            yield reason(
                "version", spec.path, at=moments.local_day(version.at, zone), by=version.by or "–", number=1
            )
        task = standing.papers.writer(spec)
        if task is not None and standing.work.task(task, key).state not in ("done", "ended"):
            yield why_task(standing, task, key)
        return
    if record.version is not None:
        version = record.version
        count = sum(1 for each in standing.snapshot.versions_of(spec.path, key) if each.origin != "collected")
        code = "made" if version.origin == "made" else "version"
        yield reason(
            code, spec.path, at=moments.local_day(version.at, zone), by=version.by or "–", number=count
        )
    yield from record.reasons
    task = standing.papers.writer(spec)
    if task is not None and not record.holds:
        yield why_task(standing, task, key)
    if record.state == "valid":
        for gate in standing.gates.requirements.covering(spec):
            each = key if gate.register and spec.each and gate.register == spec.each.register else ""
            if (gate.register is None or each) and not standing.gates.gate(gate, each).approved:
                yield reason("gate_waits", place(gate.path, each), title=gate.title)


def why_task(standing: Standing, task: TaskSpec, key: str | None) -> Reason:
    """The tree of a task: of one key, or of all."""
    if task.each and key is None:
        below = tuple(why_task(standing, task, each) for each in standing.task_keys(task))
        return _is(
            "task", task.path, task.title, _worst(below, "task"), _few(below, ("done", "not_owed", "ended"))
        )
    found = standing.work.task(task, key or "")
    because = found.reasons
    if found.state == "open" and found.opened:
        zone = standing.snapshot.zone
        since = moments.local_day(found.opened, zone)
        if found.due:
            due = moments.local_day(found.due - timedelta(seconds=1), zone)
            because = (reason("opened", since=since, due=due), *because)
        else:
            because = (reason("opened_no_due", since=since), *because)
    return _is("task", place(task.path, key or ""), task.title, found.state, because)


def why_gate(standing: Standing, checkpoint: Checkpoint, key: str | None) -> Reason:
    """The tree of a gate: of one member, or of all."""
    if checkpoint.register and key is None:
        below = tuple(
            why_gate(standing, checkpoint, each) for each in standing.members.live(checkpoint.register)
        )
        return _is(
            "gate", checkpoint.path, checkpoint.title, _worst(below, "gate"), _few(below, ("approved",))
        )
    each = key or ""
    gate = standing.gates.gate(checkpoint, each)
    because: list[Reason] = [_signed(standing, decision) for decision in (gate.signed or {}).values()]
    because.extend(gate.reasons)
    for unmet in gate.unmet:
        if unmet.requirement.waive:
            roles = [_role(standing, name) for name in unmet.requirement.waive.who]
            title = standing.gates.requirements.asked_title(checkpoint, unmet.requirement)
            because.append(reason("may_waive", title=title, name=unmet.requirement.id, roles=roles))
    for requirement in checkpoint.requires:
        waiver = standing.gates.requirements.waived(checkpoint, requirement, each)
        if waiver:
            known = standing.methodology.roles.get(waiver.role)
            role = known.title if known else waiver.role  # an edit may have taken the role away
            title = standing.gates.requirements.asked_title(checkpoint, requirement)
            because.append(reason("waived", title=title, role=role, reason=waiver.reason))
    because.extend(reason("next_signer", role=_role(standing, entry.role)) for entry in gate.next)
    if checkpoint.register:
        because.extend(_member(standing, Member(checkpoint.register, each)))
    return _is("gate", place(checkpoint.path, each), checkpoint.title, gate.state, tuple(because))


def _role(standing: Standing, name: str) -> str:
    """A role as it is called and, for `--as`, its id."""
    return f"{standing.methodology.roles[name].title} ({name})"


def _member(standing: Standing, member: Member) -> list[Reason]:
    ending = standing.members.ending(member)
    if ending:
        return [reason("ending", cause=ending.cause)]
    return [reason("late_member")] if standing.members.late(member) else []


def _signed(standing: Standing, decision: Decision) -> Reason:
    number = f", № {decision.number}" if decision.number else ""
    day = decision.date or moments.local_day(decision.at, standing.snapshot.zone)
    role = standing.methodology.roles[decision.role].title
    return reason("signed", role=role, by=decision.by, at=day, number=number)


def _is(kind: str, item: str, title: str, state: str, because: tuple[Reason, ...]) -> Reason:
    return reason("is", item, title=title, state=said(f"{kind}_{state}"), plain=state, because=because)


def _worst(below: tuple[Reason, ...], kind: str) -> str:
    order = {
        "paper": ("missing", "draft", "stale", "valid", "approved", "not_owed"),
        "task": ("failed", "frozen", "open", "waiting", "on_request", "done", "not_owed"),
        "gate": ("stale", "returned", "open", "not_ready", "approved"),
    }[kind]
    states = {str(each.values["plain"]) for each in below}
    if not below:
        return {"paper": "missing", "task": "waiting", "gate": "not_ready"}[kind]
    return next((state for state in order if state in states), next(iter(states)))


def _few(below: tuple[Reason, ...], quiet: tuple[str, ...]) -> tuple[Reason, ...]:
    """The members that something is to be said about, the first few of many."""
    loud = [each for each in below if each.values["plain"] not in quiet]
    shown = tuple(loud[:SHOWN])
    if len(loud) > SHOWN:
        keys = [each.item.rsplit("/", 1)[1] for each in loud[SHOWN:]]
        shown += (reason("members_on_the_way", count=len(keys), keys=keys),)
    return shown
