"""Tables as schools make them: CSV and XLSX read into rows with the place of every cell.

The header is the row, among the first twenty, that names most of the columns wanted; a column is known by its
title or one of its `x-headers`. Cells become the values that the column's schema asks for.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.cells import Cell, Unreadable, convert, plain, words
from schemas.problems import InvalidData, Location, Problem, problem

MAX_FILE = 5 << 20
MAX_UNPACKED = 50 << 20
MAX_RATIO = 100
MAX_ROWS = 5_000
HEADER_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a table file: its cells, and how a cell's place is told."""

    file: str
    name: str
    cells: Sequence[Sequence[Cell]]
    csv: bool = False

    def at(self, row: int, column: int) -> Location:
        """The place of a cell (from 0)."""
        if self.csv:
            return Location(self.file, row + 1, column + 1)
        return Location(self.file, row + 1, column + 1, self.name, f"{column_name(column)}{row + 1}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is looked for."""

    id: str
    title: str
    headers: tuple[str, ...]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: values by column, the row's number (from 0) and the columns found."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows found in a sheet; `unused` are headers that no column wanted."""

    sheet: Sheet
    columns: Mapping[str, int]
    lines: Sequence[Line]
    unused: Sequence[str]
    header: int  # the number of its row (from 0)
    twice: Sequence[int] = ()  # columns (from 0) with the title of one that is read

    def at(self, line: int, column: str | None = None) -> Location:
        """The place of a value of the line with this index; its first cell where it has no such column."""
        number = self.lines[line].number if line < len(self.lines) else 0
        return self.sheet.at(number, self.columns.get(column or "", 0))


# --- reading -------------------------------------------------------------------------------------


def read_xlsx(content: bytes, name: str) -> list[Sheet]:
    """The sheets of a workbook; refuses what is too large, damaged or packed to explode."""
    check_zip(content, name)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            Sheet(name, title, book.get_sheet_by_name(title).to_python(skip_empty_area=False))
            for title in book.sheet_names
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise InvalidData(problem("T01", Location(name), what=type(error).__name__)) from None
    for sheet in sheets:
        if len(sheet.cells) > MAX_ROWS:
            raise InvalidData(problem("T02", Location(name), limit=MAX_ROWS))
    return sheets


def check_zip(content: bytes, name: str) -> None:
    """Refuse a packed file that is too large, before anything of it is read."""
    if len(content) > MAX_FILE:
        raise InvalidData(problem("T03", Location(name), limit=MAX_FILE >> 20))
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile:
        raise InvalidData(problem("T01", Location(name), what="zip")) from None
    total = sum(each.file_size for each in entries)
    if total > MAX_UNPACKED or total > MAX_RATIO * max(len(content), 1):
        raise InvalidData(problem("T03", Location(name), limit=MAX_UNPACKED >> 20))


def read_csv(content: bytes, name: str) -> Sheet:
    """The one sheet of a CSV file, whatever its encoding and delimiter."""
    if len(content) > MAX_FILE:
        raise InvalidData(problem("T03", Location(name), limit=MAX_FILE >> 20))
    text = decode(content)
    if "\x00" in text:
        raise InvalidData(problem("T01", Location(name), what="NUL"))
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text)))
    if len(rows) > MAX_ROWS:
        raise InvalidData(problem("T02", Location(name), limit=MAX_ROWS))
    return Sheet(name, "", rows, csv=True)


def decode(content: bytes) -> str:
    """Text of a CSV: by its byte order mark, as strict UTF-8, else the likeliest Cyrillic code page."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        candidates = [
            content.decode(each, errors="replace") for each in ("cp1251", "cp866", "koi8-r", "mac_cyrillic")
        ]
        return max(candidates, key=_russian)


def _russian(text: str) -> float:
    """How much a text looks Russian: frequent letters count, rare signs and capitals inside words do not."""
    common = sum(text.count(letter) for letter in "оеаинтсрвл")
    strange = sum(
        1 for sign in text if ord(sign) > 127 and not ("а" <= sign.lower() <= "я" or sign in "ёЁ№«»–—")
    )
    inside = len(re.findall(r"[а-яё][А-ЯЁ]", text))
    return common - 3 * strange - 2 * inside


def delimiter(text: str) -> str:
    """The sign that most often parts the first lines, outside quotes."""
    head = "\n".join(text.splitlines()[:HEADER_WITHIN])
    bare = re.sub(r'"[^"]*"', "", head)
    return max(";\t,", key=bare.count)


# --- columns -------------------------------------------------------------------------------------


def columns_of(schema: Mapping[str, Any]) -> list[Column]:
    """The columns of a row's schema; fields marked `x-later` are ours to fill, not to read."""
    return [
        Column(name, field.get("title", name), tuple(field.get("x-headers", ())), field)
        for name, field in schema["properties"].items()
        if not field.get("x-later")
    ]


