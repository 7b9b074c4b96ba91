"""Commands as people mistype them: one clear answer, the right exit code, and nothing changed."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest
from workspaces import SAMPLE, Answer, Room, lived_until

CASES = Path(__file__).parent / "cases" / "commands"


def day_of(case: Path) -> str:
    return (case / "command.txt").read_text("utf-8").splitlines()[0].removeprefix("at ")


DAYS = sorted({day_of(case) for case in CASES.iterdir()})


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample school's workspace as it stood on each day that a case asks for."""
    folder = tmp_path_factory.mktemp("states")
    living = folder / "living"
    found = {}
    for day in DAYS:
        lived_until(living, day)
        found[day] = folder / day
        shutil.copytree(living, found[day])
    return found


def played(case: Path, state: Path, folder: Path) -> tuple[Answer, tuple[object, ...], tuple[object, ...]]:
    """The answer to the last command of a case, and the journal's end before and after it."""
    shutil.copytree(state, folder)
    room, (first, *lines) = Room(folder), (case / "command.txt").read_text("utf-8").splitlines()
    now = f"{first.removeprefix('at ')}T12:00:00+03:00"
    answers, heads = [], []
    for line in lines:
        heads.append(head(folder))
        words = [placed(word, case) for word in shlex.split(line)]
        answers.append(room(*words, now=now))
    assert [each.code for each in answers[:-1]] == [0] * (len(answers) - 1), answers
    return answers[-1], heads[-1], head(folder)


def placed(word: str, case: Path) -> str:
    if word.startswith("./"):
        return str(case / word[2:])
    return str(SAMPLE / word) if word.startswith("inbox/") else word


def head(folder: Path) -> tuple[object, ...]:
    """The last line of the journal, how many people are known, and what was asked for."""
    with sqlite3.connect(folder / "data" / "store.db") as database:
        last = database.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        people = database.execute("SELECT count(*) FROM person").fetchone()
    return (*last, *people)


def shown(answer: Answer, case: Path) -> str:
    """The answer as `expected.txt` holds it."""
    text = answer.err.replace(f"{case}/", "").replace(f"{os.path.relpath(case)}/", "")  # told from here on
    return f"exit {answer.code}\n{text}".strip()


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_command_that_cannot_be_done_is_answered_in_just_these_words(
    case: Path, states: dict[str, Path], tmp_path: Path
) -> None:
    """Each case folder: `command.txt` (a day, then commands), files, and `expected.txt` (exit code and words)."""
    answer, before, after = played(case, states[day_of(case)], tmp_path / "workspace")

    assert shown(answer, case) == (case / "expected.txt").read_text("utf-8").strip()
    assert before == after
