"""The command line. Each command is loaded when it is called; data go to stdout, talk to stderr."""

from __future__ import annotations

import errno
import gc
import os
import sys
from itertools import pairwise
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from flows.cli import help, talk
from schemas.messages import said
from schemas.problems import Refusal, problem

INTERRUPTED = 130  # the exit code after Ctrl+C
_OF_THE_MACHINE = {  # what a user can mend, wherever it turns up
    errno.EACCES: "reason_denied",
    errno.EPERM: "reason_denied",
    errno.EROFS: "reason_read_only",
    errno.ENOSPC: "reason_full",
    errno.ENOTDIR: "reason_not_folder",
    errno.EEXIST: "reason_not_folder",
    errno.EISDIR: "reason_folder",
}


def _version() -> str:
    from importlib.metadata import version

    return version("nastavnik")


app = App(
    name="nastavnik",
    help_format="plaintext",
    help_formatter=help.Formatter(),
    version=_version,
    version_flags=["--version"],
    end_of_options_delimiter="",
    default_parameter=Parameter(negative=(), show_default=lambda value: value or None),
)

_COMMANDS = {
    "definitions": ("init", "check", "explain", "show"),
    "programmes": ("start", "submit", "decide", "waive", "reopen", "run"),
    "planning": ("plan", "apply"),
    "looking": ("status", "why", "today"),
    "papers": ("render",),
    "care": ("verify", "doctor"),
    "serving": ("serve",),
    "playing": ("demo",),
}
_PLACES = {name: f"{module}:{name}" for module, names in _COMMANDS.items() for name in names}
_PLACES |= {"test": "testing:play", "school": "schools:app", "people": "persons:app"}
for _order, (_name, _help) in enumerate(help.COMMANDS.items()):
    app.command(f"flows.cli.{_PLACES[_name]}", name=_name, help=_help, sort_key=_order)


@app.meta.default
def _global(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    workspace: Annotated[str | None, Parameter(help="The workspace's folder.")] = None,
    lang: Annotated[str | None, Parameter(help="Language of messages: ru or en.")] = None,
) -> int:
    talk.setup(workspace, lang)
    command, bound, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    result = command(*bound.args, **bound.kwargs)
    return result if isinstance(result, int) else 0


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; never raises for what a user can mend."""
    talk.setup(None, None)
    os.umask(0o077)  # whatever is written is the owner's
    try:
        talk.setup(None, _language(arguments))  # `--help` is answered before any option is read
        command, bound, _ = app.meta.parse_args(arguments, exit_on_error=False, print_error=False)
        result = command(*bound.args, **bound.kwargs)
        return result if isinstance(result, int) else 0
    except CycloptsError as error:
        talk.misused(error)
        return 2
    except Refusal as refusal:
        talk.problems(refusal.problems)
        return refusal.exit_code
    except KeyboardInterrupt:
        talk.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except SystemExit as end:
        return int(end.code or 0)
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE or error.filename is None:
            talk.fault(error)
            return 1
        reason = said(_OF_THE_MACHINE[error.errno])
        talk.problems([problem("W24", path=error.filename, reason=reason)])
        return Refusal.exit_code
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl+C inside pydantic, which wraps it
            talk.say("interrupted")
            return INTERRUPTED
        talk.fault(error)
        return 1


def _language(arguments: list[str]) -> str | None:
    for name, value in pairwise(arguments):
        if name == "--lang":
            return value
    return next((each.removeprefix("--lang=") for each in arguments if each.startswith("--lang=")), None)


def main() -> None:
    """Entry point of `nastavnik`."""
    gc.set_threshold(
        50_000
    )  # what a command reads and loads stays: looking through it for rubbish finds none
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a console of another code page must not crash
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # at once, and with this code: Python itself dies by the signal where it came in an import
        os._exit(code)
    gc.freeze()  # at the end, too, nothing is looked through
    sys.exit(code)
