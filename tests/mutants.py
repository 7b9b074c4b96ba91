"""Mutants of definitions, and what an accepted one must still say: a second reading and what was built of it."""

from __future__ import annotations

import copy
import dataclasses
import io
import random
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import ruamel.yaml
import yaml

from schemas.conditions import Condition
from schemas.model import Methodology

Place = tuple[Any, ...]

PIECES = [
    ":", "- ", "? ", "?", "#", " #", "&a ", "*a", "!", "!!str ", "|", ">", "'", '"', "{", "}", "[", "]", ",", "%",
    "@", "`", "\t", "\n", "\r", "\r\n", "\n\n", "  ", "---\n", "...\n", "<<: ", "~", "null", "true", "no", "yes",
    "1", "0x1F", "0o17", "1_000", "1e3", ".5", "12:30", "2026-09-01", "{{ a }}", "${params.x}", "\u00a0", "\u2028",
    "\ufeff", "\u202e", "\x00", "\x85", "ё", "c", "с", "\U0001f600",
]  # fmt: skip


def mutant(content: bytes, chance: random.Random) -> bytes:
    """The text of a file with one to three changes of bytes, pieces of text, words or lines."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        content = chance.choice([_byte, _piece, _piece, _word, _word, _line, _line])(content, chance)
    return content


def _byte(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    put = bytes([chance.randrange(256)]) if chance.random() < 0.5 else b""
    return content[:at] + put + content[at + chance.randrange(2) :]


def _piece(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    at = chance.randrange(len(text) + 1)
    changed = text[:at] + chance.choice(PIECES) + text[at + chance.choice([0, 0, 1, 3]) :]
    return changed.encode("utf-8", "surrogateescape")


def _word(content: bytes, chance: random.Random) -> bytes:
    """A word, number or sign taken out, doubled, or replaced by another of the same file."""
    words = list(re.finditer(rb"[\w./-]+|[^\s\w]", content))
    if not words:
        return content
    one, other = chance.choice(words), chance.choice(words)
    put = chance.choice([b"", other.group(), other.group(), one.group() + b" " + one.group()])
    return content[: one.start()] + put + content[one.end() :]


def _line(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.randrange(5)
    if what == 0:
        del lines[one]
    elif what == 1:
        lines.insert(other, lines[one])
    elif what == 2:
        lines[one], lines[other] = lines[other], lines[one]
    elif what == 3:
        lines[one] = b" " * chance.randint(1, 4) + lines[one]
    else:
        lines[one] = lines[one].removeprefix(b"  ")
    return b"\n".join(lines)


# --- changes of what a file says -------------------------------------------------------------------


def places(data: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value inside, with where it stands."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*here, key), value
        yield from places(value, (*here, key))


def known(files: Mapping[str, Any]) -> dict[Any, list[Any]]:
    """Every value that the files give to a key, by the key: a changed value is likely to be allowed then."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for data in files.values():
        for path, value in places(data):
            if value not in found[name_of(path)]:
                found[name_of(path)].append(value)
    return found


def name_of(path: Place) -> Any:
    """The key that a value belongs to, of a list or of a value in it."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def otherwise(
    data: Any, schema: Mapping[str, Any], values: Mapping[Any, list[Any]], chance: random.Random
) -> tuple[Place, Any]:
    """A copy with one value changed, taken out or put in, and where."""
    data = copy.deepcopy(data)
    path, value = chance.choice(list(places(data)))
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    what = chance.randrange(8)
    if what == 0:
        del parent[path[-1]]
        return path, data
    if what in (1, 2, 3) and isinstance(parent, dict):
        allowed = schema_at(schema, path[:-1])
        new = [key for key in allowed if key not in parent]
        if new:
            key = chance.choice(new)
            parent[key] = copy.deepcopy(chance.choice(values.get(key) or made(allowed[key])))
            return (*path[:-1], key), data
    parent[path[-1]] = chance.choice([each for each in variants(value, values[name_of(path)])])
    return path, data


def variants(value: Any, others: list[Any]) -> list[Any]:
    """Other values of the same kind."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, value * 2 + 1]
    found = [copy.deepcopy(each) for each in others if type(each) is type(value) and each != value]
    if isinstance(value, str):
        found += [
            value + "х",
            re.sub("[0-9]+", lambda digits: str(int(digits.group()) + 1), value),
            value + " || true",
        ]
    if isinstance(value, list):
        found += [value[:-1], [*value, *value]]
    return [each for each in found if each != value] or [None]


