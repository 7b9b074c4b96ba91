"""`demo`: the sample school's whole year, on a virtual clock, through real Prefect."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk

SCHOOL = "sosh-10"


def demo(
    folder: Path = Path(".demo"),
    *,
    quiet: Annotated[bool, Parameter(help="Only the table at the end.", negative=())] = False,
) -> int:
    """Play the sample school's year in FOLDER (default .demo); run again, it goes on where it stopped."""
    from flows import cli
    from flows.cli.definitions import init
    from flows.demo import Player, read_year
    from flows.environment import apply
    from flows.server import using
    from flows.settings import DEFINITIONS, Workspace

    workspace = Workspace(folder.resolve())
    with contextlib.redirect_stderr(io.StringIO()):
        init(workspace.folder)  # also where it was stopped in the middle of this
    os.environ["NASTAVNIK_WORKSPACE"] = str(workspace.folder)
    talk.setup(str(workspace.folder), talk.language())
    year = read_year(DEFINITIONS / "schools" / SCHOOL)

    def tell(name: str, **values: object) -> None:
        if not quiet:
            talk.say(name, **values)

    def command(words: list[str]) -> int:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = cli.run(["--workspace", str(workspace.folder), *words])
        if code == cli.INTERRUPTED:
            raise KeyboardInterrupt
        lines = [
            line for line in said.getvalue().splitlines() if not line.startswith(talk.word("next_run_starts"))
        ]
        if not quiet or code:
            for line in lines:
                talk.say("demo_answer", text=line)
        return code

    talk.say("serve_starts")
    with using(workspace) as server:
        apply(workspace, server.url)
        Player(workspace, year, tell, command).play()
    _finish(workspace.folder, year.school, list(year.documents))
    return 0


def _finish(folder: Path, school: str, documents: list[str]) -> None:
    """The table of stages, the documents, and how to look further."""
    from flows import cli
    from flows.cli.definitions import quoted

    for name in ("NASTAVNIK_REQUEST",):
        os.environ.pop(name, None)
    common = ["--workspace", str(folder)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for document in documents:
            cli.run([*common, "render", school, document])
    cli.run([*common, "status", school])
    talk.say("demo_documents", folder=folder / "documents")
    talk.say("demo_next", folder=quoted(folder), school=school)
