"""What kind of paper a file is, told by its content and never by its name."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal

from schemas.problems import InvalidData, Location, problem

Kind = Literal["yaml", "json", "csv", "xlsx", "docx", "pdf"]


def kind_of(content: bytes, name: str) -> Kind:
    """The kind of a file; InvalidData for one that we do not take."""
    if not content.strip():
        raise InvalidData(problem("T04", Location(name)))
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return _office(content, name)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    if content.startswith((b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z")):
        raise InvalidData(problem("T08", Location(name)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "csv"
    if text.lstrip().startswith(("{", "[")):
        return "json"
    first = next(line for line in text.splitlines() if line.strip())
    named = re.match(r"\s*(#|---|- |[A-Za-z_][\w-]*:(\s|$))", first)
    return "yaml" if named else "csv"


def _office(content: bytes, name: str) -> Kind:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except zipfile.BadZipFile:
        raise InvalidData(problem("T01", Location(name), what="zip")) from None
    if any(each.lower().endswith("vbaproject.bin") for each in names):
        raise InvalidData(problem("N06", Location(name)))
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx"
    raise InvalidData(problem("T08", Location(name)))
