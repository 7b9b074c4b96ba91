"""May this person decide this now? Pure answers: a decision to record, or the problems that forbid it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flows.engine import moments
from flows.engine.gates import Gate
from flows.engine.reasons import place, said_of
from flows.engine.snapshot import Member, Verdict
from flows.engine.standing import Standing
from schemas.messages import said, unknown
from schemas.problems import NOWHERE, Problem, problem
from schemas.stage import Checkpoint, Requirement, SignOff


@dataclass(frozen=True)
class Request:
    """What somebody wants to decide on a gate."""

    verdict: Verdict
    role: str
    by: str
    number: str = ""
    date: date | None = None
    certificate: str = ""
    reason: str = ""
    choice: str = ""


@dataclass(frozen=True)
class Ruling:
    """A decision that may be recorded: which signature, on which evidence, whether it completes the gate."""

    sign_off: str
    evidence: dict[str, Any] = field(default_factory=dict)
    completes: bool = False
    choice: str = ""


def decide(standing: Standing, checkpoint: Checkpoint, key: str, request: Request) -> Ruling | list[Problem]:
    """The ruling on a request, or every reason against it."""
    item = place(checkpoint.path, key)
    if standing.snapshot.closed is not None:
        return [problem("G16")]
    gate = standing.gates.gate(checkpoint, key)
    entry = _signer(checkpoint, gate, request)
    if entry is None:
        roles = {each.role for each in checkpoint.sign_off.values()}
        return [_not_a_signer(standing, request.role, item, roles)]
    found = list(_entitled(standing, checkpoint, key, entry, request))
    found.extend(_form(checkpoint, item, entry, request))
    today = moments.local_day(standing.now, standing.snapshot.zone)
    if request.date and request.date > today:
        found.append(problem("G25", item=item, date=request.date, today=today))
    if gate.state in ("ended", "rejected"):
        found.append(problem("G01", item=item))
    elif request.verdict == "approve":
        found.extend(_approvable(gate, item, entry, _signers(standing, checkpoint)))
    elif request.verdict == "return" and gate.state == "returned":
        found.append(problem("G15", item=item))
    if found:
        return found
    approves = request.verdict == "approve" or (entry.act == "opinion" and request.verdict == "return")
    if not approves:
        return Ruling(entry.id, choice=_choice(checkpoint, request))
    signed = {*(gate.signed or {}), entry.id}
    return Ruling(entry.id, standing.gates.evidence(checkpoint, key), signed == checkpoint.sign_off.keys())


def _signer(checkpoint: Checkpoint, gate: Gate, request: Request) -> SignOff | None:
    """The signature that a role gives: the one whose turn it is, else its first that still lacks, else any."""
    own = [each for each in checkpoint.sign_off.values() if each.role == request.role]
    turn = {each.id for each in gate.next}
    return next(
        (each for each in own if each.id in turn),
        next((each for each in own if each.id not in (gate.signed or {})), own[0] if own else None),
    )


def _not_a_signer(standing: Standing, role: str, item: str, signers: Iterable[str]) -> Problem:
    known = standing.methodology.roles
    titles = [f"{each} ({known[each].title})" for each in sorted(signers)]
    return problem("G05", role=role, item=item, nearest=said("nearest_none", known=titles))


def _entitled(
    standing: Standing, checkpoint: Checkpoint, key: str, entry: SignOff, request: Request
) -> Iterator[Problem]:
    role = standing.methodology.roles[entry.role]
    needed = entry.recorded_by if role.body and entry.recorded_by else entry.role
    holders = standing.snapshot.holders.get(needed, ())
    if request.by not in holders:
        title = standing.methodology.roles[needed].title
        yield problem("P01", by=request.by, role=title)
    for name in entry.actors_not:
        task = standing.methodology.stages[checkpoint.stage].tasks[name]
        spec = standing.methodology.stages[checkpoint.stage].artefacts[str(task.writes)]
        version = standing.papers.latest(spec, key if task.each else "")
        if version and version.by == request.by:
            yield problem("G11", by=request.by, title=task.title)


def _form(checkpoint: Checkpoint, item: str, entry: SignOff, request: Request) -> Iterator[Problem]:
    if request.verdict == "approve":
        given = {"number": request.number, "date": request.date, "certificate": request.certificate}
        for name, required in entry.asks.items():
            if required and not given[name]:
                yield problem("G07", item=item, option=f"--{name}")
        return
    if not request.reason:
        yield problem("G09", item=item)
    if request.verdict == "reject" and checkpoint.register is None:
        yield problem("G10", item=item)
    if request.verdict == "return" and entry.act != "opinion":
        if not checkpoint.on_return:
            yield problem("G14", item=item)
        elif request.choice and request.choice not in checkpoint.on_return:
            yield unknown(NOWHERE, "choice", request.choice, checkpoint.on_return)
        elif not request.choice and len(checkpoint.on_return) > 1:
            choices = [f"{each.id} ({each.title})" for each in checkpoint.on_return.values()]
            yield problem("G08", item=item, choices=choices)


def _choice(checkpoint: Checkpoint, request: Request) -> str:
    if request.verdict == "return" and not request.choice:
        return next(iter(checkpoint.on_return), "")
    return request.choice


def _signers(standing: Standing, checkpoint: Checkpoint) -> dict[str, str]:
    """Who gives each signature, by its id."""
    roles = standing.methodology.roles
    return {each.id: roles[each.role].title for each in checkpoint.sign_off.values()}


def _approvable(gate: Gate, item: str, entry: SignOff, signers: Mapping[str, str]) -> Iterator[Problem]:
    if entry.id in (gate.signed or {}):
        yield problem("G04", item=item)
    elif not gate.ready:
        yield problem("G02", item=item, reasons=[said_of(each) for each in gate.reasons[:4]])
    elif entry.id not in {each.id for each in gate.next}:
        waits = [signers[other] for other in entry.after if other not in (gate.signed or {})]
        yield problem("G03", item=item, others=waits)


def waive(
    standing: Standing, checkpoint: Checkpoint, key: str, name: str, role: str, by: str, reason: str
) -> dict[str, str] | list[Problem]:
    """The evidence of a waiver, or the problems that forbid it."""
    item = place(checkpoint.path, key)
    requirement = next((each for each in checkpoint.requires if each.id == name), None)
    if requirement is None:
        return [unknown(NOWHERE, "requirement", name, [each.id for each in checkpoint.requires])]
    if checkpoint.register and standing.members.ending(Member(checkpoint.register, key)):
        return [problem("G01", item=item)]
    found = list(_waivable(standing, checkpoint, key, requirement, role, by, reason))
    return found or standing.gates.requirements.waiver_evidence(checkpoint, requirement, key)


def _waivable(
    standing: Standing,
    checkpoint: Checkpoint,
    key: str,
    requirement: Requirement,
    role: str,
    by: str,
    reason: str,
) -> Iterator[Problem]:
    item = place(checkpoint.path, key)
    if requirement.waive is None:
        yield problem("G12", item=item, requirement=requirement.id)
        return
    if role not in requirement.waive.who:
        yield _not_a_signer(standing, role, item, requirement.waive.who)
    elif by not in standing.snapshot.holders.get(role, ()):
        yield problem("P01", by=by, role=standing.methodology.roles[role].title)
    if not reason:
        yield problem("G09", item=item)
    gate = standing.gates.gate(checkpoint, key)
    if not any(each.requirement.id == requirement.id for each in gate.unmet):
        state = said(f"gate_{gate.state}")
        yield problem("G13", item=item, requirement=requirement.id, state=state)


def reopen(standing: Standing, stage_id: str, role_holders: str, reason: str) -> list[Problem]:
    """Why somebody may not open a stage's tasks again; empty if they may."""
    stage = standing.methodology.stages[stage_id]
    roles = standing.methodology.roles
    found: list[Problem] = []
    if standing.snapshot.closed is not None:
        found.append(problem("G16"))
    if not any(role_holders in standing.snapshot.holders.get(role, ()) for role in stage.may_reopen):
        titles = [roles[role].title for role in stage.may_reopen]
        found.append(problem("G17", stage=stage.title, roles=titles or "–"))
    if not reason:
        found.append(problem("G09", item=stage_id))
    return found
