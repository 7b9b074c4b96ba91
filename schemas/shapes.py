"""The shape of a definition: each part against its JSON Schema, params put in place and texts in one language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas import parameters, texts
from schemas.layers import Layered, apart
from schemas.problems import Problem
from schemas.sources import Pointer, Source
from schemas.validation import shape_problems


def part_problems(kind: str, source: Source, own: str) -> list[Problem]:
    """What is wrong with the shape of a file, its params put in place and its texts in the methodology's language."""
    if source.plain and not (found := shape_problems(kind, source)):
        return found
    whole, unresolved = parameters.resolved(kind, source)
    said, unsaid = texts.spoken(kind, whole, own)
    return [*unresolved, *unsaid, *parameters.named(said, shape_problems(kind, said))]


def broken_parts(
    document: Layered, touched: Iterable[Pointer] | None = None
) -> Iterator[tuple[str, list[Problem]]]:
    """The stages and surveys of a whole document, and `""` for the rest, that have not their shape, with why.

    Only those are looked at that lie around `touched` places, where these are given.
    """
    method, stages, surveys = apart(document)
    own = texts.language_of(method)
    names = None if touched is None else {path[1] for path in touched if len(path) > 1}
    for kind, parts in (("stage", stages), ("survey", surveys)):
        for name, part in parts.items():
            if (names is None or name in names) and (found := part_problems(kind, part, own)):
                yield name, found
    if found := part_problems("methodology", method, own):
        yield "", found


def is_sound(document: Layered) -> bool:
    """Whether a document has the shape of a definition at all."""
    maps = [document.data.get("stages"), document.data.get("surveys", {})]
    return all(isinstance(each, Mapping) for each in maps) and not any(broken_parts(document))
