"""`school add`."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import App, Parameter

from flows.cli import talk
from flows.cli.address import office
from schemas.problems import WrongUsage, problem

app = App(name="school", help="Schools of this workspace.", help_format="plaintext")


@app.command
def add(
    id: str,
    *,
    title: Annotated[str, Parameter(help="As it stands on documents.")],
    timezone: Annotated[str, Parameter(help="For example Asia/Vladivostok.")] = "Europe/Moscow",
) -> int:
    """Add a school."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", id):
        raise WrongUsage(problem("W17", school=id))
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongUsage(problem("W13", zone=timezone)) from None
    with office() as (found, now), found.store.write() as transaction:
        transaction.add_school(id, title, timezone, now)
    talk.say("school_added", school=id, title=title)
    return 0
