"""`columns`: what a table looks like in this school, for intake, forms and exports alike (LANGUAGE §3)."""

from __future__ import annotations

import io
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from test_keys_of_the_language import changed
from workspaces import CURATOR, opened_at, small_room

from flows import drafts
from schemas import reader
from schemas.columns import row_schema, with_columns
from schemas.problems import NOWHERE
from schemas.validation import violations

COLUMNS = (
    "stages/base.yaml",
    "    schema: mentees\n",
    "    schema: mentees\n"
    "    columns:\n"
    "      x_bus: {title: Маршрут автобуса, number: 2}\n"
    "      code: {title: Код участника, number: 1}\n"
    "      request: {hidden: true}\n"
    "      minor: {headers: [Моложе 18*]}\n",
)
NOW = "2026-09-02T09:00:00+03:00"


def read(table: str) -> tuple[list[dict[str, object]], list[str]]:
    method = reader.read(changed(COLUMNS)).or_refuse()
    spec, task = method.artefact("base/mentees"), method.task("base/list_mentees")
    handed = drafts.read(method, spec, task, "", table.encode(), "база.csv")
    return handed.drafts[0].data["rows"], handed.unused


def test_intake_knows_the_titles_of_the_school_further_headers_and_the_old_ones():
    rows, unused = read("Код участника;Маршрут автобуса;Форма;Моложе 18 лет\nm1;Автобус 5;any;да\n")
    assert rows == [{"code": "m1", "x_bus": "Автобус 5", "form": "any", "minor": True}]
    assert unused == []

    rows, _ = read("Код;Форма;Несовершеннолетний\nm1;any;нет\n")
    assert rows == [{"code": "m1", "form": "any", "minor": False}]


def test_a_schools_column_is_no_key_of_other_papers():
    method = reader.read(changed(COLUMNS)).or_refuse()

    assert "x_bus" in row_schema(method.schema_of(method.artefact("base/mentees")))["properties"]
    assert "x_bus" not in row_schema(method.schemas["mentees"])["properties"]


def test_forms_and_exports_show_the_columns_in_the_schools_order_without_the_hidden(tmp_path):
    room = small_room(tmp_path / "w", changed(COLUMNS))
    paper = tmp_path / "rules.yaml"
    paper.write_text("text: Правила\nitems: [а]\n", "utf-8")
    for path in ("start/rules", "start/plan"):
        room.do("submit", "sosh-10", path, str(paper), "--by", CURATOR, now=NOW)
    with opened_at(room, "sosh-10") as (office, programme, _), office.store.write() as transaction:
        rows = [{"code": "Н-002-6", "form": "any", "minor": False, "request": "Тайна", "x_bus": "Автобус 5"}]
        row = transaction.programme_by_id(programme.id or 0)
        transaction.accept(
            row, "base/mentees", "", {"rows": rows}, datetime.fromisoformat(NOW), origin="handed", by=CURATOR
        )
    out = tmp_path / "mentees.xlsx"
    room.do("render", "sosh-10", "base/mentees", "--out", str(out), now=NOW)
    table = CalamineWorkbook.from_filelike(io.BytesIO(out.read_bytes())).get_sheet_by_index(0).to_python()

    assert table[0] == ["Код участника", "Маршрут автобуса", "Форма", "Несовершеннолетний"]
    assert table[1] == ["Н-002-6", "Автобус 5", "any", "нет"]


NAMES = st.sampled_from(["code", "form", "minor", "request", "x_bus", "x_note"])
COLUMN = st.fixed_dictionaries(
    {"title": st.text(min_size=1)},
    optional={"number": st.integers(1, 9), "headers": st.lists(st.text(min_size=1))},
)


@given(st.dictionaries(NAMES, COLUMN))
def test_what_was_valid_before_is_valid_with_any_columns(columns):
    method = reader.read(changed()).or_refuse()
    schema = with_columns(method.schemas["mentees"], columns)
    data = {"rows": [{"code": "m1", "form": "any", "minor": True}]}

    assert violations(schema, data, lambda pointer, *, key=False: NOWHERE) == []
    assert set(row_schema(method.schemas["mentees"])["properties"]) <= set(row_schema(schema)["properties"])
