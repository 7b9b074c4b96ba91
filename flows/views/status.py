"""The `--json` of status, why and today: plain data from a standing, in the forms of `schemas/output/`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flows.engine import moments
from flows.engine.reasons import Reason, place, said_of
from flows.engine.snapshot import Decision
from flows.engine.standing import Standing
from flows.engine.steps import ENGINE_STEPS, Ask, ClearIncident, MayWaive, Mend, Plan, Renew, Sign
from schemas.messages import word
from schemas.stage import ArtefactSpec, Checkpoint, Stage, TaskSpec

Json = dict[str, Any]


def status(plan: Plan, standing: Standing, language: str, *, keys: bool = False) -> Json:
    """Where a programme stands: `status/v1`."""
    snapshot = standing.snapshot
    return {
        "schema": "status/v1",
        "school": snapshot.school,
        **({"name": snapshot.name} if snapshot.name else {}),
        "year": snapshot.year,
        "methodology": standing.methodology.id,
        "digest": standing.methodology.digest,
        "state": "closed" if snapshot.closed is not None else "running",
        "stages": [_stage(standing, stage, language, keys) for stage in standing.methodology.stages.values()],
        "waiting_for": [each for each in waiting(plan, standing, language)],
    }


def _stage(standing: Standing, stage: Stage, language: str, keys: bool) -> Json:
    found = standing.stage(stage)
    return {
        "id": stage.id,
        "number": stage.number,
        "title": stage.title,
        "state": found.state,
        "passed": found.passed,
        "of": found.of,
        "late": found.late,
        "reasons": tree_of(found.reasons + standing.warnings(stage), language),
        "stale_basis": [gate.path for gate in standing.stale_basis(stage)],
        "artefacts": {name: _artefact(standing, spec, keys) for name, spec in stage.artefacts.items()},
        "tasks": {name: _task(standing, task, keys) for name, task in stage.tasks.items()},
        "checkpoints": {
            name: _checkpoint(standing, gate, language, keys) for name, gate in stage.checkpoints.items()
        },
    }


def _artefact(standing: Standing, spec: ArtefactSpec, keys: bool) -> Json:
    head: Json = {"title": spec.title, "required": spec.required}
    if spec.part_of:
        head["part_of"] = spec.part_of
    if spec.each is None:
        return {**head, **_paper(standing, spec, "")}
    papers = {key: _paper(standing, spec, key) for key in _all_keys(standing, spec)}
    states = [each["state"] for each in papers.values() if each["state"] not in ("withdrawn", "not_owed")]
    order = ("missing", "draft", "stale", "valid", "approved")
    ever = standing.members.ever(spec.each.register) if spec.each.register else bool(papers)
    state = next((each for each in order if each in states), "valid" if ever and not states else "missing")
    found = {**head, "state": state, "counts": counts(each["state"] for each in papers.values())}
    return {**found, "keys": papers} if keys else found


def _all_keys(standing: Standing, spec: ArtefactSpec) -> list[str]:
    register = spec.each.register if spec.each else None
    return list(standing.members.rows(register)) if register else standing.papers.keys(spec)


def _paper(standing: Standing, spec: ArtefactSpec, key: str) -> Json:
    versions = [each for each in standing.snapshot.versions_of(spec.path, key) if each.origin != "collected"]
    found: Json = {"state": standing.paper_state(spec, key), "version": len(versions)}
    if versions:
        found |= {"digest": versions[-1].digest, "at": versions[-1].at.isoformat(), "by": versions[-1].by}
    return found


def _task(standing: Standing, task: TaskSpec, keys: bool) -> Json:
    head: Json = {"title": task.title, "uses": task.uses}
    if task.each is None or task.writes is None:
        return {**head, **_one_task(standing, task, "")}
    tasks = {key: _one_task(standing, task, key) for key in standing.task_keys(task)}
    states = [each["state"] for each in tasks.values() if each["state"] != "not_owed"]
    order = ("failed", "frozen", "open", "waiting", "on_request", "done")
    state = next((each for each in order if each in states), "done" if tasks else "waiting")
    found = {**head, "state": state, "counts": counts(each["state"] for each in tasks.values())}
    return {**found, "keys": tasks} if keys else found


def _one_task(standing: Standing, task: TaskSpec, key: str) -> Json:
    found = standing.work.task(task, key)
    result: Json = {"state": found.state}
    if found.opened:
        result["since"] = found.opened.isoformat()
    if found.state == "open":
        result |= {"due": last_day(found.due, standing), "late": found.late}
    return result


def _checkpoint(standing: Standing, checkpoint: Checkpoint, language: str, keys: bool) -> Json:
    head: Json = {"title": checkpoint.title}
    if checkpoint.register is None:
        return {**head, **_gate(standing, checkpoint, "", language)}
    rows = standing.members.rows(checkpoint.register)
    gates = {key: _gate(standing, checkpoint, key, language) for key in rows}
    states = [each["state"] for each in gates.values() if each["state"] not in ("ended", "rejected")]
    order = ("stale", "returned", "open", "not_ready", "approved")
    state = next((each for each in order if each in states), "approved" if gates else "not_ready")
    found = {
        **head,
        "state": state,
        "counts": counts(each["state"] for each in gates.values()),
        "signed": _together(gates),
        "missing": [],
    }
    return {**found, "keys": gates} if keys else found


def _gate(standing: Standing, checkpoint: Checkpoint, key: str, language: str) -> Json:
    gate = standing.gates.gate(checkpoint, key)
    signed = [_signature(decision) for decision in (gate.signed or {}).values()]
    lacking = [name for name in checkpoint.sign_off if name not in (gate.signed or {})]
    missing = [] if gate.state in ("ended", "rejected") else lacking
    return {
        "state": gate.state,
        "signed": signed,
        "missing": missing,
        "reasons": tree_of(gate.reasons, language),
    }


def _signature(decision: Decision) -> Json:
    found: Json = {
        "sign_off": decision.sign_off,
        "role": decision.role,
        "by": decision.by,
        "at": decision.at.isoformat(),
        "evidence": dict(decision.evidence),
    }
    optional = {"number": decision.number, "date": decision.date.isoformat() if decision.date else "",
                "certificate": decision.certificate}  # fmt: skip
    return {**found, **{name: value for name, value in optional.items() if value}}


def _together(gates: Mapping[str, Json]) -> list[Json]:
    """Signatures of many members, one entry a protocol, with the evidence of each key."""
    found: dict[tuple[str, ...], Json] = {}
    for key, gate in gates.items():
        for each in gate["signed"]:
            head = {name: value for name, value in each.items() if name != "evidence"}
            entry = found.setdefault(tuple(map(str, head.values())), {**head, "evidence": {}})
            entry["evidence"][key] = each["evidence"]
    return list(found.values())


def counts(states: Iterable[str]) -> dict[str, int]:
    """How many there are of each state."""
    found: dict[str, int] = {}
    for state in states:
        found[state] = found.get(state, 0) + 1
    return found


def tree_of(reasons: Iterable[Reason], language: str) -> list[Json]:
    """Reasons as data: a code, the item spoken of, the words, and what lies behind."""
    return [
        {
            "code": each.code,
            "item": each.item,
            "text": text_of(each, language),
            "because": tree_of(each.because, language),
        }
        for each in reasons
    ]


def text_of(why: Reason, language: str) -> str:
    """The words of a reason."""
    told = said_of(why)
    return word(told.name, language, **told.values)


def last_day(due: datetime | None, standing: Standing) -> str | None:
    """The last day on which something is still in time."""
    if due is None:
        return None
    return moments.local_day(due - timedelta(seconds=1), standing.snapshot.zone).isoformat()


# --- today ---------------------------------------------------------------------------------------


def waiting(plan: Plan, standing: Standing, language: str) -> list[Json]:
    """Whom the programme waits for: one entry for the same thing asked of several keys, late ones first."""
    found: dict[tuple[Any, ...], Json] = {}
    for step in plan.steps:
        if isinstance(step, ENGINE_STEPS):
            continue
        entry = _entry(step, standing, language)
        role = standing.methodology.roles.get(entry["role"])
        entry["role_title"] = role.title if role else ""
        key = entry.pop("key")
        group = (entry["action"], entry["item"], entry["role"], entry["due"])
        known = found.setdefault(group, {**entry, "keys": []})
        if key:
            known["keys"].append(key)
            if key in standing.methodology.forms:
                known.setdefault("titles", []).append(standing.methodology.forms[key].title)
        known["who"] = list(dict.fromkeys([*known["who"], *entry["who"]]))
        known["since"] = min(known["since"], entry["since"])
    # what has no last day is needed now: it stands by the day since which it has been waited for
    return sorted(
        found.values(), key=lambda each: (not each["late"], each["due"] or each["since"][:10], each["item"])
    )


def _entry(step: Any, standing: Standing, language: str) -> Json:
    now = standing.now.isoformat()
    roles = standing.methodology.roles
    match step:
        case Ask(path, key, role, who, since, due, late, _, escalated):
            task = standing.methodology.task(path)
            action = (
                "sign_paper" if task.uses == "document" else "answer" if task.uses == "survey" else "hand_in"
            )
            action = "press" if escalated else action
            item = f"{task.stage}/{task.writes}"
            return _line(
                action, item, key, role, who, since.isoformat(), last_day(due, standing), late, task.title
            )
        case Sign(gate, key, sign_off, role):
            checkpoint = standing.methodology.checkpoint(gate)
            entry = checkpoint.sign_off[sign_off]
            who = tuple(standing.snapshot.holders.get(entry.recorded_by or role, ()))
            return _line("decide", gate, key, role, who, now, None, False, checkpoint.title)
        case MayWaive(gate, key, requirement, waivers, _):
            checkpoint = standing.methodology.checkpoint(gate)
            who = tuple(code for role in waivers for code in standing.snapshot.holders.get(role, ()))
            asked = next(each for each in checkpoint.requires if each.id == requirement)
            asked_for = standing.gates.requirements.asked_title(checkpoint, asked)
            title = f"{checkpoint.title}: {asked_for} ({requirement})"
            return _line("waive", f"{gate}", key, waivers[0], who, now, None, False, title)
        case Mend(group, role, tasks, reasons):
            who = tuple(standing.snapshot.holders.get(role, ()))
            title = "; ".join(text_of(each, language) for each in reasons)
            item = standing.methodology.registers[group.register].table
            return _line("mend", item, group.key, role, who, now, None, True, title, ways=list(tasks))
        case Renew(path, key, role, until):
            spec = standing.methodology.artefact(path)
            who = tuple(standing.snapshot.holders.get(role, ())) if roles[role].of is None else ()
            return _line("renew", path, key, role, who, now, until.isoformat(), False, spec.title)
        case ClearIncident(path, key, reasons):
            task = standing.methodology.task(path)
            title = f"{task.title}: " + "; ".join(text_of(each, language) for each in reasons)
            return _line("retry", path, key, "", (), now, None, True, title)
    raise TypeError(step)


def _line(
    action: str, item: str, key: str, role: str, who: Iterable[str], since: str, due: str | None, late: bool,
    what: str, *, ways: list[str] | None = None,
) -> Json:  # fmt: skip
    found: Json = {
        "action": action, "item": item, "key": key, "stage": item.split("/")[0], "role": role, "who": list(who),
        "what": what, "since": since, "due": due, "late": late,
    }  # fmt: skip
    return {**found, "ways": ways} if ways else found


def item_of(entry: Mapping[str, Any]) -> str:
    """The place that an entry speaks of, with its key where there is one alone."""
    return place(entry["item"], entry["keys"][0]) if len(entry["keys"]) == 1 else str(entry["item"])
