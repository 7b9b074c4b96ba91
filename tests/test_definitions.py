"""Definitions: every problem of every file at once, with its place and what to write instead."""

from __future__ import annotations

import re
import shlex
import string
from pathlib import Path

import pytest
import yaml
from changes import changed
from play import SMALL

from flows import cli
from schemas import messages, reader
from schemas.messages import codes, explanation
from schemas.sources import parse_yaml

CASES = Path(__file__).parent / "cases" / "definitions"
COMMANDS = {"K21", "K41"}  # of the family K, but spoken of commands
TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
MESSAGES = Path(messages.__file__).with_suffix("")


def content_of(case: Path) -> dict[str, bytes]:
    """The small methodology, or the one that `base.txt` names, with what the case changes."""
    base = case / "base.txt"
    content = reader.collect(SMALL.parent / base.read_text().strip() if base.exists() else SMALL)
    for path in case.rglob("*"):
        name = path.relative_to(case).as_posix()
        if path.is_file() and name not in ("expected.txt", "removed.txt", "change.txt", "base.txt"):
            content[name] = path.read_bytes()
    if (case / "change.txt").exists():
        content = changed(content, (case / "change.txt").read_text("utf-8"))
    for name in (case / "removed.txt").read_text().split() if (case / "removed.txt").exists() else ():
        del content[name]
    return content


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_bad_definition_is_told_in_just_these_words(case: Path) -> None:
    """Each case folder changes a sound methodology, and holds the exact lines expected."""
    found = [messages.line(each, "ru") for each in reader.read(content_of(case)).problems]

    assert "\n".join(found) == (case / "expected.txt").read_text("utf-8").strip()


def test_the_shipped_and_the_small_methodology_have_no_problems() -> None:
    """What is shipped passes its own check."""
    assert reader.read_folder(TARGET).problems == ()
    assert reader.read_folder(SMALL).problems == ()


@pytest.mark.parametrize("file", sorted(MESSAGES.glob("*.yaml")), ids=lambda each: each.stem)
def test_texts_are_the_same_read_one_by_one_as_all_at_once(file: Path) -> None:
    assert dict(messages.texts(file.stem)) == yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)


def test_every_code_has_words_in_both_languages() -> None:
    """A message names the same values in both languages."""
    for code in codes():
        russian, english = (_placeholders(messages.texts("problems")[code][each]) for each in ("ru", "en"))

        assert russian == english, code


def _placeholders(texts: list[str]) -> set[str]:
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("code", codes())
def test_every_code_is_explained_by_a_bad_and_a_good_example(code: str, language: str) -> None:
    """`explain CODE` has all it promises, and none of what only a message can fill in."""
    found = explanation(code, language)

    assert found is not None
    assert all((found.what, found.do, found.bad, found.good))
    assert found.bad != found.good
    assert not re.search(r"{\w+}", found.what + found.do)


@pytest.mark.parametrize("code", [code for code in codes() if code[0] in "YJSRCK" and code not in COMMANDS])
def test_examples_of_definitions_can_be_read(code: str) -> None:
    """A good example is sound YAML, and so is a bad one whose fault is not in its writing."""
    found = explanation(code)
    assert found is not None
    texts = [found.good] if code.startswith("Y") else [found.bad, found.good]

    for text in texts:
        assert parse_yaml(text.encode(), code)[1] == [], text


# Examples that tell of a file which no line of YAML can be: too large, too deep, in another encoding.
DESCRIBED = {"Y02", "Y03", "Y04", "Y06", "Y14", "Y17"}


@pytest.mark.parametrize("code", sorted({code for code in codes() if code[0] == "Y"} - DESCRIBED))
def test_bad_examples_of_writing_are_refused_as_they_say(code: str) -> None:
    """What `explain` shows as bad is told by the very code that it explains."""
    found = explanation(code)
    assert found is not None

    assert [each.code for each in parse_yaml(found.bad.encode(), code)[1]] == [code]


@pytest.mark.parametrize("code", codes())
def test_examples_of_commands_can_be_typed(code: str) -> None:
    """What an example tells to type is a command with the options that it has."""
    found = explanation(code)
    assert found is not None
    for line in found.good.splitlines():
        if line.startswith("nastavnik "):
            words = shlex.split(line.replace("--workspace school ", ""), comments=True)[1:]
            cli.app.parse_args(words, exit_on_error=False, print_error=False)


def test_a_bundle_reads_the_same_without_the_folder() -> None:
    """The bundle that is stored with a programme is complete by itself and keeps its digest."""
    reading = reader.read_folder(TARGET)
    again = reader.read(dict(reading.bundle))

    assert reading.methodology is not None
    assert again.methodology is not None
    assert again.methodology.digest == reading.methodology.digest
    assert "artefacts/common.schema.json" in reading.bundle


def test_the_digest_changes_with_any_file() -> None:
    """A pin is a pin: one letter in a survey is another definition."""
    content = reader.collect(TARGET)
    before = reader.read(content).or_refuse().digest
    content["surveys/final.yaml"] = content["surveys/final.yaml"].replace(b"version: 1", b"version: 2", 1)

    assert reader.read(content).or_refuse().digest != before


def test_the_language_is_complete_in_its_schemas() -> None:
    """What is not built yet is refused as unknown, not ignored."""
    content = reader.collect(SMALL)
    start = content["stages/start.yaml"].decode()
    for line in ("renames: {a: b}\n",):
        content["stages/start.yaml"] = (start + line).encode()
        found = reader.read(content).problems

        assert [each.code for each in found] == ["S01"]
