"""What a file says, before anything is decided: records with the place of every value.

A draft of a table or form is data for one artefact; who its people are is settled later, by intake.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas import surveys
from schemas.cells import Unreadable, convert, plain, words
from schemas.digests import digest_of_bytes
from schemas.messages import cut, said
from schemas.model import Methodology
from schemas.papers import Kind, kind_of
from schemas.problems import InvalidData, Location, Problem, problem
from schemas.sources import Pointer, parse_json, parse_yaml
from schemas.stage import ArtefactSpec, TaskSpec
from schemas.tables import Column, Sheet, Table, columns_of, find_table, read_csv, read_xlsx, rows
from tasks.training import Activities, read_completion

KEY, NAME, WHEN = "_key", "_name", "_at"  # columns of ours beside those of the schema


@dataclass
class Draft:
    """Data for one record; `key` and `name` are as the file has them, `places` tell where each value stands."""

    data: Any
    file: str
    key: str = ""
    name: str = ""
    places: Mapping[Pointer, Location] = field(default_factory=dict)
    at_key: Location | None = None
    source: Any = None

    def at(self, pointer: Pointer = (), *, key: bool = False) -> Location:
        """The place of a value, or of what it lies in."""
        if self.source is not None:
            found: Location = self.source.at(pointer, key=key)
            return found
        for length in range(len(pointer), -1, -1):
            if pointer[:length] in self.places:
                return self.places[pointer[:length]]
        return self.at_key or Location(self.file)


@dataclass
class Handed:
    """A file that was handed in, read for one artefact."""

    kind: Kind
    drafts: list[Draft]
    file_digest: str
    unused: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def lacks_column(self, told: Problem) -> Problem | None:
        """The one problem that stands for a field's being empty in each row: the table has no such column."""
        for table in self.tables if told.code == "D02" else ():
            below = told.at.sheet == table.sheet.name and told.at.line > table.header + 1
            if below and told.values["key"] not in table.columns:
                title = str(told.values["title"])
                like = {plain(each): each for each in table.unused}
                close = difflib.get_close_matches(plain(title), like, n=1, cutoff=0.6)
                advice = said("advice_rename", title=like[close[0]]) if close else said("advice_add")
                return problem("T14", table.sheet.at(table.header, 0), column=title, advice=advice)
        return None


def read(
    methodology: Methodology, spec: ArtefactSpec, task: TaskSpec, key: str, content: bytes, name: str
) -> Handed:
    """Read a file for an artefact; InvalidData where it cannot hold it at all."""
    reader = _Reader(methodology, spec, task, key, content, name)
    return Handed(
        reader.kind, reader.drafts(), digest_of_bytes(content), reader.unused, reader.problems, reader.tables
    )


