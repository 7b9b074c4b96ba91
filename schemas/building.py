"""Builds the frozen model from checked definition data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

from schemas.columns import with_columns
from schemas.conditions import Condition
from schemas.digests import digest, digest_of_bytes
from schemas.model import Count, Form, Indicator, Methodology, Register, Role
from schemas.month_days import month_day
from schemas.rules.sources import Sources, calendar_name
from schemas.school_days import school_days
from schemas.spans import span
from schemas.stage import (
    ArtefactSpec,
    Check,
    Checkpoint,
    Choice,
    Closing,
    Due,
    Each,
    Entry,
    Escalation,
    Every,
    InForce,
    Level,
    Need,
    Requirement,
    SignOff,
    Stage,
    TaskSpec,
    Then,
    Waive,
)
from schemas.surveys import placed

Data = Mapping[str, Any]


def build(
    sources: Sources, bundle: Mapping[str, bytes], files: Mapping[str, Data], overlays: tuple[str, ...] = ()
) -> Methodology:
    """The methodology of sound sources.

    `files` are the definitions with their texts in all languages: a task's digest is the same in each. The template
    that a task is filled from counts into its digest, and every file of the bundle into that of the methodology.
    """
    method = sources.methodology.data
    stages = {name: source.data for name, source in sources.stages.items()}
    schemas = sources.schemas
    holidays = sources.calendars.get(calendar_name(method["calendar"].get("holidays", "")))
    order = sorted(method["stages"], key=lambda name: method["stages"][name]["number"])
    year = method["calendar"]["year"]
    context = _Context(files, {name: digest_of_bytes(bundle[name]) for name in sources.documents})
    return Methodology(
        id=method["id"],
        version=method["version"],
        language=method["language"],
        title=method["title"],
        school_days=school_days(method["calendar"]["week"], holidays.data if holidays else None),
        starts=month_day(year["starts"]),
        ends=month_day(year["ends"]),
        roles={
            name: Role(name, role["title"], role.get("body", False), role.get("of"))
            for name, role in method["roles"].items()
        },
        forms={name: _form(name, form) for name, form in method.get("forms", {}).items()},
        registers={
            name: Register(name, each["title"], each["rows"], each["key"], each.get("members", {}))
            for name, each in method["registers"].items()
        },
        indicators={
            name: Indicator(
                name,
                each["title"],
                _count(each["numerator"]),
                _count(each["denominator"]),
                each.get("target"),
            )
            for name, each in method.get("indicators", {}).items()
        },
        stages={name: _stage(stages[name], method["stages"][name]["number"], context) for name in order},
        surveys={name: placed(survey.data) for name, survey in sources.surveys.items()},
        schemas=schemas,
        columns={
            f"{name}/{key}": with_columns(schemas[each["schema"]], each["columns"])
            for name, stage in stages.items()
            for key, each in stage.get("artefacts", {}).items()
            if "columns" in each
        },
        digest=digest({name: digest_of_bytes(content) for name, content in bundle.items()}),
        overlays=overlays,
    )


class _Context:
    def __init__(self, files: Mapping[str, Data], documents: Mapping[str, str]) -> None:
        self.files, self.documents = files, documents

    def task_digest(self, stage: str, name: str, options: Data) -> str:
        """The digest of a task's declaration with the survey and the template that it uses."""
        declared = self.files[f"stages/{stage}.yaml"]["tasks"][name]
        survey = self.files.get(f"surveys/{options.get('survey')}.yaml")
        return digest([declared, survey, self.documents.get(options.get("template", ""))])

    def source_digest(self, options: Data) -> str:
        """The digest of the survey and the template that a task is made with; empty where there is neither."""
        survey = self.files.get(f"surveys/{options.get('survey')}.yaml")
        template = self.documents.get(options.get("template", ""))
        return digest([survey, template]) if survey or template else ""


def _condition(text: str | None) -> Condition | None:
    return Condition.of(text) if text else None


def _form(name: str, form: Data) -> Form:
    portraits = {
        side: Condition.of(form[side]["where"])
        for side in ("mentor", "mentee")
        if form.get(side, {}).get("where")
    }
    return Form(name, form["title"], form.get("variants", {}), portraits)


def _count(count: Data) -> Count:
    return Count(
        count.get("register"), _condition(count.get("where")), count.get("artefact"), count.get("field")
    )


def _stage(data: Data, number: int, context: _Context) -> Stage:
    stage = data["id"]
    gates = {name: _checkpoint(stage, name, gate) for name, gate in data.get("checkpoints", {}).items()}
    asked = {each.id for gate in gates.values() for each in gate.requires if each.level}
    artefacts = {
        name: _artefact(stage, name, each, name in asked) for name, each in data.get("artefacts", {}).items()
    }
    return Stage(
        id=stage,
        number=number,
        title=data["title"],
        params={
            name: _typed(param["type"], param.get("default"))
            for name, param in data.get("params", {}).items()
        },
        needs={
            name: Need(
                name,
                need["artefact"],
                need.get("is", "valid"),
                need.get("passed"),
                need.get("optional", False),
            )
            for name, need in data.get("needs", {}).items()
        },
        after=tuple(data.get("after", ())),
        enter=tuple(
            Entry(name, _check(name, entry) if "check" in entry else None, entry.get("all_passed"))
            for name, entry in data.get("enter", {}).items()
        ),
        artefacts=artefacts,
        tasks={
            name: _task(stage, name, task, artefacts, context) for name, task in data.get("tasks", {}).items()
        },
        checkpoints=gates,
        may_reopen=tuple(data.get("may_reopen", ())),
        renamed=data.get("renamed", {}),
    )


