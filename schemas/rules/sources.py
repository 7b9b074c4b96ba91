"""The files of one methodology, and what the rules look up in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.messages import unknown
from schemas.problems import Problem
from schemas.sources import Pointer, Source

Data = Mapping[str, Any]


@dataclass
class Sources:
    """The files of one methodology that have the right shape."""

    methodology: Source
    stages: dict[str, Source]
    surveys: dict[str, Source]
    documents: frozenset[str]
    schemas: dict[str, Data] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()  # stages, surveys and schema files that have problems of their own
    complete: bool = True  # whether each param must have a value
    # of the sound ones among `documents`: what problems call the file, and its content
    templates: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    calendars: Mapping[str, Source] = field(default_factory=dict)

    def artefact(self, path: str) -> Data | None:
        """The declaration of STAGE/ARTEFACT, or None."""
        stage, _, name = path.partition("/")
        source = self.stages.get(stage)
        found: Data | None = source.data.get("artefacts", {}).get(name) if source else None
        return found

    def paths(self, kind: str) -> list[str]:
        """Every STAGE/NAME of a kind: `artefacts`, `tasks` or `checkpoints`."""
        return [
            f"{stage}/{name}" for stage, source in self.stages.items() for name in source.data.get(kind, {})
        ]

    def row_schema(self, schema_id: str) -> Data | None:
        """The schema of a table's row; the schema itself where it is no table."""
        schema = self.schemas.get(schema_id)
        if schema is None:
            return None
        rows = schema.get("properties", {}).get("rows", {}).get("items")
        return rows or schema


def calendar_name(file: str) -> str:
    """What `calendar.holidays` calls a calendar, without folder and suffix."""
    return file.removeprefix("calendar/").removesuffix(".yaml")


def level_of(requirement: Any) -> str | None:
    """The state that a requirement asks of an artefact; None where it asks something else."""
    if isinstance(requirement, str):
        return requirement
    return requirement.get("is") if isinstance(requirement, Mapping) else None


def basis_problems(sources: Sources, source: Source, node: Any, pointer: Pointer) -> Iterator[Problem]:
    """Every `basis` below a node that the methodology does not declare."""
    known = sources.methodology.data.get("basis", {})
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        if key == "basis" and isinstance(value, list):
            for index, name in enumerate(value):
                if name not in known:
                    yield unknown(source.at((*pointer, key, index)), "basis", name, known)
        else:
            yield from basis_problems(sources, source, value, (*pointer, key))