class _Reader:
    def __init__(
        self,
        methodology: Methodology,
        spec: ArtefactSpec,
        task: TaskSpec,
        key: str,
        content: bytes,
        name: str,
    ) -> None:
        self.methodology, self.spec, self.task = methodology, spec, task
        self.key, self.content, self.name = key, content, name
        self.kind = kind_of(content, name)
        self.schema = methodology.schema_of(spec)
        self.unused: list[str] = []
        self.problems: list[Problem] = []
        self.tables: list[Table] = []

    def drafts(self) -> list[Draft]:
        """One draft a record."""
        if self.kind in ("yaml", "json"):
            return self._from_data()
        if self.kind in ("csv", "xlsx"):
            sheets = (
                [read_csv(self.content, self.name)]
                if self.kind == "csv"
                else read_xlsx(self.content, self.name)
            )
            if self.task.uses == "survey":
                return self._answers(sheets)
            if self.task.uses == "training":
                return self._completion(sheets)
            return self._keyed(sheets) if self.spec.each else [self._whole(sheets)]
        return [self._paper()]

    # --- YAML and JSON -----------------------------------------------------------------------

    def _from_data(self) -> list[Draft]:
        parse = parse_yaml if self.kind == "yaml" else parse_json
        source, found = parse(self.content, self.name)
        if source is None:
            raise InvalidData(found)
        data = source.data
        if not isinstance(data, dict):
            wanted, advice = said("type_object"), said("advice_none")
            raise InvalidData(
                problem("D03", source.at(), field=self.spec.title, wanted=wanted, advice=advice)
            )
        if not self.spec.each or self.key or not isinstance(data.get("rows"), list):
            return [Draft(data, self.name, self.key, source=source)]
        if not data["rows"]:
            raise InvalidData(problem("T13", source.at(("rows",))))
        found_drafts = []
        for index, row in enumerate(data["rows"]):
            row = dict(row) if isinstance(row, dict) else {}
            key = str(row.pop(self._key_field, "") or row.pop("key", ""))
            places: dict[Pointer, Location] = {(): source.at(("rows", index))}
            places.update({(each,): source.at(("rows", index, each)) for each in row})
            found_drafts.append(Draft(row, self.name, key, places=places, at_key=source.at(("rows", index))))
        return found_drafts

    @property
    def _key_field(self) -> str:
        register = self.spec.each.register if self.spec.each else None
        return self.methodology.registers[register].key if register else "key"

    # --- tables ------------------------------------------------------------------------------

    def _whole(self, sheets: Sequence[Sheet]) -> Draft:
        """One document: its lists from tables, its other fields from `label | value` rows."""
        data: dict[str, Any] = {}
        places: dict[Pointer, Location] = {}
        lists = {
            name: value
            for name, value in self.schema.get("properties", {}).items()
            if value.get("type") == "array" and value.get("items", {}).get("type") == "object"
        }
        self._labelled(_pairs_of(sheets), data, places)
        taken = {
            (at.sheet, at.line) for at in places.values()
        }  # such a row below a table is none of its rows
        for name, value in lists.items():
            table = self._find(
                sheets, columns_of(value["items"]), value.get("title", ""), alone=len(lists) == 1
            )
            if table is None:
                if name in self.schema.get("required", ()) and len(lists) == 1 and data:
                    data[name], places[(name,)] = [], _beginning(sheets)
                    self.problems.append(self._no_header(sheets, columns_of(value["items"])))
                continue
            left = [line for line in table.lines if (table.sheet.name, line.number + 1) not in taken]
            table = replace(table, lines=left)
            columns = columns_of(value["items"])
            items = self._rows(table, columns)
            data[name] = items
            places[(name,)] = table.sheet.at(table.header, 0)
            for index in range(len(items)):
                places[(name, index)] = table.at(index)
                places.update({(name, index, each): table.at(index, each) for each in table.columns})
        if not data:
            fields = next(iter(lists.values()))["items"] if lists else {"properties": self._scalars()}
            raise InvalidData(self._no_header(sheets, columns_of(fields)))
        for name in lists:
            if name in self.schema.get("required", ()) and name not in data and len(lists) > 1:
                data[name] = []
        return Draft(data, self.name, places=places)

    def _no_header(self, sheets: Sequence[Sheet], columns: Sequence[Column]) -> Problem:
        return problem("T09", _beginning(sheets), columns=cut([each.title for each in columns], 8))

    def _rows(self, table: Table, columns: Sequence[Column]) -> list[dict[str, Any]]:
        """The rows of a table that is taken, which is remembered with what is wrong in it."""
        items, problems = rows(table, columns)
        self.problems.extend(problems)
        self.tables.append(table)
        return items

    def _records(self, table: Table, columns: Sequence[Column]) -> list[Draft]:
        """A row a record; without any there is nothing to record."""
        self.unused.extend(table.unused)
        if not table.lines:
            raise InvalidData(problem("T13", table.sheet.at(table.header + 1, 0)))
        return [self._row_draft(table, index, row) for index, row in enumerate(self._rows(table, columns))]

    def _find(
        self, sheets: Sequence[Sheet], columns: list[Column], title: str, *, alone: bool
    ) -> Table | None:
        """The table for a list: in the sheet of its name, or in any sheet where it is the only list."""
        named = [sheet for sheet in sheets if plain(sheet.name) == plain(title)]
        tables = [
            find_table(sheet, columns) for sheet in named or (sheets if alone or len(sheets) == 1 else ())
        ]
        found = max((each for each in tables if each), key=lambda each: len(each.columns), default=None)
        if found:
            self.unused.extend(found.unused)
        return found

    def _labelled(
        self,
        pairs: Iterator[tuple[str, Any, Location]],
        data: dict[str, Any],
        places: dict[Pointer, Location],
    ) -> None:
        """Fields of the document from pairs of label and value."""
        columns = columns_of({"properties": self._scalars()})
        for label, value, at in pairs:
            text = plain(label)
            for column in columns:
                names = {plain(column.title), *(plain(each) for each in column.headers)}
                if text in names and column.id not in data and str(value).strip():
                    try:
                        places[(column.id,)] = at
                        data[column.id] = convert(value, column.schema)
                    except Unreadable as error:
                        self.problems.append(problem(error.args[0], at, field=column.title))
                        data[column.id] = str(value)

    def _scalars(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.schema.get("properties", {}).items()
            if value.get("type") != "object" and value.get("items", {}).get("type") != "object"
        }

    def _keyed(self, sheets: Sequence[Sheet]) -> list[Draft]:
        """A row a record; the key column holds a code, or the name of a person."""
        columns = [*self._key_columns(), *columns_of(self.schema)]
        tables = [table for sheet in sheets if (table := find_table(sheet, columns))]
        table = max(tables, key=lambda each: len(each.columns), default=None)
        if table is None or not (self.key or {KEY, NAME} & table.columns.keys()):
            raise InvalidData(self._no_header(sheets, columns))
        return self._records(table, columns)

    def _row_draft(self, table: Table, index: int, row: dict[str, Any]) -> Draft:
        key, name = str(row.pop(KEY, "") or self.key), str(row.pop(NAME, ""))
        places: dict[Pointer, Location] = {(): table.at(index)}
        places.update({(each,): table.at(index, each) for each in table.columns})
        at_key = table.at(index, KEY if KEY in table.columns else NAME)
        return Draft(row, self.name, key, name, places, at_key)

    def _key_columns(self) -> list[Column]:
        register = self.spec.each.register if self.spec.each else None
        grouped = register is not None and bool(self.methodology.registers[register].members)
        if grouped:
            return [Column(KEY, "Группа", tuple(words("group")), {"type": "string"})]
        if register is None:
            title = self.methodology.stages[self.spec.stage].artefacts[self.spec.id].title
            return [Column(KEY, title, tuple(words("key")), {"type": "string"})]
        return [
            Column(KEY, "Код", tuple(words("code")), {"type": "string"}),
            Column(NAME, "ФИО", tuple(words("name")), {"type": "string"}),
        ]

    # --- surveys -----------------------------------------------------------------------------

    def _answers(self, sheets: Sequence[Sheet]) -> list[Draft]:
        survey = self.methodology.surveys[self.task.options["survey"]]
        columns = self._survey_columns(survey)
        tables = [table for sheet in sheets if (table := find_table(sheet, columns))]
        table = max(tables, key=lambda each: len(each.columns), default=None)
        if table is None or not {KEY, NAME} & table.columns.keys():
            raise InvalidData(problem("T10", Location(self.name), survey=survey["title"]))
        return self._records(table, columns)

    def _survey_columns(self, survey: Mapping[str, Any]) -> list[Column]:
        maps = list(survey.get("import", {}).values())

        def headers(name: str) -> tuple[str, ...]:
            return tuple(each[name] for each in maps if name in each)

        keys = [
            Column(
                each.id,
                each.title,
                (*each.headers, *(headers("code") if each.id == KEY else ())),
                each.schema,
            )
            for each in self._key_columns()
        ]
        if not self.spec.each:  # many answers in one paper: who answered is told by code or name
            keys = [
                Column(KEY, "Код", (*words("code"), *headers("code")), {"type": "string"}),
                Column(NAME, "ФИО", tuple(words("name")), {"type": "string"}),
            ]
        when = Column(
            WHEN, "Отметка времени", (*words("answered_at"), *headers("answered_at")), {"format": "date"}
        )
        cells = [
            Column(each.id, each.ask, headers(each.id), each.schema) for each in surveys.questions(survey)
        ]
        return [*keys, when, *cells]

    # --- training ----------------------------------------------------------------------------

    def _completion(self, sheets: Sequence[Sheet]) -> list[Draft]:
        activities = Activities.of(self.task.options)
        found = []
        for sheet in sheets:
            for number, person in read_completion(sheet.cells, activities):
                at = sheet.at(number, 0)
                found.append(
                    Draft(dict(person.record), self.name, person.code, person.name, {(): at}, at_key=at)
                )
        if not found:
            raise InvalidData(
                problem("T11", Location(self.name), activities=list(activities.titles.values()))
            )
        return found

    # --- Word and PDF ------------------------------------------------------------------------

    def _paper(self) -> Draft:
        """A signed paper: its digest always, its fields where a Word file names them."""
        data: dict[str, Any] = {}
        places: dict[Pointer, Location] = {}
        if self.kind == "docx":
            self._from_docx(data, places)
        elif set(self.schema.get("required", ())) - {"file"}:
            raise InvalidData(problem("T12", Location(self.name), kind=self.kind.upper()))
        if "file" in self.schema.get("properties", {}):
            data["file"] = {
                "sha256": digest_of_bytes(self.content),
                "bytes": len(self.content),
                "type": self.kind,
            }
        elif not data:
            raise InvalidData(problem("T12", Location(self.name), kind=self.kind.upper()))
        return Draft(data, self.name, self.key, places=places)

    def _from_docx(self, data: dict[str, Any], places: dict[Pointer, Location]) -> None:
        from tasks.papers import read_docx

        paper = read_docx(self.content, self.name)
        pairs = ((label, value, Location(self.name, **where)) for label, value, where in paper["fields"])
        self._labelled(iter(pairs), data, places)
        for name, value in (paper.get("numbered") or {}).items():
            if name in self.schema.get("properties", {}) and value:
                data.setdefault(name, value)
        lists = [
            name
            for name, value in self.schema.get("properties", {}).items()
            if value.get("type") == "array" and value.get("items", {}).get("type") == "object"
        ]
        for name in lists:
            columns = columns_of(self.schema["properties"][name]["items"])
            for index, cells in enumerate(paper["tables"], start=1):
                table = find_table(Sheet(self.name, f"таблица {index}", cells), columns)
                if table:
                    data[name] = self._rows(table, columns)
                    for row in range(len(table.lines)):
                        places[(name, row)] = table.at(row)
                        places.update({(name, row, each): table.at(row, each) for each in table.columns})
                    break


def _beginning(sheets: Sequence[Sheet]) -> Location:
    return sheets[0].at(0, 0)


def _pairs_of(sheets: Sequence[Sheet]) -> Iterator[tuple[str, Any, Location]]:
    """`label | value` rows of sheets: two filled cells side by side at the row's beginning."""
    for sheet in sheets:
        for number, cells in enumerate(sheet.cells):
            filled = [(index, cell) for index, cell in enumerate(cells) if str(cell).strip()]
            if len(filled) == 2:
                (_, label), (column, value) = filled
                yield str(label), value, sheet.at(number, column)
