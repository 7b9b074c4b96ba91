"""What a file says before anything is decided: tables and the labelled lines around them."""

from __future__ import annotations

import io
from pathlib import Path

import xlsxwriter

from flows import drafts
from schemas import reader

TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
ROADMAP = (
    ("Дорожная карта",),
    ("№", "Мероприятия", "Сроки"),
    (1, "Собрать базу", "сентябрь"),
    (),
    ("", "Начало", "01.09.2026"),
    ("", "Окончание", "30.06.2027"),
)


def workbook(rows: tuple[tuple[object, ...], ...]) -> bytes:
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as book:
        sheet = book.add_worksheet("Лист1")
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return output.getvalue()


def test_a_labelled_line_below_a_table_is_a_field_and_no_row() -> None:
    methodology = reader.read_folder(TARGET).or_refuse()
    spec, task = methodology.artefact("preparation/roadmap"), methodology.task("preparation/write_roadmap")

    handed = drafts.read(methodology, spec, task, "", workbook(ROADMAP), "карта.xlsx")

    assert handed.drafts[0].data == {
        "valid_from": "2026-09-01",
        "valid_until": "2027-06-30",
        "rows": [{"number": "1", "activity": "Собрать базу", "period": "сентябрь"}],
    }
