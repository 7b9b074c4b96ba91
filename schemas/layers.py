"""A definition as one document put together from several files, and RFC 7386 patches laid over it.

Each part of the document knows the file and the place that it came from, so that a problem found after merging
still points at the line that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.problems import Location
from schemas.sources import Pointer, Source


class _Absent:
    """Nothing stands there, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Layered(Source):
    """Data of several files; `origins` tells for a pointer the file it came from and its pointer there."""

    origins: Mapping[Pointer, tuple[Source, Pointer]] = field(default_factory=dict)

    def origin(self, pointer: Pointer) -> tuple[Source, Pointer]:
        """The file that a value came from, and its pointer there."""
        for length in range(len(pointer), -1, -1):
            if found := self.origins.get(pointer[:length]):
                source, inner = found
                return source, (*inner, *pointer[length:])
        return Source(self.file, self.data), pointer

    def at(self, pointer: Pointer = (), *, key: bool = False) -> Location:
        """The place of a value, or of its key, in the file that it came from."""
        source, inner = self.origin(pointer)
        return source.at(inner, key=key)

    def inside(self, pointer: Pointer, line: int, column: int) -> Location:
        """The place of a line and column (from 1) within a text value."""
        source, inner = self.origin(pointer)
        return source.inside(inner, line, column)

    def part(self, pointer: Pointer, without: frozenset[str] = frozenset()) -> Layered:
        """What stands at a pointer as a document of its own, less the keys `without`."""
        data = self.data
        for step in pointer:
            data = data[step]
        if without:
            data = {key: value for key, value in data.items() if key not in without}
        source, inner = self.origin(pointer)
        length = len(pointer)
        origins = {
            path[length:]: found
            for path, found in self.origins.items()
            if len(path) > length and path[:length] == pointer
        }
        return Layered(source.file, data, origins={(): (source, inner), **origins})


class Change(NamedTuple):
    """What a patch does at one place; `at` points into the patch."""

    path: Pointer
    before: Any
    after: Any
    at: Pointer


def merged(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7386, section 2); neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def changes(base: Any, patch: Mapping[str, Any], at: Pointer = (), path: Pointer = ()) -> Iterator[Change]:
    """What merging a patch changes, place by place; deleting what is not there is told as ABSENT → ABSENT."""
    for key, value in patch.items():
        here, there = (*path, key), (*at, key)
        before = base.get(key, ABSENT)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            yield from changes(before, value, there, here)
            continue
        after = ABSENT if value is None else merged(None, value)
        if after is ABSENT or not same(before, after):
            yield Change(here, before, after, there)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, a boolean never being a number."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def value_at(data: Any, path: Pointer) -> Any:
    """What stands at a path of maps; ABSENT where nothing does."""
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return ABSENT
        data = data[step]
    return data


def laid(base: Layered, made: Iterable[Change], source: Source) -> Layered:
    """The document with changes of `source` made in it."""
    origins, data = dict(base.origins), base.data
    for change in made:
        length = len(change.path)
        for old in [path for path in origins if len(path) > length and path[:length] == change.path]:
            del origins[old]
        origins[change.path] = (source, change.at)
        data = _put(data, change.path, change.after)
    return Layered(base.file, data, origins=origins)


def _put(data: Any, path: Pointer, value: Any) -> Any:
    key, rest = path[0], path[1:]
    result = dict(data) if isinstance(data, Mapping) else {}
    if rest:
        result[key] = _put(result.get(key), rest, value)
    elif value is ABSENT:
        result.pop(key, None)
    else:
        result[key] = value
    return result


def whole(method: Source, stages: Mapping[str, Source], surveys: Mapping[str, Source]) -> Layered:
    """One document of a methodology's files: its own keys, `stages.ID` and `surveys.ID` with theirs."""
    origins: dict[Pointer, tuple[Source, Pointer]] = {(): (method, ())}
    data = dict(method.data)
    data["stages"] = {name: dict(entry) for name, entry in data["stages"].items()}
    data["surveys"] = {name: source.data for name, source in surveys.items()}
    for name, source in stages.items():
        entry = data["stages"].get(name)
        if entry is None:  # a file that the methodology does not list: its own problem is told elsewhere
            continue
        origins[("stages", name)] = (source, ())
        origins |= {("stages", name, key): (method, ("stages", name, key)) for key in entry}
        data["stages"][name] = {**entry, **source.data}
    origins |= {("surveys", name): (source, ()) for name, source in surveys.items()}
    return Layered(method.file, data, origins=origins)


STAGE_ENTRY = frozenset({"number"})  # what `methodology.yaml` says of a stage; the rest stands in its file


def apart(document: Layered) -> tuple[Layered, dict[str, Source], dict[str, Source]]:
    """The methodology, its stages and its surveys as documents of their own again.

    What is no map is none of them, and the methodology keeps it.
    """
    stages: dict[str, Source] = {
        name: document.part(("stages", name), STAGE_ENTRY)
        for name, entry in document.data["stages"].items()
        if isinstance(entry, Mapping)
    }
    surveys: dict[str, Source] = {
        name: document.part(("surveys", name))
        for name, survey in document.data.get("surveys", {}).items()
        if isinstance(survey, Mapping)
    }
    data = {key: value for key, value in document.data.items() if key != "surveys"}
    data["stages"] = {
        name: {key: entry[key] for key in STAGE_ENTRY if key in entry} if name in stages else entry
        for name, entry in document.data["stages"].items()
    }
    return Layered(document.file, data, origins=document.origins), stages, surveys