def _typed(kind: str, value: Any) -> Any:
    return float(value) if kind == "number" and value is not None else value


def _check(name: str, check: Data) -> Check:
    return Check(
        name, Condition.of(check["check"]), check["message"], check.get("blocks", True), check.get("why", "")
    )


def _artefact(stage: str, name: str, data: Data, asked: bool) -> ArtefactSpec:
    force = data.get("in_force")
    return ArtefactSpec(
        stage=stage,
        id=name,
        title=data["title"],
        schema=data["schema"],
        each=_each(data.get("each")),
        required=asked or data.get("required", False),
        checks=tuple(_check(key, check) for key, check in data.get("checks", {}).items()),
        in_force=InForce(force["until"], span(force["warn"]) if "warn" in force else None) if force else None,
        of_school=data.get("belongs_to") == "school",
        personal=data.get("personal", False),
        retention=span(data["retention"]) if "retention" in data else None,
        visible_to=tuple(data.get("visible_to", ())),
        part_of=data.get("part_of"),
        kept_when_stale=data.get("when_stale") == "keep",
    )


def _each(each: Any) -> Each | None:
    if each is None:
        return None
    if isinstance(each, str):
        return Each(register=each)
    if "list" in each:
        name, *fields = each["list"].split(".")
        return Each(need=name, items=tuple(fields))
    return Each(register=each["register"], where=_condition(each.get("where")))


def _task(
    stage: str, name: str, data: Data, artefacts: Mapping[str, ArtefactSpec], context: _Context
) -> TaskSpec:
    options = data.get("with", {})
    writes = data.get("writes")
    calendar = data.get("due", {}).get("calendar") == "school"
    due = data.get("due")
    every = data.get("every")
    escalate = data.get("escalate")
    then = data.get("then", {})
    close = options.get("close")
    title = data.get("title") or (artefacts[writes].title if writes else name)
    return TaskSpec(
        stage=stage,
        id=name,
        uses=data["uses"],
        title=title,
        options=options,
        role=data.get("who", {}).get("role"),
        of_row=data.get("who", {}).get("of") == "row",
        reads=tuple(data.get("reads", ())),
        writes=writes,
        after=tuple(data.get("after", ())),
        when=_condition(data.get("when")),
        prefill=data.get("prefill"),
        due=_due(due, school_days=calendar) if due else None,
        reminders={
            each["before"]: span(each["before"], school_days=calendar) for each in data.get("remind", ())
        },
        escalation=Escalation(span(escalate["after"], school_days=calendar), escalate["to"]["role"])
        if escalate
        else None,
        if_silent=data.get("if_silent", {}).get("record"),
        every=Every(span(every["period"], school_days=every.get("calendar") == "school"), every.get("until"))
        if every
        else None,
        on_request=data.get("on_request", False),
        then=Then(then.get("ends"), then.get("next") == "leave", _paths(stage, then.get("reopen", ()))),
        retries=data.get("retry", {}).get("limit", 0),
        timeout=_length(data["timeout"]) if "timeout" in data else None,
        closing=Closing(close.get("share"), span(close["or_after"]) if "or_after" in close else None)
        if close
        else None,
        each=artefacts[writes].each if writes else None,
        digest=context.task_digest(stage, name, options),
        source=context.source_digest(options),
    )


def _length(text: str) -> timedelta:
    value = span(text)
    return value.rest + timedelta(days=30 * value.months)


def _due(due: Data, *, school_days: bool) -> Due:
    if "by" in due:
        return Due(by=month_day(due["by"]), school_day=school_days)
    return Due(within=span(due["within"], school_days=school_days))


def _paths(stage: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name if "/" in name else f"{stage}/{name}" for name in names)


def _checkpoint(stage: str, name: str, data: Data) -> Checkpoint:
    others = tuple(key for key, entry in data["sign_off"].items() if not entry.get("last"))
    return Checkpoint(
        stage=stage,
        id=name,
        title=data["title"],
        register=data.get("each"),
        requires=tuple(_requirement(key, value) for key, value in data["requires"].items()),
        sign_off={
            key: SignOff(
                id=key,
                role=entry["role"],
                act=entry.get("act", "approve"),
                recorded_by=entry.get("recorded_by"),
                after=others if entry.get("last") else tuple(entry.get("after", ())),
                actors_not=tuple(each.split(".")[0] for each in entry.get("not", ())),
                asks={field: value == "required" for field, value in entry.get("document", {}).items()},
            )
            for key, entry in data["sign_off"].items()
        },
        on_return={
            key: Choice(key, choice["title"], _paths(stage, choice["reopen"]))
            for key, choice in data.get("on_return", {}).items()
        },
        show_also=tuple(data.get("show_also", ())),
        verdicts=data.get("verdicts", {}),
    )


def _requirement(name: str, value: Any) -> Requirement:
    if isinstance(value, str):
        return Requirement(name, level=cast(Level, value))
    waive = Waive(tuple(value["waive"]["who"])) if "waive" in value else None
    if "check" in value:
        return Requirement(name, check=_check(name, value), waive=waive)
    if "all_passed" in value:
        return Requirement(name, all_passed=value["all_passed"])
    return Requirement(name, level=value["is"], waive=waive)
