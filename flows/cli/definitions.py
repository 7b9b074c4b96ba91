"""Commands on definitions: `init`, `check`, `explain`, `show`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.cli import talk
from schemas import messages, reader
from schemas.messages import said, unknown
from schemas.problems import NOWHERE, Location, Problem, Refusal, WrongUsage, problem
from schemas.stack import lies_on


def init(folder: Path) -> int:
    """Make a workspace: settings, definitions to edit, the database.

    In a folder that is one already, upgrade its database and what editors know of the language.
    """
    import shutil

    from flows import editors
    from flows.people import make_key, refuse_lost_key
    from flows.settings import DEFINITIONS, FILE, Workspace
    from flows.store.database import file_of, is_lost
    from flows.store.migrate import upgrade
    from flows.store.store import Store

    talk.setup(str(folder), talk.language())
    workspace = Workspace(folder.resolve())
    if not folder.is_dir() and any(each.exists() and not each.is_dir() for each in (folder, *folder.parents)):
        raise WrongUsage(problem("W29", path=folder))
    if folder.exists() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise WrongUsage(problem("W12", Location(str(folder)), path=folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError:  # not even root may make one in /proc
        raise WrongUsage(problem("W24", path=folder, reason=said("reason_denied"))) from None
    if not (folder / FILE).exists():  # first of all, so that an init that was stopped can be done again
        (folder / FILE).write_text(editors.modeline("workspace") + talk.word("settings_file"), "utf-8")
    file = file_of(workspace.database)
    if file and is_lost(file) and workspace.is_lived_in:  # an empty one in its place would hide the loss
        raise Refusal(problem("W22", path=file))
    for part in (workspace.data, workspace.files, workspace.outbox):
        part.mkdir(exist_ok=True, mode=0o700)
    target = workspace.folder / "definitions" / "target-model"
    if workspace.methodology == target and not target.exists():
        new = target.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(DEFINITIONS / "target-model", new)
        editors.point(new, target, workspace.folder)
        new.rename(target)  # whole or not at all
    for left in editors.write(workspace.folder):
        talk.say("init_editor_left", path=left, folder=editors.SCHEMAS)
    upgrade(workspace.database)
    if not workspace.people_key.exists():  # last of all: where there is a key, there was a database
        store = Store(workspace.database, workspace.files)
        with store.read() as view:
            refuse_lost_key(view, workspace.people_key)
        store.close()
        make_key(workspace.people_key)
    talk.say("init_done", folder=folder, quoted=quoted(folder))
    return 0


def quoted(path: Path) -> str:
    """A path as it is typed in this system's shell."""
    import shlex
    import subprocess

    return subprocess.list2cmdline([str(path)]) if sys.platform == "win32" else shlex.quote(str(path))


def check(
    path: Path | None = None,
    *,
    format: Annotated[Literal["text", "json", "github"], Parameter(help="Form of the answer.")] = "text",
    watch: Annotated[bool, Parameter(help="Check again after every change, until Ctrl+C.")] = False,
) -> int:
    """Check the definitions in a folder; every problem of every file at once."""
    if watch:
        from flows.cli import watching

        folder = folder_of(path)
        around = [folder, folder.parent / "schools", *([path.parent] if path and path.is_file() else [])]
        return watching.watch(around, lambda: check(path, format=format))
    reading, problems = _read(path)
    language = talk.language()
    if format == "json":
        talk.data(
            {
                "schema": "check/v1",
                "problems": [
                    {
                        "code": each.code,
                        "severity": "warning" if messages.is_warning(each) else "error",
                        "file": each.at.file,
                        "line": each.at.line,
                        "column": each.at.column,
                        "message": messages.message(each, language),
                    }
                    for each in problems
                ],
            }
        )
    else:
        for each in problems:
            print(annotation(each, language) if format == "github" else messages.line(each, language))
    warnings = sum(map(messages.is_warning, problems))
    if warnings:
        talk.say("check_warned", count=warnings)
    if len(problems) > warnings:
        talk.say("check_failed", count=len(problems) - warnings)
        if reading.shapes_only:
            talk.say("check_shapes_only")
        return 3
    if reading.sources:
        found = reading.sources
        counts = {kind: len(found.paths(kind)) for kind in ("artefacts", "checkpoints")}
        shown = shown_folder(folder_of(path))
        title = found.methodology.data["title"]
        talk.say("check_done", title=title, folder=shown, stages=len(found.stages), **counts)
    return 0


