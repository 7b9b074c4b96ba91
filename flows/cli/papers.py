"""`render`: papers to read and print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk
from flows.cli.address import opened


def render(
    school: str,
    document: str,
    *,
    out: Annotated[
        Path | None, Parameter(help="The folder for the files, or the file where there is one.")
    ] = None,
    as_: Annotated[str, Parameter(name="--as", help="The role that reads, where not everybody may.")] = "",
    by: Annotated[str, Parameter(help="The code of the person who reads, where not everybody may.")] = "",
) -> int:
    """Make the Word file or table of STAGE/TASK[/KEY] or STAGE/ARTEFACT[/KEY], with names; prints the paths."""
    import os

    from flows.render import Reader
    from flows.render import render as make

    os.umask(0o077)
    with opened(school) as (found, programme, now):
        files = make(found, programme, document, now, Reader(as_, by))
        folder = out or found.workspace.folder / "documents" / programme.place / programme.year.replace(
            "/", "-"
        )
    single = out is not None and len(files) == 1 and bool(out.suffix)
    if not single:
        folder.mkdir(parents=True, exist_ok=True)
    for each in files:
        target = folder if single else folder / each.name
        target.write_bytes(each.content)
        print(target)
    talk.say("rendered", count=len(files))
    return 0
