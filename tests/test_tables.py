"""Tables as schools make them: encodings, dialects, headers, cells."""

from __future__ import annotations

import io
from datetime import date, datetime

import openpyxl
import pytest

from schemas.cells import Unreadable, convert
from schemas.problems import InvalidData
from schemas.tables import check_zip, columns_of, decode, delimiter, find_table, read_csv, read_xlsx, rows
from schemas.validation import shipped

COLUMNS = columns_of(
    {
        "properties": {
            "name": {"title": "ФИО", "x-headers": ["Фамилия*"]},
            "minor": {"title": "Несовершеннолетний", "type": "boolean"},
            "entered": {"title": "Дата", "type": "string", "format": "date"},
            "class": {"title": "Класс", "type": "string"},
            "grade": {"title": "Параллель", "type": "integer", "x-from": "class"},
            "later": {"title": "Итоги", "type": "string", "x-later": True},
        }
    }
)
RUSSIAN = "ФИО;Несовершеннолетний\nЁлкина Алёна;да\nИванов Пётр;нет\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "koi8-r", "mac_cyrillic", "utf-16"]
)
def test_russian_is_read_in_every_encoding_a_school_has(encoding: str) -> None:
    assert decode(RUSSIAN.encode(encoding)).lstrip("\ufeff") == RUSSIAN


@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_the_delimiter_is_counted_outside_quotes(sign: str) -> None:
    text = sign.join(['"Что; кто, где"', "б", "в"]) + "\n"

    assert delimiter(text) == sign


def test_the_header_is_found_under_title_rows_and_empty_rows_do_not_count() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "База"
    sheet.merge_cells("A1:D1")
    sheet["A1"] = "База наставляемых МОУ СОШ №10"
    header = ("№", "ФАМИЛИЯ, имя", " Дата: ", "Несовершеннолетний*", "Рост")
    for row in ((), header, (1, "Ёлкина", date(2026, 9, 1), "Да "),
                (), (2, "Петров", "05.10.2026", 1)):  # fmt: skip
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    table = find_table(read_xlsx(content.getvalue(), "база.xlsx")[0], COLUMNS)

    assert table is not None
    assert rows(table, COLUMNS) == (
        [
            {"name": "Ёлкина", "entered": "2026-09-01", "minor": True},
            {"name": "Петров", "entered": "2026-10-05", "minor": True},
        ],
        [],
    )
    assert table.unused == ["Рост"]  # a row's number is nothing to tell of
    assert str(table.at(1, "entered")) == "база.xlsx:База!C6"


def test_a_class_gives_its_grade_and_later_columns_are_not_read() -> None:
    table = find_table(read_csv("ФИО;Класс;Итоги\nА;10Б;всё\n".encode(), "a.csv"), COLUMNS)

    assert table is not None
    assert rows(table, COLUMNS)[0] == [{"name": "А", "class": "10Б", "grade": 10}]


def test_every_unreadable_cell_is_told_at_once() -> None:
    table = find_table(read_csv("ФИО;Дата;Несовершеннолетний\nА;завтра;может\n".encode(), "a.csv"), COLUMNS)

    assert table is not None
    assert sorted((str(each.at), each.code) for each in rows(table, COLUMNS)[1]) == [
        ("a.csv:2:2", "T07"),
        ("a.csv:2:3", "T05"),
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("да", True), ("Да ", True), (1, True), (1.0, True), ("+", True), ("нет", False), ("0", False),
    ],
)  # fmt: skip
def test_yes_and_no_as_people_write_them(cell: object, value: bool) -> None:
    assert convert(cell, {"type": "boolean"}) is value


@pytest.mark.parametrize(
    "cell",
    [
        "01.09.2026",
        "1.9.26",
        "2026-09-01",
        "2026-09-01 10:00:00",
        datetime(2026, 9, 1, 10),
        date(2026, 9, 1),
        46266.0,
    ],
)
def test_a_date_as_text_as_a_date_and_as_a_serial_number(cell: object) -> None:
    assert convert(cell, {"type": "string", "format": "date"}) == "2026-09-01"


def test_numbers_lists_and_labels() -> None:
    assert convert("1 000", {"type": "integer"}) == 1000
    assert convert("2,5", {"type": "number"}) == 2.5
    assert convert("физика; ОГЭ,", {"type": "array", "items": {"type": "string"}}) == ["физика", "ОГЭ"]
    assert (
        convert("Ученик", {"type": "string", "enum": ["pupil"], "x-labels": {"pupil": ["ученик"]}}) == "pupil"
    )
    with pytest.raises(Unreadable):
        convert("2,5", {"type": "integer"})


def test_a_file_that_unpacks_to_too_much_is_refused_unread() -> None:
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (60 << 20))

    with pytest.raises(InvalidData):
        check_zip(content.getvalue(), "bomb.xlsx")


def test_the_shipped_bases_know_their_columns() -> None:
    """Each column of the two bases is found by its own title."""
    for name in ("mentees", "mentors"):
        columns = columns_of(shipped("artefacts", name)["properties"]["rows"]["items"])
        sheet = read_csv((";".join(column.title for column in columns) + "\n").encode(), "x.csv")
        table = find_table(sheet, columns)

        assert table is not None
        assert set(table.columns) == {column.id for column in columns}