def _read(path: Path | None) -> tuple[reader.Reading, tuple[Problem, ...]]:
    """A folder with all the overlays on it, or one overlay on its methodology."""
    folder = folder_of(path)
    shown = shown_folder(folder)
    if path is not None and _is_overlay(path):
        reading = reader.read_folder(folder, shown, path)
        return reading, reading.problems
    return reader.read_all(folder, str(path) if path is not None and path.is_dir() else shown)


def _is_overlay(path: Path) -> bool:
    return path.is_file() and (path.name == "overlay.yaml" or path.parent.name == "overlays")


def annotation(found: Problem, language: str) -> str:
    """A workflow command of GitHub; in a property, `:` and `,` are escaped too."""
    kind = "warning" if messages.is_warning(found) else "error"
    at = found.at
    named = [("file", at.file), ("line", at.line), ("col", at.column), ("title", found.code)]
    properties = ",".join(
        f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in named if value
    )
    return f"::{kind} {properties}::{_escaped(messages.message(found, language))}"


def _escaped(value: object) -> str:
    return str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def folder_of(path: Path | None) -> Path:
    """The folder named – or that of the file named –, else the workspace's definitions, else the shipped ones."""
    if path is not None:
        if not path.exists():
            raise WrongUsage(problem("U04", path=path))
        if path.is_dir():
            return path
        for folder in path.resolve().parents:
            if (folder / "methodology.yaml").is_file():
                return folder
        beside = _methodologies_around(path) if _is_overlay(path) else []
        return beside[0] if beside else path.parent
    try:
        workspace = talk.workspace()
    except WrongUsage:
        from flows.settings import DEFINITIONS

        return DEFINITIONS / "target-model"
    return workspace.methodology


def _methodologies_around(overlay: Path) -> list[Path]:
    """The methodologies that an overlay may lie on: in `definitions/` above `schools/`, its own ones first."""
    found = [
        file.parent for folder in overlay.resolve().parents for file in folder.glob("*/methodology.yaml")
    ]
    return [folder for folder in found if lies_on(overlay, folder)] or found


def shown_folder(folder: Path) -> str:
    """A folder as seen from here."""
    try:
        return str(folder.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(folder)


def explain(code: str) -> int:
    """Say what the code of a problem means, with a bad and a good example."""
    language = talk.language()
    found = messages.explanation(code.upper(), language)
    if found is None:
        raise WrongUsage(unknown(NOWHERE, "code", code, messages.codes()))
    print(f"{found.code}: {found.what}")
    print(f"{talk.word('explain_do')}: {found.do}")
    for name, example in (("explain_bad", found.bad), ("explain_good", found.good)):
        print(f"\n{talk.word(name)}:")
        print("\n".join(f"    {line}" for line in example.splitlines()))
    return 0


def show(
    methodology: Path | None = None,
    *,
    school: Annotated[str | None, Parameter(help="As it is pinned for a school's programme.")] = None,
    certificate: Annotated[
        bool, Parameter(help="The proof that overlays keep the mandated core, as JSON.", negative="")
    ] = False,
    format: Annotated[
        Literal["text", "mermaid", "svg", "json"], Parameter(help="Form of the answer.")
    ] = "text",
) -> int:
    """Show a definition: its stages, papers, tasks and gates."""
    from flows.views import definition, definition_json, diagram, mermaid, origins, svg

    status = None
    if school is not None:
        from flows.cli.looking import looked

        reading, status = looked(school)
    else:
        overlay = methodology if methodology is not None and _is_overlay(methodology) else None
        folder = folder_of(methodology)
        reading = reader.read_folder(folder, shown_folder(folder), overlay, talk.chosen())
    found, language = reading.or_refuse(), talk.language()
    if certificate:
        from schemas.certificate import certificate as proof

        if not reading.layers:
            raise Refusal(problem("O20"))
        base = reading.layers[0].before.data
        talk.data(proof(base, [layer.source.data for layer in reading.layers]))
    elif format == "json":
        told = origins.as_json(reading)
        talk.data({**definition_json.as_json(found), **({"origins": told} if told else {})})
    elif format == "text":
        print(definition.text(found, language) + origins.text(reading, language))
    else:
        write = svg.svg if format == "svg" else mermaid.mermaid
        print(write(diagram.diagram(found, status), language))
    return 0
