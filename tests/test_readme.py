"""The README says what is true: its tutorial is played, its tables are made from the code."""

from __future__ import annotations

import pytest
from readme import README, written


@pytest.mark.slow
def test_every_answer_and_table_in_the_readme_is_what_the_program_says_today() -> None:
    """Where this fails, `python -m tests.readme` writes them anew."""
    text = README.read_text("utf-8")

    assert written(text) == text
