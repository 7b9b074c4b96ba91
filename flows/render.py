"""Papers to read and print, made on demand with names: Word files from templates, tables as XLSX."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flows.checkpoints import role_named
from flows.engine.standing import Standing
from flows.gather import Gatherer
from flows.naming import member_key
from flows.office import Office
from flows.store import records
from schemas.cells import plain, words
from schemas.messages import said, unknown, word
from schemas.problems import NOWHERE, Refusal, WrongUsage, problem
from schemas.stage import ArtefactSpec, TaskSpec
from tasks.documents import render_docx, render_text
from tasks.forms import prefill
from tasks.matching import why


@dataclass(frozen=True)
class Rendered:
    """A file to be written; its name holds codes only."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Reader:
    """Who asks to see a paper, as far as it is known."""

    role: str = ""
    by: str = ""


def render(
    office: Office, programme: records.Programme, document: str, now: datetime, reader: Reader
) -> list[Rendered]:
    """`STAGE/TASK[/KEY]` of a document or form, or `STAGE/ARTEFACT[/KEY]`; refused to whom it may not be shown."""
    with office.store.read() as view:
        standing = office.standing(view, programme, now)
        names = office.people(view).names(programme.school)
        gatherer = Gatherer(office, programme, standing, view.school(programme.school).title)
    stage_id, _, rest = document.partition("/")
    name, _, key = rest.partition("/")
    stages = standing.methodology.stages
    if stage_id not in stages:
        raise WrongUsage(unknown(NOWHERE, "stage", stage_id, stages))
    stage = stages[stage_id]
    renderer = _Renderer(office, programme, standing, gatherer, names)
    wanted = member_key(key) if key else ""
    if name in stage.artefacts:
        spec = stage.artefacts[name]
        _shown_to(standing, reader, [spec])
        task = standing.papers.writer(spec)
        if task and task.options.get("template") and task.uses in ("document", "report", "notice"):
            return renderer.of_task(task, wanted)
        return [renderer.table(spec, wanted)]
    if name in stage.tasks:
        task = stage.tasks[name]
        shown = [standing.papers.named(stage, each) for each in (task.writes, task.prefill) if each]
        _shown_to(standing, reader, shown)
        return renderer.of_task(task, wanted)
    known = [f"{stage_id}/{each}" for each in (*stage.tasks, *stage.artefacts)]
    raise WrongUsage(unknown(NOWHERE, "document", f"{stage_id}/{name}", known))


def _shown_to(standing: Standing, reader: Reader, specs: list[ArtefactSpec]) -> None:
    """Refuse papers that the reader's role may not see, or whose reader is not said or does not have the role."""
    roles = standing.methodology.roles
    for spec in specs:
        if not spec.visible_to:
            continue
        role = role_named(standing.methodology, reader.role) if reader.role else ""
        if role not in spec.visible_to:
            advice = said("advice_ask_them" if role else "advice_reader")
            titles = [roles[each].title for each in spec.visible_to]
            raise Refusal(problem("K41", title=spec.title, roles=titles, advice=advice))
        if reader.by not in _holders(standing, role):
            raise Refusal(problem("P01", by=reader.by or "–", role=roles[role].title))


def _holders(standing: Standing, role: str) -> set[str]:
    """Everybody who has a role: staff, or the members of the register that it is of."""
    register = standing.methodology.roles[role].of
    return set(standing.members.live(register)) if register else set(standing.snapshot.holders.get(role, ()))


