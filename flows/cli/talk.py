"""How commands talk: words in the chosen language, problems line by line, faults without a traceback."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from schemas import messages
from schemas.problems import NOWHERE, Problem, WrongUsage, problem

if TYPE_CHECKING:
    from cyclopts import CycloptsError

    from flows.settings import Workspace

_chosen: dict[str, str | None] = {"workspace": None, "language": None}


def setup(workspace: str | None, language: str | None) -> None:
    """Remember the global options."""
    if language is not None and language not in messages.LANGUAGES:
        raise WrongUsage(problem("U01", text=f"--lang {language}", advice=", ".join(messages.LANGUAGES)))
    _chosen.update(workspace=workspace, language=language)


def workspace() -> Workspace:
    """The workspace that the command works in."""
    from flows.settings import find

    return find(_chosen["workspace"])


def language() -> str:
    """The language chosen, else that of the workspace, else Russian."""
    if _chosen["language"]:
        return str(_chosen["language"])
    from flows.settings import find

    try:
        found = find(_chosen["workspace"]).language
    except WrongUsage:
        return "ru"
    return found if found in messages.LANGUAGES else "ru"


def chosen() -> str:
    """The language that this command was asked for; empty where it was not."""
    return _chosen["language"] or ""


def word(name: str, /, **values: object) -> str:
    """A text in the chosen language."""
    return messages.word(name, language(), **values)


def say(name: str, /, **values: object) -> None:
    """Talk: one line to stderr."""
    print(word(name, **values), file=sys.stderr)


def problems(found: Iterable[Problem]) -> None:
    """Each problem on a line of its own, to stderr."""
    chosen = language()
    for text in dict.fromkeys(messages.line(each, chosen) for each in found):  # three strangers in one cell
        print(text, file=sys.stderr)


def data(value: Any) -> None:
    """Data to stdout as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def misused(error: CycloptsError) -> None:
    """A command line that can't be understood."""
    kind = type(error).__name__
    argument, typed = getattr(error, "argument", None), getattr(error, "token", None)
    unused = getattr(error, "unused_tokens", None) or [""]
    token = (typed.keyword or typed.value) if typed else unused[0]
    name = token if argument is None else str(argument.name)
    if argument is not None and argument.index is not None:  # told by its place, as `--help` shows it
        name = name.lstrip("-").upper()
    if typed and kind == "CoercionError":
        token = typed.value
    key = f"usage_{kind}"
    values = {"name": name, "token": token, "wanted": _wanted(error)}
    text = word(key, **values) if messages.has_word(key) else str(error).splitlines()[0]
    chain = [part for part in getattr(error, "command_chain", None) or () if isinstance(part, str)]
    command = "".join(f"{part} " for part in chain)
    problems([problem("U06", NOWHERE, text=text, command=command)])


def _wanted(error: CycloptsError) -> object:
    """What a value on the command line has to be, where it can't be read as that."""
    kind = getattr(error, "target_type", None)
    if get_origin(kind) is Literal:
        return messages.said("usage_one_of", choices=get_args(kind))
    return messages.said("type_integer" if kind is int else "usage_other")


def fault(error: Exception) -> None:
    """A fault of ours: where it happened goes to a file, without anybody's data."""
    from flows.settings import debugging

    if debugging():
        traceback.print_exception(error)
        return
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = f"{datetime.now(UTC).isoformat()} {type(error).__module__}.{type(error).__name__}\n{frames}"
    try:
        folder = workspace().data
    except WrongUsage:
        folder = Path.cwd()
    path = folder / "nastavnik-fault.log"
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError:
        print(text, file=sys.stderr)
    print(word("fault", kind=type(error).__name__, path=path), file=sys.stderr)
