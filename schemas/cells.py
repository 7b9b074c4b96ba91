"""A cell of a table as the value that its column asks for: words, numbers, dates as schools write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

Cell = Any


def plain(text: object) -> str:
    """A header or word for comparing: case, ё, spaces and closing signs do not matter."""
    found = unicodedata.normalize("NFKC", str(text)).casefold().replace("ё", "е")
    return " ".join(found.split()).rstrip("*:. ")


class Unreadable(Exception):
    """A cell does not hold what its column asks for; `args[0]` is the problem's code."""


@cache
def words(kind: str) -> frozenset[str]:
    """Words of a kind (`yes`, `no`, `code`, `name` …) as tables say them."""
    text = (files("schemas") / "messages" / "cells.yaml").read_text("utf-8")
    found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return frozenset(plain(each) for each in found[kind])


def convert(cell: Cell, schema: Mapping[str, Any]) -> Any:
    """A cell as the value that a schema asks for; raises Unreadable."""
    kind = schema.get("type", "string")
    if kind == "array":
        return _list(cell, schema)
    if kind == "boolean":
        return _boolean(cell)
    if kind in ("integer", "number"):
        return _number(cell, whole=kind == "integer")
    if schema.get("format") == "date":
        return _date(cell)
    text = _text(cell)
    return _labelled(text, schema) if "x-labels" in schema else text


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return " ".join(str(cell).replace("\xa0", " ").split())


def _labelled(text: str, schema: Mapping[str, Any]) -> str:
    known = plain(text)
    for value, labels in schema["x-labels"].items():
        if known == plain(value) or any(known == plain(label) for label in labels):
            return str(value)
    return text  # the schema's enum says what is allowed


def _list(cell: Cell, schema: Mapping[str, Any]) -> list[Any]:
    separators = re.escape(schema.get("x-split", ";,")) + "\n"
    parts = [part.strip() for part in re.split(f"[{separators}]", str(cell)) if part.strip()]
    return [convert(part, schema.get("items", {})) for part in parts]


def _boolean(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    text = plain(_text(cell))
    if text in words("yes"):
        return True
    if text in words("no"):
        return False
    raise Unreadable("T05")


def _number(cell: Cell, *, whole: bool) -> int | float:
    if isinstance(cell, bool):
        raise Unreadable("T06")
    text = _text(cell).replace(" ", "").replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        raise Unreadable("T06") from None
    if whole and not value.is_integer():
        raise Unreadable("T06")
    return int(value) if whole or value.is_integer() else value


def _date(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float | int) and 20_000 < cell < 80_000:  # Excel's serial number of a day
        return date.fromordinal(date(1899, 12, 30).toordinal() + int(cell)).isoformat()
    text = _text(cell)
    found = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})(?: г\.?)?(?:,? \d{1,2}:.*)?", text)
    if found:
        day, month, year = (int(each) for each in found.groups())
        year += 2000 if year < 100 else 0
    elif iso := re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T].*)?", text):
        year, month, day = (int(each) for each in iso.groups())
    else:
        raise Unreadable("T07")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise Unreadable("T07") from None
