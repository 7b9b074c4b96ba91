"""What a task of the engine is given, and what its answer means: values out of a standing, records back into it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.engine import moments
from flows.engine.pool import GROUP_CODE, SIDES
from flows.engine.reconcile import asked, people_in
from flows.engine.snapshot import Member
from flows.engine.standing import Standing
from flows.engine.year_facts import year_facts
from flows.office import Office
from flows.store import records
from schemas.digests import canonical
from schemas.stage import TaskSpec

Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What came of a task for one key: a paper made, or something printed for a signature."""

    key: str
    data: Json
    printed: str = ""  # digest of the data that were printed
    letters: tuple[tuple[str, Json], ...] = ()  # outbox key and body


class Gatherer:
    """Values for the tasks of one programme at one moment."""

    def __init__(
        self, office: Office, programme: records.Programme, standing: Standing, school_title: str
    ) -> None:
        self.office, self.programme, self.standing = office, programme, standing
        self.methodology, self.school_title = standing.methodology, school_title

    # --- into the function -------------------------------------------------------------------

    def values(self, task: TaskSpec, keys: list[str]) -> Json:
        """The argument of the task's function."""
        build = getattr(self, f"_{task.uses}")
        values: Json = {
            "options": dict(task.options),
            "language": self.methodology.language,
            **build(task, keys),
        }
        return values

    def _survey(self, task: TaskSpec, keys: list[str]) -> Json:
        values: Json = {
            "survey": self.methodology.surveys[task.options["survey"]],
            "wave": task.options.get("wave", ""),
        }
        if task.each:
            values["collected"] = self._collected(task, keys)
        else:
            collected = self.standing.work.collected(task, "")
            values["collected"] = collected.data["answers"] if collected else []
            values["asked"] = asked(self.standing, task)
            values["silent"] = task.if_silent is not None
        return values

    def _training(self, task: TaskSpec, keys: list[str]) -> Json:
        return {"collected": self._collected(task, keys)}

    def _collected(self, task: TaskSpec, keys: list[str]) -> Json:
        found = {key: self.standing.work.collected(task, key) for key in keys}
        return {key: version.data for key, version in found.items() if version}

    def _matching(self, task: TaskSpec, keys: list[str]) -> Json:
        pool = self.standing.pools.pool(task)
        groups = self.standing.pools.group_register(task)
        rows = self.standing.members.rows(groups.id) if groups else {}
        feedback = next((data for data in self._papers(task).values() if "response_share" in data), None)
        options = dict(task.options)
        if "largest_group" in options:
            options["largest_group"] = self.methodology.stages[task.stage].params[options["largest_group"]]
        return {
            "options": options,
            "mentees": {"rows": list(pool.mentees.values())},
            "mentors": {"rows": [{**row, "seats": pool.seats[key]} for key, row in pool.mentors.items()]},
            "feedback": feedback,
            "eligible_forms": self.standing.pools.portraits({"mentor": pool.mentors, "mentee": pool.mentees}),
            "refused": pool.refused,
            "kept_codes": pool.kept,
            "group_code": GROUP_CODE,
            "next_group": _next_number(rows),
        }

    def _document(self, task: TaskSpec, keys: list[str]) -> Json:
        template = self.office.bundle_file(self.programme.bundle, task.options["template"])
        contexts = {name: context for name, _, context in self.documents(task, keys)}
        return {
            "template": base64.b64encode(template).decode(),
            "template_name": task.options["template"],
            "contexts": contexts,
        }

    def _notice(self, task: TaskSpec, keys: list[str]) -> Json:
        template = self.office.bundle_file(self.programme.bundle, task.options["template"])
        return {
            "template": template.decode(),
            "template_name": task.options["template"],
            "contexts": {key: self.context(task, key) for key in keys},
            "to": {key: self._addressees(task, key) for key in keys},
        }

    def _addressees(self, task: TaskSpec, key: str) -> list[str]:
        member = self.standing.progress.member(task, key)
        found: dict[str, None] = {}
        for role in task.options["to"]:
            register = self.methodology.roles[role].of
            codes = (
                self.standing.members.translate(member, register)
                if member and register
                else people_in(self.standing, role, task)
            )
            found.update(dict.fromkeys(codes))
        return list(found)

    def _evaluation(self, task: TaskSpec, keys: list[str]) -> Json:
        stage = self.methodology.stages[task.stage]
        values: Json = {"survey": self.methodology.surveys[task.options["survey"]], "before": {}, "after": {}}
        for name in task.reads:
            spec = self.standing.papers.named(stage, name)
            if spec.each:
                values["before"] = self._records(stage.id, name)
            else:
                values["after"] = self._papers(task).get(name, {})
        return values

    def _report(self, task: TaskSpec, keys: list[str]) -> Json:
        stage = self.methodology.stages[task.stage]
        keyed = [name for name in task.reads if self.standing.papers.named(stage, name).each]
        tables = [
            self.standing.papers.table_of(self.standing.papers.named(stage, name)) for name in task.reads
        ]
        register = next((table for table in tables if table), None)
        return {
            "papers": {**self._papers(task), **{name: self._records(stage.id, name) for name in keyed}},
            "records": {name: self._records(stage.id, name) for name in keyed},
            "rows": self._rows(register, stage.id) if register else [],
            "facts": year_facts(self.standing),
        }

    def _papers(self, task: TaskSpec) -> Json:
        """What the task reads and is one paper each, by name."""
        stage = self.methodology.stages[task.stage]
        found = {}
        for name in task.reads:
            if self.standing.papers.named(stage, name).each is None:
                value = self.standing.papers.judging.value(stage, name, None)
                if isinstance(value, Mapping):
                    found[name] = dict(value)
        return found

    def _records(self, stage_id: str, name: str) -> Json:
        stage = self.methodology.stages[stage_id]
        spec = self.standing.papers.named(stage, name)
        found = {}
        for key in self.standing.papers.need_keys(stage, name, spec):
            record = self.standing.papers.record(spec, key)
            if record.state == "valid" and record.version:
                found[key] = record.version.data
        return found

    def _rows(self, register: str, stage_id: str) -> list[Json]:
        gates = [
            gate
            for gate in self.methodology.stages[stage_id].checkpoints.values()
            if gate.register == register
        ]
        return [
            {
                "key": key,
                "row": row.data,
                "passed": all(self.standing.gates.gate(gate, key).approved for gate in gates),
            }
            for key, row in self.standing.members.rows(register).items()
            if self.standing.members.ending(Member(register, key)) is None
        ]

    # --- documents ---------------------------------------------------------------------------

    def documents(self, task: TaskSpec, keys: list[str]) -> list[tuple[str, list[str], Json]]:
        """(name, keys, context) of each file of a document task; `one_file_per` puts rows together."""
        per = task.options.get("one_file_per", "").removeprefix("row.")
        if not per:
            return [(key, [key], self.context(task, key)) for key in keys]
        files: dict[str, list[str]] = {}
        for key in keys:
            member = self.standing.progress.member(task, key)
            row = self.standing.members.row(member) if member else None
            files.setdefault(str(row.data.get(per, "")) if row else "", []).append(key)
        return [(name, part, self.context(task, part[0], part)) for name, part in files.items()]

    def context(self, task: TaskSpec, key: str, keys: list[str] | None = None) -> Json:
        """What a template may use: codes and data, no names."""
        stage = self.methodology.stages[task.stage]
        member = self.standing.progress.member(task, key)
        papers: Json = {}
        for name in dict.fromkeys((*task.reads, *stage.artefacts, *stage.needs)):
            spec = self.standing.papers.named(stage, name)
            if self.standing.papers.table_of(spec) or (spec.each and not member):
                continue
            value = self.standing.papers.judging.value(stage, name, member)
            if isinstance(value, Mapping):
                papers[name] = dict(value)
        day = moments.local_day(self.standing.now, self.standing.snapshot.zone)
        rows = [self._row(task, each) for each in keys or ()]
        return {
            "school": {"id": self.programme.school, "title": self.school_title},
            "year": self.programme.year,
            "methodology": {"title": self.methodology.title},
            "date": f"{day:%d.%m.%Y}",
            "director": self._first("director"),
            "curator": self._first("curator"),
            "forms": {form.id: form.title for form in self.methodology.forms.values()},
            "row": self._row(task, key),
            "rows": rows,
            "papers": papers,
        }

    def _row(self, task: TaskSpec, key: str) -> Json:
        member = self.standing.progress.member(task, key)
        row = self.standing.members.row(member) if member else None
        return dict(row.data) if row else {}

    def _first(self, role: str) -> str:
        return next(iter(self.standing.snapshot.holders.get(role, ())), "")

    # --- out of the function -----------------------------------------------------------------

    def results(self, task: TaskSpec, keys: list[str], values: Json, answer: Json) -> Iterator[Result]:
        """The results of an answer, key by key."""
        if task.uses in ("survey", "training"):
            yield from (Result(key, answer[key]) for key in (keys if task.each else [""]))
        elif task.uses == "document":
            yield from self._printed(task, keys, answer["documents"])
        elif task.uses == "notice":
            yield from self._noticed(task, values, answer)
        else:
            yield Result("", answer)

    def _printed(self, task: TaskSpec, keys: list[str], documents: Json) -> Iterator[Result]:
        for name, part, context in self.documents(task, keys):
            made = documents[name]
            stored = self.office.store.files.put(canonical(context))
            for key in part:
                if task.role is not None:
                    yield Result(key, {}, printed=stored)
                    continue
                member = self.standing.progress.member(task, key)
                to = self.standing.members.parts(member).get("mentor", []) if member else []
                day = moments.local_day(self.standing.now, self.standing.snapshot.zone)
                data = {
                    "template": made["template"],
                    "template_digest": made["template_digest"],
                    "data_digest": stored,
                    "to": list(to),
                    "date": date.isoformat(day),
                }
                yield Result(key, data)

    def _noticed(self, task: TaskSpec, values: Json, answer: Json) -> Iterator[Result]:
        for key, data in answer.items():
            send = f"{self.programme.place}/{self.programme.year}/{task.path}/{key}"
            letters = tuple(
                (
                    f"{send}/{code}",
                    {"to": code, "template": data["template"], "context": values["contexts"][key]},
                )
                for code in data["to"]
            )
            yield Result(key, {**data, "key": send}, letters=letters)


