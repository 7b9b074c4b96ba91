"""`columns` of an artefact: what its table looks like in this school, laid over the schema of its rows.

Titles, order and what is hidden are taken by intake, forms and exports from the one schema that comes of it.
A column of the school's own is a text under a free key (`x_…`), so the paper stays valid by the old schema plus it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.messages import hint, said
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source

Schema = Mapping[str, Any]
OWN = "x_"


def with_columns(schema: Schema, columns: Mapping[str, Mapping[str, Any]]) -> Schema:
    """The schema of a paper whose table has these columns; the title that it had still names the column in a file."""
    inside = row_schema(schema)
    fields = {
        name: _field(field, columns.get(name, {})) for name, field in inside.get("properties", {}).items()
    }
    for name, column in columns.items():
        if name.startswith(OWN):
            fields[name] = _field({"type": "string", "maxLength": 2000}, column)
    last = len(fields) + max((column.get("number", 0) for column in columns.values()), default=0)
    order = sorted(fields, key=lambda name: columns.get(name, {}).get("number", last))
    row = {**inside, "properties": {name: fields[name] for name in order}}
    if inside is schema:
        return row
    rows = schema["properties"]["rows"]
    return {**schema, "properties": {**schema["properties"], "rows": {**rows, "items": row}}}


def row_schema(schema: Schema) -> Schema:
    """The schema of a table's row; the schema itself where it is no table."""
    found: Schema = schema.get("properties", {}).get("rows", {}).get("items") or schema
    return found


def column_problems(source: Source, here: Pointer, artefact: Schema, schema: Schema) -> Iterator[Problem]:
    """Columns that the paper does not have, cannot do without, or that stand in one place."""
    row = row_schema(schema)
    known = row.get("properties", {})
    numbers: dict[int, str] = {}
    for name, column in artefact["columns"].items():
        at = source.at((*here, name), key=True)
        if name.startswith(OWN):
            if "title" not in column:
                yield problem("K31", at, name=name)
        elif name not in known:
            yield problem("R02", at, kind=said("kind_column"), name=name, nearest=hint(name, known))
        elif column.get("hidden") and name in row.get("required", ()):
            yield problem("K32", source.at((*here, name, "hidden")), name=name)
        if "number" in column:
            other = numbers.setdefault(column["number"], name)
            if other != name:
                yield problem("K33", source.at((*here, name, "number")), number=column["number"], other=other)


def _field(field: Schema, column: Schema) -> Schema:
    if not column:
        return field
    headers = [*column.get("headers", ()), *field.get("x-headers", ())]
    if "title" in column and "title" in field:
        headers.append(field["title"])
    found = {**field, "x-headers": headers}
    if "title" in column:
        found["title"] = column["title"]
    if column.get("hidden"):
        found["x-hidden"] = True
    return found
