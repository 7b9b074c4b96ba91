"""Problems are values; a Refusal carries them to the person who can mend them.

    Refusal                     exit 6   asked for something that is not allowed or not possible now
    ├── WrongUsage              exit 2   no such school, stage, artefact, command
    ├── InvalidDefinition       exit 3   the methodology has problems
    └── InvalidData             exit 4   the paper that was handed in has problems

A fault of ours is any other exception and ends with exit 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Location:
    """Where a problem stands: a line and column (from 1) of a text, or a cell of a sheet."""

    file: str = ""
    line: int = 0
    column: int = 0
    sheet: str = ""
    cell: str = ""

    def __str__(self) -> str:
        if self.cell:
            return f"{self.file}:{self.sheet}!{self.cell}" if self.sheet else f"{self.file}:{self.cell}"
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable code, its place, and the values that its message names."""

    code: str
    at: Location = NOWHERE
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def order(self) -> tuple[object, ...]:
        """The order in which problems are shown: by place, as one reads it, then by code."""
        at = self.at
        column = at.cell.rstrip("0123456789")
        row = int(at.cell.removeprefix(column) or 0)
        return at.file, at.line, at.column, at.sheet, row, len(column), column, self.code


def problem(code: str, at: Location = NOWHERE, /, **values: object) -> Problem:
    """Make a Problem; shorter to read where many are made."""
    return Problem(code, at, values)


class Refusal(Exception):
    """The root of errors that a user can mend; holds every problem found, never the first alone."""

    exit_code = 6

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        found = [problems] if isinstance(problems, Problem) else list(problems)
        self.problems = tuple(sorted(found, key=lambda each: each.order))
        super().__init__(", ".join(each.code for each in self.problems))


class WrongUsage(Refusal):
    """A name on the command line that means nothing here."""

    exit_code = 2


class InvalidDefinition(Refusal):
    """The definitions have problems."""

    exit_code = 3


class InvalidData(Refusal):
    """What was handed in has problems."""

    exit_code = 4


def refuse(code: str, at: Location = NOWHERE, /, **values: object) -> Refusal:
    """Make a Refusal of one problem, ready to raise."""
    return Refusal(Problem(code, at, values))
