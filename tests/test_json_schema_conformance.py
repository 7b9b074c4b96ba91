"""What JSON-Schema-Test-Suite says of draft 2020-12: within our profile its verdicts; the rest is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.problems import InvalidDefinition, Location
from schemas.profile import profile_problems
from schemas.sources import Pointer, parse_json
from schemas.validation import Schema, UnknownSchema, inline, violations

HERE = Path(__file__).parent / "conformance"
SUITE = json.loads((HERE / "json-schema-test-suite.json").read_text("utf-8"))
REFUSED = yaml.safe_load((HERE / "json-schema-refused.yaml").read_text("utf-8"))

# Where our verdict is not the suite's, each on purpose: (file, test).
OTHERWISE = {
    # the suite takes a format for a mere annotation there, and tests it in optional/format; ours are always checked
    ("format", "invalid date string is only an annotation by default"),
    ("format", "invalid date-time string is only an annotation by default"),
    ("format", "invalid duration string is only an annotation by default"),
    # moments that Python can't compute with
    ("optional/format/date-time", "a valid date-time with a leap second, UTC"),
    ("optional/format/date-time", "a valid date-time with a leap second, with minus offset"),
    ("optional/format/date-time", "case-insensitive T and Z"),
    # a length of time that leads beyond the last date there is
    ("optional/format/duration", "a component with many digits is valid"),
}


def accepted(group: dict[str, Any]) -> Schema | bool:
    """The schema of a group of tests, inlined; InvalidDefinition where it falls outside the profile."""
    source, found = parse_json(json.dumps(group["schema"]).encode(), "a.schema.json")
    if source is None or (found := profile_problems(source)):
        raise InvalidDefinition(found)
    if isinstance(source.data, bool):
        return source.data
    try:
        return inline(source.data, "artefacts/a", _no_other)
    except (LookupError, RecursionError):  # told as J04, or as an unknown schema
        raise InvalidDefinition([]) from None


def _no_other(name: str) -> Schema:
    raise UnknownSchema(name)


def _nowhere(pointer: Pointer, *, key: bool = False) -> Location:
    return Location("a.json")


def tried(file: str) -> Iterator[tuple[Schema | bool, dict[str, Any]]]:
    for group in SUITE[file]:
        try:
            schema = accepted(group)
        except InvalidDefinition:
            continue
        for test in group["tests"]:
            yield schema, test


@pytest.mark.parametrize("file", SUITE)
def test_within_the_profile_our_verdict_is_the_suites(file: str) -> None:
    for schema, test in tried(file):
        if isinstance(schema, bool):  # never the whole schema of a paper
            continue
        held = violations(schema, test["data"], _nowhere) == []
        expected = test["valid"] != ((file, test["description"]) in OTHERWISE)

        assert held == expected, f"{test['description']}: {schema} on {test['data']!r}"


@pytest.mark.parametrize("file", SUITE)
def test_what_falls_outside_the_profile_is_counted(file: str) -> None:
    outside = []
    for group in SUITE[file]:
        try:
            accepted(group)
        except InvalidDefinition:
            outside.append(len(group["tests"]))

    assert [len(outside), sum(outside)] == REFUSED.get(file, [0, 0])
