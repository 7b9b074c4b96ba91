"""`school add` and `school change`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import App, Parameter

from flows.cli import talk
from flows.cli.address import office
from flows.office import definitions_of
from flows.settings import Workspace
from schemas.problems import WrongUsage, problem

app = App(name="school", help="Schools of this workspace.", help_format="plaintext")


@app.command
def add(
    id: str,
    *,
    title: Annotated[str, Parameter(help="As it stands on documents.")],
    overlay: Annotated[Path | None, Parameter(help="What the school changes in the methodology.")] = None,
    timezone: Annotated[str, Parameter(help="For example Asia/Vladivostok.")] = "Europe/Moscow",
) -> int:
    """Add a school."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", id):
        raise WrongUsage(problem("W17", school=id))
    title = _title(title)
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongUsage(problem("W13", zone=timezone)) from None
    with office() as (found, now):
        file = _overlay(found.workspace, id, overlay) if overlay else ""
        with found.store.write() as transaction:
            transaction.add_school(id, title, timezone, now, file)
    talk.say("school_added", school=id, title=title)
    return 0


@app.command
def change(
    id: str,
    *,
    title: Annotated[str | None, Parameter(help="As it stands on documents.")] = None,
    overlay: Annotated[Path | None, Parameter(help="What the school changes in the methodology.")] = None,
) -> int:
    """Give a school another title or an overlay; running programmes follow by `plan` and `apply`."""
    if title is None and overlay is None:
        raise WrongUsage(problem("W32", school=id))
    title = None if title is None else _title(title)
    with office() as (found, _):
        file = _overlay(found.workspace, id, overlay) if overlay else None
        with found.store.write() as transaction:
            school = transaction.change_school(id, title, file)
    talk.say("school_changed", school=id, title=school.title)
    if overlay is not None:
        talk.say("school_follows", overlay=school.overlay)
    return 0


def _title(text: str) -> str:
    """A title that can stand on documents."""
    plain = " ".join(text.split())
    if not plain or not plain.isprintable():
        raise WrongUsage(problem("W33"))
    return plain


def _overlay(workspace: Workspace, school: str, overlay: Path) -> str:
    """The file of a sound overlay for this school, from the workspace's folder on where it lies inside."""
    if not overlay.is_file():
        raise WrongUsage(problem("U04", path=overlay))
    path = overlay.resolve()
    inside = path.is_relative_to(workspace.folder)
    file = path.relative_to(workspace.folder).as_posix() if inside else str(path)
    definitions_of(workspace, file, school=school).or_refuse()
    return file