class _Renderer:
    def __init__(
        self, office: Office, programme: records.Programme, standing: Standing, gatherer: Gatherer,
        names: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.office, self.programme, self.standing = office, programme, standing
        self.gatherer, self.names = gatherer, names

    def of_task(self, task: TaskSpec, key: str) -> list[Rendered]:
        """Everything that a task prints, or the form that it asks for."""
        template = task.options.get("template")
        if template is None:
            if task.writes is None:
                raise Refusal(problem("U01", text=task.path, advice=""))
            return [self.form(task)]
        source = self.office.bundle_file(self.programme.bundle, template)
        found = list(self._contexts(task, key))
        if not found:
            raise Refusal(problem("G24", item=f"{task.path}/{key}" if key else task.path))
        if template.endswith(".txt"):
            texts = (
                (name, render_text(source.decode(), context, self.names, name=template))
                for name, context in found
            )
            return [Rendered(f"{self._stem(template, name)}.txt", text.encode()) for name, text in texts]
        return [
            Rendered(
                f"{self._stem(template, name)}.docx", render_docx(source, context, self.names, name=template)
            )
            for name, context in found
        ]

    def _contexts(self, task: TaskSpec, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, data) of each file: as it was printed, or as it would be printed now."""
        keys = [each for each in self.standing.task_keys(task) if not key or each == key]
        printed: dict[str, list[str]] = {}
        for each in keys:
            digest = self._printed(task, each)
            if digest:
                printed.setdefault(digest, []).append(each)
        for digest, those in printed.items():
            context = json.loads(self.office.store.files.get(digest))
            yield (those[0] if len(those) == 1 else str(context["row"].get("form", those[0]))), context
        rest = [each for each in keys if not any(each in those for those in printed.values())]
        open_now = [
            each
            for each in rest
            if task.uses != "document" or self.standing.work.task(task, each).state in ("open", "done")
        ]
        for name, _, context in self.gatherer.documents(task, open_now):
            yield name, context

    def _printed(self, task: TaskSpec, key: str) -> str:
        for fact in reversed(self.standing.snapshot.facts_of(task.path, key)):
            if fact.kind == "printed":
                return fact.note
        spec = self.standing.methodology.stages[task.stage].artefacts[str(task.writes)]
        version = self.standing.papers.latest(spec, key)
        return str(version.data.get("data_digest", "")) if version and task.role is None else ""

    def _stem(self, template: str, name: str) -> str:
        stem = template.removeprefix("documents/").rsplit(".", 1)[0]
        return f"{stem}-{name}" if name else stem

    # --- tables ------------------------------------------------------------------------------

    def form(self, task: TaskSpec) -> Rendered:
        """The form of a task, filled in with what is there and what is proposed."""
        stage = self.standing.methodology.stages[task.stage]
        spec = stage.artefacts[str(task.writes)]
        current = self.standing.papers.latest(spec)
        proposed = (
            self.standing.papers.latest(self.standing.papers.named(stage, task.prefill))
            if task.prefill
            else None
        )
        register = self.standing.papers.table_of(spec)
        key = self.standing.methodology.registers[register].key if register else ""
        data = prefill(
            {
                "current": current.data if current else None,
                "proposed": proposed.data if proposed else None,
                "key": key,
                "keep": self.standing.members.live(register) if register else [],
            }
        )
        return Rendered(f"{task.id}.xlsx", self._workbook(spec, data))

    def table(self, spec: ArtefactSpec, key: str) -> Rendered:
        """A paper as a workbook; of a keyed one a row each."""
        if spec.each:
            keys = [each for each in self.standing.papers.keys(spec) if not key or each == key]
            versions = {each: self.standing.papers.latest(spec, each) for each in keys}
            rows = [{"_key": each, **version.data} for each, version in versions.items() if version]
            if not rows:
                raise Refusal(problem("G24", item=spec.path))
            return Rendered(f"{spec.id}.xlsx", self._workbook(spec, {"rows": rows}, keyed=True))
        version = self.standing.papers.latest(spec)
        if version is None:
            raise Refusal(problem("G24", item=spec.path))
        return Rendered(f"{spec.id}.xlsx", self._workbook(spec, version.data))

    def _workbook(self, spec: ArtefactSpec, data: Mapping[str, Any], *, keyed: bool = False) -> bytes:
        import xlsxwriter

        output = io.BytesIO()
        book = xlsxwriter.Workbook(
            output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"created": datetime(2020, 1, 1)})
        bold, wrap = (
            book.add_format({"bold": True, "text_wrap": True}),
            book.add_format({"text_wrap": True, "valign": "top"}),
        )
        schema = self.standing.methodology.schema_of(spec)
        whole = {"rows": {"title": spec.title, "items": schema}}
        lists: Mapping[str, Mapping[str, Any]] = whole if keyed else _lists(schema)
        scalars = {
            name: value
            for name, value in data.items()
            if name not in lists and not isinstance(value, list | dict) and not _hidden(schema, name)
        }
        for name, part in lists.items():
            sheet = book.add_worksheet(_sheet_title(part.get("title", name)))
            fields = dict(part["items"].get("properties", {}))
            if keyed:
                fields = {"_key": {"title": "Код", "x-person": True}, **fields}
            rows = data.get(name, [])
            if any("explanation" in row for row in rows):
                language = self.standing.methodology.language
                fields["_why"] = {"title": word("column_reasons", language)}
                rows = [{**row, "_why": why(row, language)} if "explanation" in row else row for row in rows]
            self._sheet(sheet, fields, rows, bold, wrap)
        if scalars or not lists:
            sheet = book.add_worksheet("Сведения")
            for row, (name, value) in enumerate(scalars.items()):
                sheet.write_string(
                    row, 0, schema.get("properties", {}).get(name, {}).get("title", name), bold
                )
                sheet.write_string(
                    row, 1, self._shown(value, schema.get("properties", {}).get(name, {})), wrap
                )
        book.close()
        return output.getvalue()

    def _sheet(self, sheet: Any, fields: Mapping[str, Any], rows: list[Any], bold: Any, wrap: Any) -> None:
        shown = [
            name
            for name, field in fields.items()
            if not field.keys() & {"x-people", "x-hidden"} and _flat(field)
        ]
        column = 0
        for name in shown:
            sheet.write_string(0, column, fields[name].get("title", name), bold)
            sheet.set_column(column, column, 24)
            for index, row in enumerate(rows, start=1):
                if name in row:
                    sheet.write_string(index, column, self._shown(row[name], fields[name]), wrap)
            column += 1
            if fields[name].get("x-person"):
                sheet.write_string(0, column, self._names_title(fields[name].get("title", name)), bold)
                sheet.set_column(column, column, 32)
                for index, row in enumerate(rows, start=1):
                    sheet.write_string(index, column, self._named(row.get(name)), wrap)
                column += 1
        sheet.freeze_panes(1, 0)

    def _names_title(self, title: str) -> str:
        """The heading of the names beside codes: plain beside a column `Код`, else with what they are."""
        return "ФИО" if plain(title) in words("code") else f"ФИО ({title.lower()})"

    def _shown(self, value: Any, field: Mapping[str, Any]) -> str:
        if isinstance(value, bool):
            return "да" if value else "нет"
        if isinstance(value, list):
            return "; ".join(self._shown(each, field.get("items", {})) for each in value)
        if field.get("format") == "date":
            return f"{date.fromisoformat(value):%d.%m.%Y}"
        if field.get("format") == "date-time":
            return f"{datetime.fromisoformat(value).astimezone(self.standing.snapshot.zone):%d.%m.%Y %H:%M}"
        return str(field.get("x-labels", {}).get(value, [value])[0] if isinstance(value, str) else value)

    def _named(self, value: Any) -> str:
        codes = value if isinstance(value, list) else [value]
        return "; ".join(self.names.get(str(code), "") for code in codes)


def _lists(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: field
        for name, field in schema.get("properties", {}).items()
        if field.get("type") == "array" and field.get("items", {}).get("type") == "object"
    }


def _hidden(schema: Mapping[str, Any], name: str) -> bool:
    return "x-hidden" in schema.get("properties", {}).get(name, {})


def _flat(field: Mapping[str, Any]) -> bool:
    return field.get("type") != "object" and field.get("items", {}).get("type") != "object"


def _sheet_title(title: str) -> str:
    return "".join(sign for sign in title if sign not in "[]:*?/\\")[:31] or "Лист1"
