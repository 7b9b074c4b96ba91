"""`--help` in the language of the school: phrases stand in the code in English, their Russian in `help.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.cli import talk
from schemas.messages import texts

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions

COMMANDS = {
    "init": "Make a workspace: settings, definitions to edit, the database.",
    "check": "Check the definitions in a folder; every problem of every file at once.",
    "test": "Play the scenarios beside the definitions; what an edit does not touch is left out.",
    "explain": "Say what the code of a problem means, with a bad and a good example.",
    "show": "Show a definition: its stages, papers, tasks and gates.",
    "school": "Schools of this workspace.",
    "people": "People of a school and their roles.",
    "start": "Start a school's programme for a year, pinned to the definitions as they are now.",
    "submit": "Hand in a file for STAGE/ARTEFACT[/KEY]: YAML, JSON, CSV, XLSX, DOCX or PDF.",
    "decide": "Decide on STAGE/CHECKPOINT[/KEY…] on the evidence as it stands.",
    "waive": "Let a requirement of STAGE/CHECKPOINT[/KEY] go.",
    "reopen": "Open the tasks of STAGE[/TASK[/KEY]] again, where the definition allows it.",
    "run": "Reconcile through Prefect: do everything that can be done now.",
    "status": "Where a programme stands: its stages, papers, gates, and whom it waits for.",
    "why": "Why STAGE, STAGE/ARTEFACT, STAGE/TASK or STAGE/CHECKPOINT [/KEY] is as it is.",
    "today": "Who does what by when, overdue first.",
    "plan": "What an edit of the definitions would do to running schools.",
    "apply": "Do what a plan says, school by school; a school that has moved on since is refused and told.",
    "render": "Make the Word file or table of STAGE/TASK[/KEY] or STAGE/ARTEFACT[/KEY], with names.",
    "verify": "Check the journal, its rows, contents and files; or a certificate by itself.",
    "serve": "Serve until interrupted: every change is reconciled, the UI shows the runs.",
    "demo": "Play the sample school's year in FOLDER; run again, it goes on where it stopped.",
    "doctor": "Check this machine: versions, database, key, disk, clock, port, definitions; each with its mend.",
}


class Formatter:
    """Cyclopts' own help with its phrases in the chosen language."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Show one panel."""
        from cyclopts.help import DefaultFormatter  # nearly no command line asks for help

        entries = [each.copy(description=said(each.description)) for each in panel.entries]
        DefaultFormatter()(console, options, panel.copy(title=said(panel.title), entries=entries))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Show how the command is written."""
        if usage:
            console.print(f"{said('Usage')}: {plain(usage)}", markup=False, highlight=False)
            console.print()

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Show what the command does."""
        if plain(description):
            console.print(said(description), markup=False, highlight=False)


def plain(phrase: Any) -> str:
    """The text of what cyclopts shows."""
    inner = getattr(phrase, "primary_renderable", phrase)
    text = inner if isinstance(inner, str) else getattr(inner, "plain", "")
    return str(text).strip().removeprefix("Usage:").strip()


def said(phrase: Any) -> str:
    """A phrase in the chosen language; itself where that is English or nobody has translated it."""
    text = plain(phrase)
    return text if talk.language() == "en" else str(texts("help").get(" ".join(text.split()), text))
