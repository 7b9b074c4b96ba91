"""A methodology as data: `show/v1`, all that was read of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import isodate

from flows.views.diagram import in_turn
from schemas.model import Methodology
from schemas.spans import Span
from schemas.stage import ArtefactSpec, Check, Checkpoint, Due, Each, Need, Requirement, Stage, TaskSpec

Json = dict[str, Any]


def as_json(methodology: Methodology) -> Json:
    """The definition as data."""
    return {
        "schema": "show/v1",
        "id": methodology.id,
        "version": methodology.version,
        "title": methodology.title,
        "digest": methodology.digest,
        "roles": [
            {"id": each.id, "title": each.title, "body": each.body, "of": each.of}
            for each in methodology.roles.values()
        ],
        "registers": [
            {
                "id": each.id,
                "title": each.title,
                "rows": each.table,
                "key": each.key,
                "members": dict(each.members),
            }
            for each in methodology.registers.values()
        ],
        "stages": [_stage(stage) for stage in methodology.stages.values()],
    }


def _stage(stage: Stage) -> Json:
    return {
        "id": stage.id,
        "number": stage.number,
        "title": stage.title,
        "params": dict(stage.params),
        "needs": [need.artefact for need in stage.needs.values()],
        "inputs": [_need(need) for need in stage.needs.values()],
        "after": list(stage.after),
        "enter": [
            {"id": entry.id, "all_passed": entry.all_passed, "check": _check(entry.check)}
            for entry in stage.enter
        ],
        "artefacts": [_artefact(spec) for spec in stage.artefacts.values()],
        "tasks": [_task(task) for task in stage.tasks.values()],
        "checkpoints": [_checkpoint(gate) for gate in stage.checkpoints.values()],
        "may_reopen": list(stage.may_reopen),
    }


def _need(need: Need) -> Json:
    return {
        "id": need.id,
        "artefact": need.artefact,
        "is": need.level,
        "passed": need.passed,
        "optional": need.optional,
    }


def _artefact(spec: ArtefactSpec) -> Json:
    return {
        "id": spec.id,
        "title": spec.title,
        "schema": spec.schema,
        "required": spec.required,
        "each": spec.each.register if spec.each else None,
        "where": spec.each.where.text if spec.each and spec.each.where else None,
        "list": _list(spec.each),
        "belongs_to": "school" if spec.of_school else "programme",
        "until": spec.in_force.until if spec.in_force else None,
        **({"part_of": spec.part_of} if spec.part_of else {}),
        "checks": [_check(check) for check in spec.checks],
    }


def _list(each: Each | None) -> str | None:
    return ".".join((each.need, *each.items)) if each and each.need else None


def _task(task: TaskSpec) -> Json:
    return {
        "id": task.id,
        "uses": task.uses,
        "role": task.role,
        "writes": task.writes,
        "title": task.title,
        "with": dict(task.options),
        "of_row": task.of_row,
        "reads": list(task.reads),
        "after": list(task.after),
        "when": task.when.text if task.when else None,
        "due": _due(task.due),
        "every": _span(task.every.period) if task.every else None,
        "on_request": task.on_request,
        "reopen": list(task.then.reopen),
        "ends": task.then.ends,
    }


def _checkpoint(gate: Checkpoint) -> Json:
    return {
        "id": gate.id,
        "title": gate.title,
        "each": gate.register,
        "requires": [requirement.id for requirement in gate.requires],
        "sign_off": [entry.role for entry in gate.sign_off.values()],
        "requirements": [_requirement(each) for each in gate.requires],
        "signatures": [
            {
                "id": entry.id,
                "role": entry.role,
                "act": entry.act,
                "recorded_by": entry.recorded_by,
                "after": list(entry.after),
                "not": list(entry.actors_not),
                "required": [name for name, needed in entry.asks.items() if needed],
            }
            for entry in in_turn(gate)
        ],
        "on_return": [
            {"id": each.id, "title": each.title, "reopen": list(each.reopen)}
            for each in gate.on_return.values()
        ],
    }


def _requirement(requirement: Requirement) -> Json:
    return {
        "id": requirement.id,
        "is": requirement.level,
        "check": _check(requirement.check),
        "all_passed": requirement.all_passed,
        "waive": list(requirement.waive.who) if requirement.waive else None,
    }


def _check(check: Check | None) -> Json | None:
    if check is None:
        return None
    return {"id": check.id, "check": check.condition.text, "message": check.message, "blocks": check.blocks}


def _due(due: Due | None) -> Json | None:
    if due is None:
        return None
    if due.by:
        return {"by": f"{due.by[0]:02}-{due.by[1]:02}"}
    return {"within": _span(due.within) if due.within else None}


def _span(span: Span) -> Json:
    """A length of time as ISO 8601, and whether its days are school days."""
    duration = isodate.Duration(months=span.months) + span.rest if span.months else span.rest
    return {"length": isodate.duration_isoformat(duration or timedelta()), "school_days": span.school_days}
