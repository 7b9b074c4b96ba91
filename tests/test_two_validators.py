"""Our validator and an independent one (jsonschema-rs) judge mutated papers alike, to the path of each error.

A seeded sample runs here; `make fuzz` runs all (NASTAVNIK_TEST_FUZZ=all).
"""

from __future__ import annotations

import copy
import itertools
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from schemas import validators
from schemas.formats import FORMATS
from schemas.problems import Location
from schemas.sources import Pointer, load_yaml
from schemas.validation import Schema, shipped, shipped_names, violations

MUTANTS = 20_000 if os.environ.get("NASTAVNIK_TEST_FUZZ") == "all" else 4_000
SEED = 2026
NAMES = [f"artefacts/{name}" for name in sorted(shipped_names("artefacts") - {"common"})] + [
    f"definition/{name}" for name in ("methodology", "stage", "survey")
]
TARGET = Path(__file__).parent.parent / "definitions" / "target-model"

STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 + 1, -(2**70), 0.1, 1.0, -0.0, 1e308, [], {}, [[]], {"": None},
    "", " ", "\n", "\r", "no", "1", "1.0", "true", "null", "\u00a0", "ё", "e\u0301", "\U0001f600",
    "\u2028", "А-001-1", "A-001-1", "А-٠٠١-1", "2026-09-01", "2026-02-29", "2028-02-29", "2026-W13-2",
    "20260901", "٢٠٢٦-٠٩-٠١", "2026-09-01\n", "2026-09-01T10:00:00Z", "2026-09-01T10:00:00+03:00",
    "2026-09-01T23:59:60Z", "2026-09-01 10:00:00Z", "2026-09-01T10:00:00+25:00", "2026-09-01t10:00:00z",
    "P3D", "PT0.5S", "P", "а@б.рф", "a@@b", "https://a", "https://a\n", "a" * 3000, "0" * 64,
]  # fmt: skip


def record(schema: Schema, chance: random.Random, depth: int = 0) -> Any:
    """Data of the kind that a schema asks for, as far as its keywords say by themselves."""
    for part in ("const", "enum"):
        if part in schema:
            return schema[part] if part == "const" else chance.choice(schema[part])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = chance.choice(kind)
    if kind == "object":
        needed = set(schema.get("required", ()))
        made = {
            name: record(inner, chance, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if isinstance(inner, Mapping) and (name in needed or chance.random() < 0.7)
        }
        if isinstance(schema.get("additionalProperties"), Mapping):
            made["extra"] = record(schema["additionalProperties"], chance, depth + 1)
        return made
    if kind == "array":
        size = max(schema.get("minItems", 0), chance.randint(0, 3))
        return [record(schema.get("items", {}), chance, depth + 1) for _ in range(size)]
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return chance.randint(int(low), int(schema.get("maximum", low + 3)))
    if kind == "boolean":
        return chance.random() < 0.5
    return None if kind == "null" else text(schema, chance)


def text(schema: Schema, chance: random.Random) -> str:
    samples = {"date": "2026-09-01", "date-time": "2026-09-01T10:00:00+03:00", "duration": "P3D"}
    if "format" in schema:
        return samples.get(schema["format"], "")
    known = [
        "А-001-1",
        "Г-01",
        "base_1",
        "https://example.org/a",
        "0" * 64,
        "documents/a.docx",
        "documents/a.txt",
        "Анна",
    ]
    fitting = [each for each in known if not ours(schema, each)]
    return chance.choice(fitting or ["Текст"])


def places(data: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from places(value, (*here, key))


def mutated(data: Any, chance: random.Random) -> Any:
    """A copy with one to three changes anywhere."""
    data = copy.deepcopy(data)
    for _ in range(chance.randint(1, 3)):
        where = chance.choice(list(places(data)))
        if not where:
            if chance.random() < 0.05:
                return chance.choice(STRANGE)
            continue
        parent = data
        for key in where[:-1]:
            parent = parent[key]
        key = where[-1]
        what = chance.randrange(6)
        if what == 0:
            del parent[key]
        elif what == 1 and isinstance(parent, dict):
            parent[str(key) + chance.choice(["\n", "х", "_", " "])] = parent.pop(key)
        elif what == 2 and isinstance(parent, list):
            parent.extend(copy.deepcopy(parent[key]) for _ in range(chance.choice([1, 60])))
        elif what == 3 and isinstance(parent[key], str):
            at = chance.randint(0, len(parent[key]))
            parent[key] = (
                parent[key][:at] + chance.choice(["\n", "\r", "0", "é", "٠", " "]) + parent[key][at:]
            )
        else:
            parent[key] = copy.deepcopy(chance.choice(STRANGE))
    return data


def ours(schema: Schema, data: Any) -> set[tuple[Any, ...]]:
    return {tuple(each.absolute_path) for each in validators.errors(schema, data)}


def papers(name: str, chance: random.Random) -> tuple[Schema, list[Any]]:
    """A schema and sound data for it: made up for an artefact, what is shipped for a definition."""
    folder, _, kind = name.rpartition("/")
    schema = shipped(folder, kind)
    if folder == "artefacts":
        made = (record(schema, chance) for _ in range(2_000))
        return schema, list(itertools.islice((each for each in made if not ours(schema, each)), 40))
    files = (
        [TARGET / "methodology.yaml"] if kind == "methodology" else sorted((TARGET / f"{kind}s").iterdir())
    )
    return schema, [load_yaml(path.read_bytes(), path.name).data for path in files]


@pytest.mark.parametrize("name", NAMES)
def test_both_find_the_same_errors_in_mutants(name: str) -> None:
    """No difference at all: neither in the verdict nor in the places of the errors."""
    chance = random.Random(f"{SEED} {name}")
    schema, sound = papers(name, chance)
    assert sound
    other = jsonschema_rs.Draft202012Validator(
        schema, formats=dict(FORMATS), validate_formats=True, ignore_unknown_formats=False, offline=True
    )
    for _ in range(MUTANTS // len(NAMES) + 1):
        data = mutated(chance.choice(sound), chance)
        paths = ours(schema, data)

        # the other leaves a key without a letter out of its paths
        assert {tuple(part for part in path if part != "") for path in paths} == {
            tuple(each.instance_path) for each in other.iter_errors(data)
        }, data
        assert other.is_valid(data) == (not paths), data


@pytest.mark.parametrize("data", [{"a": 1}, {"a": "1"}, {"a\n": 1}, {"b": 1}, {"ab": 2}, {}])
def test_a_name_with_a_line_end_is_another_name(data: dict[str, Any]) -> None:
    """`$` of a pattern stands for the end of the text in both, not for the end of its last line."""
    schema = {"patternProperties": {"^a$": {"type": "integer"}}, "additionalProperties": {"maximum": 1}}
    other = jsonschema_rs.Draft202012Validator(schema)

    assert ours(schema, data) == {tuple(each.instance_path) for each in other.iter_errors(data)}


@pytest.mark.parametrize("schema", [False, {"allOf": [False]}, {"propertyNames": False}])
@pytest.mark.parametrize("family", ["S", "D"])
def test_what_may_never_stand_is_told_without_a_key_too(schema: Schema, family: str) -> None:
    told = violations({"allOf": [schema]}, {"a": 1}, _nowhere, family)

    assert [each.code for each in told] == [f"{family}13"]


def _nowhere(pointer: Pointer, *, key: bool = False) -> Location:
    return Location("a.json")
