"""The task kind `training`: who has completed which activities, and how many hours that makes.

Reads Moodle's report "activity completion" in both of its CSV forms: the first header cell is empty, then fields
that identify a person, then two columns for each activity, its status in the site's language and a date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.cells import plain, words


@dataclass(frozen=True, slots=True)
class Activities:
    """The activities of a course: id → title, hours, and which of them may not be missing."""

    titles: Mapping[str, str]
    hours: Mapping[str, int]
    required: frozenset[str]
    completed: frozenset[str]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Activities:
        """From the `with` of a training task; `completed` adds words of the site's language."""
        activities = options["activities"]
        return cls(
            {name: each["title"] for name, each in activities.items()},
            {name: each["hours"] for name, each in activities.items()},
            frozenset(name for name, each in activities.items() if each.get("required")),
            frozenset(plain(word) for word in options.get("completed", ())) | words("completed"),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the report: a name, a code where the site knows one, and what was completed."""

    name: str
    code: str
    record: Mapping[str, Any]


def read_completion(cells: Sequence[Sequence[Any]], activities: Activities) -> Iterator[tuple[int, Person]]:
    """Row numbers (from 0) and people of an activity-completion table; nothing where it is none."""
    wanted = {plain(title): name for name, title in activities.titles.items()}
    header, columns = _header(cells, wanted)
    if not columns:
        return
    titles, first = cells[header], min(columns.values())
    codes = [index for index, title in enumerate(titles[:first]) if plain(title) in words("code")]
    for number, row in enumerate(cells[header + 1 :], start=header + 1):
        if not any(str(cell).strip() for cell in row):
            continue
        done = [
            name for name, index in columns.items() if index < len(row) and _complete(row[index], activities)
        ]
        code = next((str(row[index]).strip() for index in codes if index < len(row)), "")
        yield number, Person(str(row[0]).strip(), code, {"completed": done, "listed": list(columns)})


def _header(cells: Sequence[Sequence[Any]], wanted: Mapping[str, str]) -> tuple[int, dict[str, int]]:
    """The row that names activities, and the column of each; Moodle writes `'` for `"`."""
    for number, titles in enumerate(cells[:20]):
        plain_titles = [plain(title).replace("'", '"') for title in titles]
        columns = {wanted[title]: index for index, title in enumerate(plain_titles) if title in wanted}
        if columns:
            return number, columns
    return 0, {}


def _complete(cell: Any, activities: Activities) -> bool:
    return plain(cell) in activities.completed


def complete(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The training records of a batch: hours, activities completed and missing, by key.

    `values` holds `options` (the task's `with`) and `collected` (key → what the report said).
    """
    activities = Activities.of(values["options"])
    found = {}
    for key, row in values["collected"].items():
        done = [name for name in activities.titles if name in row["completed"]]
        missing = [name for name in activities.titles if name not in done]
        found[key] = {
            "hours": sum(activities.hours[name] for name in done),
            "completed": done,
            "missing": missing,
            "result": "incomplete" if missing else "complete",
        }
    return found
