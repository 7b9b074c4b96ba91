"""Reading papers handed in as DOCX: what may be opened at all, and what stands in it."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from schemas.problems import NOWHERE, InvalidData, Location, Problem, problem

MAX_UNPACKED = 50_000_000
MAX_RATIO = 100
HARMLESS = 10_000_000  # below it the ratio says nothing: a long table of ours packs a hundredfold
MAX_PARTS = 2_000

_MAIN = "wordprocessingml.document.main+xml"
_EMBEDDING = {"oleobject", "package", "afchunk", "control", "activexcontrolbinary", "subdocument", "frame"}
_FOLDERS = ("word/embeddings/", "word/activex/")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_P, _TABLE, _ROW, _CELL, _SDT = (_W + name for name in ("p", "tbl", "tr", "tc", "sdt"))
# Their text is not on the paper: what was moved away, and the copies for readers of the nineties.
_SKIPPED = {
    _W + "pPr", _W + "rPr", _W + "moveFrom", _W + "sdtPr", _W + "tblPr", _W + "tcPr",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}  # fmt: skip
_SIGNS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}

_LABEL = re.compile(r"([^:\n]{2,80}):\s+(\S.*)", re.DOTALL)
_UNFILLED = re.compile(r"(?:[\s_.…«»\"№]|от(?=\W|_)|20(?=_)|г(?=\.|\s|$))*")
_MONTHS = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_DATE = (
    r"[«\"]?(?P<day>\d{1,2})[»\"]?\s*(?:\.\s?(?P<digits>\d{1,2})\.\s?|(?P<month>[а-я]{3,8})\s+)"
    r"(?P<year>\d{4})\s*(?:г(?:ода|\.)?)?"
)
_NUMBER = r"(?:№|N)\s*(?P<number>[0-9A-Za-zА-Яа-яЁё][0-9A-Za-zА-Яа-яЁё./–-]{0,30})"
_KIND = r"(?:(?:приказ|распоряжение|протокол|соглашение|договор|письмо|акт)\s+)?"
# The whole line: a number inside a sentence belongs to another document that this one cites.
_NUMBERED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_KIND}{_NUMBER}\s+от\s*{_DATE}",
        rf"{_KIND}(?:от\s*)?{_DATE}(?:\s+г\.\s?[А-ЯЁ][\w-]+)?,?\s*{_NUMBER}",
    )
)


def read_docx(content: bytes, name: str = "") -> dict[str, Any]:
    """What stands in a DOCX: labelled fields, tables, text, and its own number and date.

    The place of a field is what a `Location` takes: `{"sheet": "таблица 1", "cell": "B2"}` or `{"line": 5}`.
    """
    found = unsafe(content, Location(name))
    if found:
        raise InvalidData(found)
    fields: list[tuple[str, str, dict[str, Any]]] = []
    tables: list[list[list[str]]] = []
    lines: list[str] = []
    for number, block in enumerate(_blocks(_body(content, name), _P, _TABLE), 1):
        if block.tag == _P:
            text = _text(block).strip()
            lines.append(text)
            label = _LABEL.fullmatch(text)
            if label:
                fields.append((_plain(label[1]), _filled(label[2]), {"line": number}))
            continue
        rows = [[_cell(cell) for cell in _blocks(row, _CELL)] for row in _blocks(block, _ROW)]
        tables.append(rows)
        lines.extend("\t".join(row) for row in rows)
        fields.extend(
            (
                _plain(row[0]).rstrip(":"),
                _filled(row[1]),
                {"sheet": f"таблица {len(tables)}", "cell": f"B{at}"},
            )
            for at, row in enumerate(rows, 1)
            if len(row) == 2 and row[0].strip()
        )
    return {"fields": fields, "tables": tables, "text": "\n".join(lines), "numbered": _numbered(lines)}


# --- what may be opened --------------------------------------------------------------------------


def unsafe(content: bytes, at: Location = NOWHERE) -> list[Problem]:
    """Why a file must not be opened as DOCX; an empty list when it may."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            limit = min(MAX_UNPACKED, max(HARMLESS, MAX_RATIO * len(content)))
            if size > limit or len(archive.infolist()) > MAX_PARTS:
                return [problem("N08", at, limit=MAX_UNPACKED // 1_000_000)]
            return _unsafe_parts(archive, at)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError, KeyError):
        return [problem("N05", at)]  # cut off, encrypted, or packed in a way that no word processor uses


def _unsafe_parts(archive: zipfile.ZipFile, at: Location) -> list[Problem]:
    # zipfile gives no more bytes of a part than the directory says, so the sum checked above holds.
    names = {entry.filename.lower() for entry in archive.infolist()}
    types = archive.read("[Content_Types].xml").decode("utf-8", "replace").lower()
    if "vbaproject" in types or "macroenabled" in types or any("vbaproject" in name for name in names):
        return [problem("N06", at)]
    if _MAIN not in types:
        return [problem("N05", at)]
    strange = {"embedding" for name in names if name.startswith(_FOLDERS)}
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        part = archive.read(entry)
        if b"<!DOCTYPE" in part or b"<!ENTITY" in part:  # never in a DOCX: it is there to blow a parser up
            return [problem("N05", at)]
        if entry.filename.lower().endswith(".rels"):
            strange.update(_strange(part))
    if "vbaproject" in strange:
        return [problem("N06", at)]
    return [problem("N07", at, what=what) for what in sorted(strange)]


def _strange(relations: bytes) -> Iterator[str]:
    """The kinds of relations that bring in something from outside or from another program."""
    from docx.opc.oxml import parse_xml

    try:
        root = parse_xml(relations)  # type: ignore[arg-type]  # it says str, and takes only bytes where an encoding is named
    except SyntaxError:
        raise ValueError from None
    for relation in root:
        kind = str(relation.get("Type", "")).rpartition("/")[2].lower()
        external = str(relation.get("TargetMode", "")).lower() == "external"
        if kind == "vbaproject" or kind in _EMBEDDING or (external and kind != "hyperlink"):
            yield kind  # not its target: a path on somebody's disk can hold a name


# --- what stands in it ---------------------------------------------------------------------------


def _body(content: bytes, name: str) -> Any:
    import docx

    try:
        return docx.Document(io.BytesIO(content)).element.body
    except Exception:  # a broken package fails in python-docx in more ways than it names
        raise InvalidData(problem("N05", Location(name))) from None


def _blocks(parent: Any, *tags: str) -> Iterator[Any]:
    """The children with these tags, through content controls and tracked insertions."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag not in _SKIPPED and child.tag not in (_P, _TABLE) and not _placeholder(child):
            yield from _blocks(child, *tags)


def _placeholder(element: Any) -> bool:
    """Whether this is a content control that still shows its prompt."""
    return element.tag == _SDT and element.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None


def _text(element: Any) -> str:
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:
    if element.tag == _W + "t":
        yield element.text or ""
    elif element.tag in _SIGNS:
        yield _SIGNS[element.tag]
    elif element.tag not in _SKIPPED and not _placeholder(element):
        for child in element:
            yield from _pieces(child)


def _cell(cell: Any) -> str:
    return "\n".join(_text(block) for block in _blocks(cell, _P, _TABLE)).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _filled(text: str) -> str:
    """The value of a field, empty where only the line to write on is there."""
    return "" if _UNFILLED.fullmatch(text) else text.strip()


def _numbered(lines: Iterable[str]) -> dict[str, str]:
    """The number and date of the document itself: the first line that is nothing else."""
    for line in lines:
        for pattern in _NUMBERED:
            found = pattern.fullmatch(_plain(line).rstrip("."))
            day = _date(found) if found else ""
            if found and day and any(map(str.isdigit, found["number"])):
                return {"number": found["number"], "date": day}
    return {}


def _date(found: re.Match[str]) -> str:
    word = (found["month"] or "").lower()[:3].replace("май", "мая")
    try:
        month = int(found["digits"]) if found["digits"] else _MONTHS.index(word) + 1
        return date(int(found["year"]), month, int(found["day"])).isoformat()
    except ValueError:
        return ""
