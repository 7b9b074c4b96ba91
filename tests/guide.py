"""The guide for methodologists, walked through from an empty folder: `python -m tests.guide` writes its answers anew.

- A block after a line with «файл `PATH`» that ends in a colon is saved there.
- A block ```diff changes files, as `tests/changes.py` reads it; a ```diff slip is mended after the next commands.
- A block ```console is run; `…` among its answers stands for lines that are left out.
- Each recipe (`### ` below «Рецепты») begins with what the lesson left.
- In the table of slips each `good` stands once in the lesson's files; in its place `bad` is tried.
- Between the marks of the reference stand tables of the keys, made from the schemas that editors read.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import editor, messages, reader
from schemas.validation import shipped_names

sys.path.insert(0, str(Path(__file__).parent))
from changes import changed
from readme import ROOT, answered

GUIDE = ROOT / "definitions" / "README.md"
NOW = "2026-05-25T09:00:00+03:00"
LESSON = "definitions/target-model"  # what the lesson works on, from the workspace's folder on
PARTS = re.compile(
    r"(?:^[^\n]*[Фф]айл `(?P<file>[^`\n]+)`[^\n]*:\n\n)?^```(?P<kind>\w+)(?P<slip> slip)?\n(?P<body>.*?)^```$"
    r"|^(?P<heading>##+) (?P<title>[^\n]*)$"
    r"|(?<=<!-- slips -->\n)(?P<slips>.*?)(?=<!-- end of slips -->)"
    r"|(?<=<!-- keys: )(?P<keys>\w+) -->\n.*?(?=<!-- end of keys -->)",
    re.DOTALL | re.MULTILINE,
)
ROW = re.compile(r"^\| `(?P<bad>[^`]+)` \|.*\| `(?P<good>[^`]+)` \|$", re.MULTILINE)
LEFT_OUT = "…"


def written(text: str) -> str:
    """The guide with every answer and table as they are now."""
    with tempfile.TemporaryDirectory() as name:
        return PARTS.sub(_Walk(Path(name)).step, text)


class _Walk:
    """One who does what the guide says, word for word."""

    def __init__(self, folder: Path) -> None:
        self.start, self.folder = folder, folder
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("NASTAVNIK_", "PREFECT_"))
        }
        self.environment = {
            **kept,
            "NASTAVNIK_NOW": NOW,
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
        }
        self.mended: dict[Path, bytes] = {}
        self.learnt: Path | None = None  # a copy of what the lesson left
        self.own = ["methodology.yaml"]  # and the files of the lesson, from the methodology's folder on

    def step(self, part: re.Match[str]) -> str:
        if part["heading"]:
            self._turn(part["heading"], part["title"])
        elif part["keys"]:
            return f"{part['keys']} -->\n" + "\n".join(keys(part["keys"])) + "\n"
        elif part["slips"] is not None:
            return ROW.sub(self._tried, part["slips"])
        elif part["kind"] == "console":
            return part.group().replace(part["body"], self._run(part["body"]))
        elif part["kind"] == "diff":
            self._change(part["body"], slip=bool(part["slip"]))
        elif part["file"]:
            path = self.folder / part["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(part["body"], "utf-8")
            if not self.learnt:
                self.own.append(part["file"].removeprefix(f"{LESSON}/"))
        return part.group()

    def _turn(self, level: str, title: str) -> None:
        """The recipes begin with a copy of what the lesson left, and so does each of them."""
        if level == "##" and title == "Рецепты":
            self.learnt = self.start / "learnt"
            shutil.copytree(self.folder, self.learnt)
        elif self.learnt:
            shutil.rmtree(self.folder)
            shutil.copytree(self.learnt, self.folder)

    def _change(self, text: str, *, slip: bool) -> None:
        files = [path for path in (self.folder / "definitions").rglob("*") if path.is_file()]
        before = {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}
        for name, content in changed(before, text).items():
            if content != before.get(name):
                (self.folder / name).write_bytes(content)
                if slip:
                    self.mended[self.folder / name] = before[name]

    def _run(self, body: str) -> str:
        found = []
        for each in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
            line, _, old = each.partition("\n")
            if line.startswith("$ cd "):
                self.folder /= line.removeprefix("$ cd ")
                found.append(f"{line}\n")
            elif line:
                command, _, target = line.partition(" > ")
                answer = answered(command, self.folder, self.environment)
                if target:
                    _, _, content = answer.partition("\n")
                    (self.folder / target).write_text(content, "utf-8")
                    answer = f"{line}\n"
                found.append(_shortened(answer, old))
        for path, content in self.mended.items():
            path.write_bytes(content)
        self.mended = {}
        return "".join(found)

    def _tried(self, row: re.Match[str]) -> str:
        content = reader.collect(self.folder / LESSON)
        bad, good = (row[name].replace("\\|", "|").encode() for name in ("bad", "good"))
        files = [name for name in self.own if good in content[name]]
        assert [content[each].count(good) for each in files] == [1], (row["good"], files)
        content[files[0]] = content[files[0]].replace(good, bad)
        problems = [each for each in reader.read(content).problems if not messages.is_warning(each)]
        assert problems, row["bad"]
        said = "<br>".join(f"{messages.message(each, 'ru')} [{each.code}]" for each in problems)
        return f"| `{row['bad']}` | {said.replace('|', chr(92) + '|')} | `{row['good']}` |"


def _shortened(new: str, old: str) -> str:
    """An answer as the guide shows it with lines left out, where it still fits; else the whole."""
    line, _, said = new.partition("\n")
    shown = old.splitlines()
    lines = "".join("(?:.*\n)*?" if each == LEFT_OUT else f"({_but_figures(each)}\n)" for each in shown)
    found = re.fullmatch(lines, said) if LEFT_OUT in shown else None
    if found is None:
        return new
    now = iter(found.groups())
    return f"{line}\n" + "".join(f"{each}\n" if each == LEFT_OUT else next(now) for each in shown)


def _but_figures(line: str) -> str:
    """A pattern of a line in which figures may have changed: places move, counts grow."""
    return r"[0-9]+".join(re.escape(each) for each in re.split("[0-9]+", line))


# --- tables --------------------------------------------------------------------------------------


def keys(kind: str) -> Iterator[str]:
    """The table of the keys of a kind of file."""
    yield "| ключ | что значит |"
    yield "|---|---|"
    schema = editor.schema(kind)
    yield from _rows(schema, ())
    if kind == "stage":
        for name in sorted(shipped_names("definition/uses")):
            for row in _rows(editor.schema(f"uses/{name}"), ()):
                yield row.replace("| `", f"| `uses: {name}`, `with.", 1)


def _rows(node: Mapping[str, Any], path: editor.Path) -> Iterator[str]:
    if path and (said := node.get("description")) and path[-1] != "[]":
        choices = zip(node.get("enum", ()), node.get("enumDescriptions", ()), strict=False)
        told = "; ".join(f"`{choice}` – {what}" for choice, what in choices if what)
        shown = ".".join("ИМЯ" if each == "*" else each for each in path).replace(".[]", "[]")
        yield f"| `{shown}` | {said}{' ' + told + '.' if told else ''} |"
    if path == ("set",):
        return  # holds whatever the methodology holds
    for name, each in node.get("properties", {}).items():
        if isinstance(each, Mapping) and name not in ("ru", "en"):
            yield from _rows(each, (*path, name))
    for key, step in (("additionalProperties", "*"), ("items", "[]")):
        if isinstance(node.get(key), Mapping):
            yield from _rows(node[key], (*path, step))
    for each in node.get("anyOf", ()):
        yield from _rows(each, path)


if __name__ == "__main__":
    GUIDE.write_text(written(GUIDE.read_text("utf-8")), "utf-8")
