"""What commands are told of: `SCHOOL[/NAME][@YEAR]`, days, who does it; and the office that it is looked up in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk
from flows.office import Office, open_office
from flows.settings import clock
from flows.store import records
from schemas.messages import said
from schemas.problems import WrongUsage, problem

By = Annotated[str, Parameter(help="The code of the person who does it.")]

_NAME = re.compile(r"[a-z][a-z0-9-]{,30}")
_YEAR = re.compile(r"([0-9]{4})/([0-9]{2})")


def split(text: str) -> tuple[str, str | None, str]:
    """School, year and name of a programme."""
    place, _, year = text.partition("@")
    school, slash, name = place.partition("/")
    if slash and not _NAME.fullmatch(name):
        advice = said("advice_example", example="sosh-10@2026/27, sosh-10/summer@2026/27")
        raise WrongUsage(problem("U01", text=text, advice=advice))
    return school, check_year(year) if year else None, name


def check_name(text: str) -> str:
    """The name of a programme: small Latin letters, digits and dashes, and not a year."""
    if text and not _NAME.fullmatch(text):
        raise WrongUsage(problem("U01", text=text, advice=said("advice_example", example="summer")))
    return text


def check_year(text: str) -> str:
    """A programme's year as it is written: `2026/27`."""
    found = _YEAR.fullmatch(text)
    if not found or int(found[2]) != (int(found[1]) + 1) % 100:
        raise WrongUsage(problem("W16", year=text))
    return text


def day(text: str) -> date:
    """A day as somebody typed it: 2026-10-05 or 05.10.2026."""
    try:
        if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            problem("U01", text=text, advice=said("advice_example", example="2026-10-05, 05.10.2026"))
        ) from None


@contextmanager
def office() -> Iterator[tuple[Office, datetime]]:
    """The office of the workspace, and now."""
    found = open_office(talk.workspace())
    try:
        yield found, clock()
    finally:
        found.store.close()


@contextmanager
def opened(address: str) -> Iterator[tuple[Office, records.Programme, datetime]]:
    """The office, the programme that an address means, and now."""
    wanted = split(address)
    with office() as (found, now):
        with found.store.read() as view:
            programme = view.programme(*wanted)
        yield found, programme, now