def matching_people(standing: Standing, task: TaskSpec) -> Json:
    """Everybody whom a table of groups may name – passed, or standing in a group now – and the rules to keep."""
    stage = standing.methodology.stages[task.stage]
    groups = standing.pools.group_register(task)
    people: dict[str, Json] = {side: {} for side in SIDES}
    for name in task.reads:
        register = standing.papers.table_of(standing.papers.named(stage, name))
        if register in people and groups:
            need = stage.needs.get(name)
            keys = dict.fromkeys(standing.papers.passed_keys(register, need.passed if need else None))
            for group in standing.members.live(groups.id):
                keys.update(dict.fromkeys(standing.members.parts(Member(groups.id, group))[register]))
            rows = standing.members.rows(register)
            people[register] = {key: rows[key].data for key in keys if key in rows}
    options = dict(task.options)
    if "largest_group" in options:
        options["largest_group"] = stage.params[options["largest_group"]]
    return {
        **{f"{side}s": {"rows": list(rows.values())} for side, rows in people.items()},
        "options": options,
        "eligible_forms": standing.pools.portraits(people),
    }


def _next_number(rows: Mapping[str, Any]) -> int:
    numbers = [int(key.rsplit("-", 1)[1]) for key in rows if key.rsplit("-", 1)[-1].isdigit()]
    return max(numbers, default=0) + 1
