"""Definitions: every problem of every file at once, with its place and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from play import SMALL

from schemas import messages, reader
from schemas.messages import codes, explanation

CASES = Path(__file__).parent / "cases" / "definitions"
TARGET = Path(__file__).parent.parent / "definitions" / "target-model"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_bad_definition_is_told_in_just_these_words(case: Path) -> None:
    """Each case folder holds files laid over the small methodology, and the exact lines expected."""
    content = reader.collect(SMALL)
    for path in case.rglob("*"):
        name = path.relative_to(case).as_posix()
        if path.is_file() and name not in ("expected.txt", "removed.txt"):
            content[name] = path.read_bytes()
    for name in (case / "removed.txt").read_text().split() if (case / "removed.txt").exists() else ():
        del content[name]
    found = [messages.line(each, "ru") for each in reader.read(content).problems]

    assert "\n".join(found) == (case / "expected.txt").read_text("utf-8").strip()


def test_the_shipped_and_the_small_methodology_have_no_problems() -> None:
    """What is shipped passes its own check."""
    assert reader.read_folder(TARGET).problems == ()
    assert reader.read_folder(SMALL).problems == ()


def test_every_code_is_explained_in_both_languages() -> None:
    """`explain CODE` has words for each code, with the same placeholders."""
    for code in codes():
        russian, english = explanation(code, "ru"), explanation(code, "en")

        assert russian is not None
        assert english is not None
        assert _placeholders(russian) == _placeholders(english), code


def _placeholders(found: object) -> set[str]:
    import string

    texts = f"{found.what} {found.do}"  # type: ignore[attr-defined]
    return {name for _, name, _, _ in string.Formatter().parse(texts) if name}


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
    for line in ("overlay: {artefacts: extend}\n", "renamed: {a: b}\n"):
        content["stages/start.yaml"] = (start + line).encode()
        found = reader.read(content).problems

        assert [each.code for each in found] == ["S01"]