def made(schema: Any) -> list[Any]:
    """Values that a schema allows for a key that no file has."""
    if not isinstance(schema, Mapping):
        return ["x"]
    if "enum" in schema or "const" in schema:
        return list(schema.get("enum", [schema.get("const")]))
    samples = {"duration": ["P3D", "PT5M"], "month-day": ["05-31"], "date": ["2026-09-01"]}
    if "format" in schema:
        return list(samples[schema["format"]])
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return [{key: made(each)[0] for key, each in schema.get("properties", {}).items()}]
    if kind == "array":
        return [[made(schema.get("items", {}))[0]]]
    return {"boolean": [True, False], "integer": [1, 2], "number": [0.5], "string": ["ruleset"]}[kind]


def schema_at(schema: Any, path: Place) -> Mapping[str, Any]:
    """The keys that may stand in the mapping at a place, each with its schema."""
    for part in path:
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(part, int):
            schema = schema.get("items")
        else:
            schema = properties(schema).get(part, schema.get("additionalProperties"))
    return properties(schema) if isinstance(schema, Mapping) else {}


def properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a schema, those under its conditions too."""
    found = {key: each for key, each in schema.get("properties", {}).items() if each is not False}
    for part in ("then", "else"):
        if isinstance(schema.get(part), Mapping):
            found = {**properties(schema[part]), **found}
    return found


# --- Word templates and schema files ---------------------------------------------------------------


def word_mutant(content: bytes, chance: random.Random) -> bytes:
    """A Word file with bytes changed, or with a part of it changed as a text."""
    if chance.random() < 0.3:
        return mutant(content, chance)
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        hit = chance.choice([name for name in names if name.startswith("word/")])
        for name in names:
            part = old.read(name)
            if name == hit and chance.random() < 0.1:
                continue
            new.writestr(name, mutant(part, chance) if name == hit else part)
    return output.getvalue()


# --- what an accepted one says ---------------------------------------------------------------------


class Unreadable(Exception):
    """The second reader can't read a text."""


def second_reading(content: bytes) -> Any:
    """The data of a YAML 1.2 text as another parser reads it; scalars by the core schema without octal and hex."""
    try:
        return _plain_node(ruamel.yaml.YAML(typ="safe", pure=True).compose(content.decode("utf-8-sig")))
    except ruamel.yaml.error.YAMLError as error:
        raise Unreadable(str(error)) from None


def _plain_node(node: Any) -> Any:
    """Data of a node."""
    if node is None:
        return None
    kind, value = str(node.tag).rpartition(":")[2], node.value
    if kind == "map":
        return {str(key.value): _plain_node(each) for key, each in value}
    if kind == "seq":
        return [_plain_node(each) for each in value]
    if kind == "null":
        return None
    if kind == "bool":
        return value.lower() == "true"
    if kind == "int" and re.fullmatch("[-+]?[0-9]+", value):
        return int(value)
    if kind == "float" or (kind == "int" and re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", value)):
        return float(value)
    return value


def plain(value: Any) -> Any:
    """What was built, as plain data to compare: without digests, raw surveys and schemas; order by id."""
    if isinstance(value, Condition):
        return value.text
    if dataclasses.is_dataclass(value):
        left_out = {"digest", "surveys", "schemas"} if isinstance(value, Methodology) else {"digest"}
        fields = [each.name for each in dataclasses.fields(value) if each.name not in left_out]
        return {name: plain(getattr(value, name)) for name in fields}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        items = [plain(each) for each in value]
        named = all(isinstance(each, dict) and "id" in each for each in items)
        return sorted(items, key=lambda each: each["id"]) if named else items
    return value


def dumped(data: Any) -> bytes:
    """Data as YAML; every text in quotes, so that none can be taken for anything else."""
    return yaml.dump(data, Dumper=_Quoting, allow_unicode=True, sort_keys=False, width=10_000).encode()


class _Quoting(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