def find_table(sheet: Sheet, columns: Sequence[Column], needed: Iterable[str] = ()) -> Table | None:
    """The table under the header that names most columns; None if no row names two, or one where one is wanted."""
    best: tuple[int, int, dict[str, int]] = (0, 0, {})
    for number, cells in enumerate(sheet.cells[:HEADER_WITHIN]):
        found = _match(cells, columns)
        if len(found) > best[0]:
            best = (len(found), number, found)
    wanted = set(needed)
    if best[0] < min(2, len(columns)) or (wanted and not wanted & best[2].keys()):
        return None
    _, header, where = best
    titles = sheet.cells[header]
    rest = [index for index, title in enumerate(titles) if str(title).strip() and index not in where.values()]
    read = {plain(titles[index]) for index in where.values()}
    twice = [index for index in rest if plain(titles[index]) in read]
    unused = [
        str(titles[index])
        for index in rest
        if index not in twice and plain(titles[index]) not in words("row_number")
    ]
    lines = [
        Line(number, {name: cells[index] if index < len(cells) else "" for name, index in where.items()})
        for number, cells in enumerate(sheet.cells)
        if number > header
        and any(str(cells[index]).strip() for index in where.values() if index < len(cells))
    ]
    return Table(sheet, where, lines, unused, header, twice)


def _match(cells: Sequence[Cell], columns: Sequence[Column]) -> dict[str, int]:
    """Column id → index: titles first, then other headers word for word, then patterns."""
    texts = {index: plain(cell) for index, cell in enumerate(cells) if str(cell).strip()}
    found: dict[str, int] = {}
    for rank in range(3):
        for column in columns:
            if column.id in found:
                continue
            for index, text in texts.items():
                if index not in found.values() and _fits(text, column, rank):
                    found[column.id] = index
                    break
    return found


def _fits(text: str, column: Column, rank: int) -> bool:
    if rank == 0:
        return text == plain(column.title)
    if rank == 1:
        return any("*" not in each and text == plain(each) for each in column.headers)
    return any("*" in each and fnmatch.fnmatchcase(text, _glob(each)) for each in column.headers)


@cache
def _glob(pattern: str) -> str:
    inner = pattern.strip("*")
    escaped = "*".join(re.sub(r"([\[\]?])", r"[\1]", plain(part)) for part in inner.split("*"))
    return ("*" if pattern.startswith("*") else "") + escaped + ("*" if pattern.endswith("*") else "")


def column_name(index: int) -> str:
    """`A`, `B` … `AA` of a column (from 0)."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


# --- rows ----------------------------------------------------------------------------------------


def rows(table: Table, columns: Sequence[Column]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The rows as values by field; empty cells are left out; unreadable ones are told all at once."""
    by_id = {column.id: column for column in columns}
    found = [
        problem("T15", table.sheet.at(table.header, index), column=table.sheet.cells[table.header][index])
        for index in table.twice
    ]
    result = []
    for index, line in enumerate(table.lines):
        row: dict[str, Any] = {}
        for name, cell in line.values.items():
            if cell is None or not str(cell).strip():
                continue
            try:
                row[name] = convert(cell, by_id[name].schema)
            except Unreadable as error:
                found.append(problem(error.args[0], table.at(index, name), field=by_id[name].title))
                row[name] = str(cell)  # it is not left out, it is wrong
        for name, column in by_id.items():
            source = column.schema.get("x-from")
            if source and name not in row and source in row:
                _derive(row, name, str(row[source]))
        result.append(row)
    return result, found


def _derive(row: dict[str, Any], name: str, text: str) -> None:
    """A number that leads another field, such as the grade in `8А`."""
    number = re.match(r"[0-9]+", text)
    if number:
        row[name] = int(number.group())
