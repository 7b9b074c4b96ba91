"""definitions/README.md says what is true: its lesson and recipes are gone through, its tables come from the code."""

from __future__ import annotations

import re

import pytest
from guide import GUIDE, PARTS, written


@pytest.mark.slow
def test_who_does_what_the_guide_says_gets_the_answers_that_stand_there() -> None:
    """Where this fails, `python -m tests.guide` writes them anew."""
    text = GUIDE.read_text("utf-8")

    assert written(text) == text


def test_nothing_in_the_guide_is_shown_and_not_run() -> None:
    """Each block is saved, changed or run; only the one that explains what YAML is stands for itself."""
    found = [part for part in PARTS.finditer(GUIDE.read_text("utf-8")) if part["kind"]]
    idle = [part["body"] for part in found if part["kind"] not in ("console", "diff") and not part["file"]]

    assert len(idle) == 1
    assert re.search("решётки", idle[0])
    assert len(found) == GUIDE.read_text("utf-8").count("\n```") // 2
