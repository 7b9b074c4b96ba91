"""The README's answers and tables, written from the program itself: `python -m tests.readme`.

A block ```console holds commands (`$ …`); what each answers is put below it. A block ```yaml whose first line is
`# FOLDER/FILE` is saved there first. Between the two `reference` marks stand tables made from the code.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flows import cli
from flows.cli import help
from schemas.model import Methodology
from schemas.reader import read_folder

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"```(console|yaml)\n(.*?)```", re.DOTALL)
MARKS = re.compile(r"(<!-- reference: .*? -->\n).*?(<!-- end of reference -->)", re.DOTALL)
EXPORT = re.compile(r"^export (\w+)=(\S+)", re.MULTILINE)
MEANT = {"as_": "ROLE", "by": "CODE", "start as_": "NAME"}  # what options take that are prepositions


def written(text: str) -> str:
    """The README with every answer and table as they are now; runs its commands in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "definitions" / "schools", folder / "definitions" / "schools")
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("NASTAVNIK_", "PREFECT_"))
        }
        environment = {**kept, **dict(EXPORT.findall(text)), "PYTHONUTF8": "1", "NO_COLOR": "1"}

        def filled(block: re.Match[str]) -> str:
            kind, body = block.groups()
            if kind == "yaml":
                first, _, _ = body.partition("\n")
                (folder / first.removeprefix("# ")).write_text(body, "utf-8")
                return block.group()
            lines = [line for line in body.splitlines() if line.startswith("$ ")]
            return "```console\n" + "".join(answered(line, folder, environment) for line in lines) + "```"

        text = BLOCK.sub(filled, text)
    return MARKS.sub(lambda found: found.group(1) + "\n".join(reference()) + "\n" + found.group(2), text)


def answered(line: str, folder: Path, environment: dict[str, str]) -> str:
    name, *words = shlex.split(line.removeprefix("$ "))
    assert name == "nastavnik", line
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *words], cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    said = [each.rstrip() for each in done.stdout.splitlines()]
    code = [f"# exit code {done.returncode}"] if done.returncode else []
    return "\n".join([line, *said, *code]).rstrip() + "\n"


def reference() -> Iterator[str]:
    """The tables between the marks."""
    yield "### Commands"
    yield "| command | does |"
    yield "|---|---|"
    for name, does in help.COMMANDS.items():
        inner = (
            [each for each in cli.app[name] if not each.startswith("-")]
            if name in ("school", "people")
            else []
        )
        if not inner:
            yield f"| `{_usage(name)}` | {does} |"
        for each in inner:
            yield f"| `{_usage(name, each)}` | {help.plain(cli.app[name][each].help)} |"
    yield ""
    yield "### The stages of the target model"
    yield "| stage | papers (required) | gates: who signs, in order |"
    yield "|---|---|---|"
    methodology = read_folder(ROOT / "definitions" / "target-model").methodology
    assert methodology is not None
    yield from _stages(methodology)


def _usage(*chain: str) -> str:
    app = cli.app
    for each in chain:
        app = app[each]
    needed, optional = [], []
    for argument in app.assemble_argument_collection():
        shown = argument.name if argument.name.startswith("--") else ""
        by_place = argument.field_info.is_positional
        value = _value(argument, chain[-1])
        word = value if by_place else f"{shown} {value}".strip()
        if argument.required:
            needed.append(word)
        else:
            optional.append(f"[{word}]")
    return " ".join(["nastavnik", *chain, *needed, *optional])


def _value(argument: object, command: str) -> str:
    hint = argument.hint
    if hint is bool:
        return ""
    choices = getattr(hint, "__args__", ()) if "Literal" in str(hint) else ()
    name = argument.field_info.name
    return "\\|".join(choices) if choices else MEANT.get(f"{command} {name}", MEANT.get(name, name.upper()))


def _stages(methodology: Methodology) -> Iterator[str]:
    for number, stage in enumerate(methodology.stages.values(), start=1):
        papers = stage.artefacts.values()
        required = sum(1 for each in papers if each.required)
        gates = "; ".join(
            f"{gate.title}: "
            + " → ".join(methodology.roles[each.role].title for each in gate.sign_off.values())
            for gate in stage.checkpoints.values()
        )
        yield f"| {number}. {stage.title} | {len(papers)} ({required}) | {gates} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
