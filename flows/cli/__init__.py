"""The command line. Each command is loaded when it is called; data go to stdout, talk to stderr."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from flows.cli import talk
from schemas.problems import Refusal

app = App(name="nastavnik", help_format="plaintext", version_flags=["--version"], end_of_options_delimiter="")

_COMMANDS = {
    "definitions": ("init", "check", "explain", "show"),
    "programmes": ("start", "submit", "decide", "waive", "reopen", "run"),
    "looking": ("status", "why", "today"),
    "papers": ("render",),
    "care": ("verify", "doctor"),
    "serving": ("serve",),
    "playing": ("demo",),
}
for _module, _names in _COMMANDS.items():
    for _name in _names:
        app.command(f"flows.cli.{_module}:{_name}", name=_name)
app.command("flows.cli.schools:app", name="school")
app.command("flows.cli.persons:app", name="people")


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
    try:
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
        return 130
    except BrokenPipeError:
        return 0
    except SystemExit as end:
        return int(end.code or 0)
    except Exception as error:
        talk.fault(error)
        return 1


def main() -> None:
    """Entry point of `nastavnik`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="replace"
            )  # a console of another code page must not crash
    sys.exit(run(sys.argv[1:]))
