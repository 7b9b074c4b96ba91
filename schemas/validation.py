"""JSON Schema 2020-12 in our own profile: read with local `$ref` inlined, validated, told as Problems.

What the profile is stands in `profile`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from schemas import validators
from schemas.messages import LAYOUT, LOOKALIKES, hint, said
from schemas.problems import Location, Problem, problem
from schemas.sources import Pointer, Source

Schema = Mapping[str, Any]
SHIPPED = Path(__file__).parent

MAX_NODES = 20_000

_BY_NAME = {"properties", "patternProperties"}  # maps of schemas by names of the author's choice
_DATA = {"const", "enum", "default", "examples"}


class Placer(Protocol):
    """Tells where a value (or its key) stands in what was handed in."""

    def __call__(self, pointer: Pointer, *, key: bool = False) -> Location:
        """The place of `pointer`."""
        ...


class UnknownSchema(LookupError):
    """No file for this schema id."""


# --- reading schemas -----------------------------------------------------------------------------


@cache
def shipped(folder: str, name: str) -> Schema:
    """A schema of `schemas/<folder>/`, with every `$ref` replaced by what it points to."""
    return inline(_shipped_file(f"{folder}/{name}"), f"{folder}/{name}", _shipped_file)


@cache
def shipped_names(folder: str) -> frozenset[str]:
    """The ids of the schemas in `schemas/<folder>/`."""
    found = (SHIPPED / folder).iterdir()
    return frozenset(
        each.name.removesuffix(".schema.json") for each in found if each.name.endswith(".schema.json")
    )


@cache
def _shipped_file(name: str) -> Schema:
    # read as it is: that ours are sound is tested
    path = SHIPPED / f"{name}.schema.json"
    if not path.is_file():
        raise UnknownSchema(name)
    found: Schema = json.loads(path.read_bytes())
    return found


def inline(
    schema: Schema, name: str, lookup: Callable[[str], Schema], left: Iterator[int] | None = None
) -> Schema:
    """Replace local references; `name` is the file's path without its suffix, `lookup` reads another.

    RecursionError where the references lead in a circle or make more than MAX_NODES nodes.
    """
    root = schema
    left = iter(range(MAX_NODES)) if left is None else left
    folder = name.rpartition("/")[0]

    def walk(node: Any, depth: int, names: bool = False) -> Any:
        if isinstance(node, list):
            return [walk(each, depth + 1) for each in node]
        if not isinstance(node, dict):
            return node
        if depth > 40 or next(left, None) is None:
            raise RecursionError(name)
        if names:  # of properties, so that one of them may be called as a keyword
            return {key: walk(value, depth + 1) for key, value in node.items()}
        if "$ref" in node:
            rest = {key: value for key, value in node.items() if key != "$ref"}
            return {**target(node["$ref"]), **walk(rest, depth + 1)}
        return {
            key: walk(value, depth + 1, key in _BY_NAME)
            if isinstance(value, dict | list) and key not in _DATA
            else value
            for key, value in node.items()
            if key != "$defs"
        }

    def target(reference: str) -> Schema:
        file, _, pointer = reference.partition("#")
        where = _joined(folder, file.removesuffix(".schema.json")) if file else name
        found: Any = lookup(where) if file else root
        if pointer and not pointer.startswith("/"):
            raise KeyError(reference)  # the name of an anchor, of which the profile has none
        for part in pointer.split("/")[1:]:
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise KeyError(reference)
        if file:
            return inline({"$defs": lookup(where).get("$defs", {}), **found}, where, lookup, left)
        result: Schema = walk(found, 1)
        return result

    result: Schema = walk(schema, 0)
    return result


def _joined(folder: str, file: str) -> str:
    parts = folder.split("/") if folder else []
    for part in file.split("/"):
        if part == "..":
            if not parts:
                raise UnknownSchema(file)
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


# --- validating ----------------------------------------------------------------------------------


def violations(schema: Schema, data: Any, at: Placer, family: str = "S") -> list[Problem]:
    """Everything in `data` that breaks `schema` (already inlined).

    `family` S speaks to a methodologist and quotes values; D speaks about papers and never does.
    """
    if validators.holds(schema, data):
        return []
    return [told for error in validators.errors(schema, data) for told in _told(error, schema, at, family)]


def _told(error: Any, schema: Schema, at: Placer, family: str) -> Iterator[Problem]:
    pointer: Pointer = tuple(error.absolute_path)
    keyword, value, data = error.validator, error.validator_value, error.instance
    quoted = {"value": _short(data)} if family == "S" else {}
    field = _title(error, schema, pointer)

    def tell(number: str, place: Location, **values: object) -> Problem:
        return problem(f"{family}{number}", place, field=field, **quoted, **values)

    if keyword == "additionalProperties" and value is False:
        known = set(error.schema.get("properties", {}))
        for extra in validators.extra(error.schema, data):
            comma = data[extra] is None and " " in extra
            advice = said("nearest_comma") if comma else hint(extra, known)
            key_of, _, rest = extra.partition(":")
            if data[extra] is None and rest and key_of in known:
                advice = said("nearest_space", text=f"{key_of}: {rest}")
            yield tell("01", at((*pointer, extra), key=True), key=extra, nearest=advice)
    elif keyword == "required":
        missing = [key for key in value if key not in data]
        for key in missing if error.message.startswith(repr(missing[0])) else ():
            if family == "S" and _misspelt(key, data, error.schema):
                continue  # the key as it is written is told with its right spelling
            title = _title_at(schema, (*pointer, key)) or _title_at(error.schema, (key,)) or key
            yield tell("02", at((*pointer, key)), key=key, title=title)
    elif keyword == "type":
        yield tell("03", at(pointer), wanted=_wanted(value), advice=_type_advice(value, data))
    elif keyword in ("enum", "const"):
        allowed = [written(each) for each in (value if keyword == "enum" else [value])]
        labels = error.schema.get("x-labels", {})
        shown_values = [labels[each][0] if each in labels else each for each in allowed]
        close = hint(str(data), allowed)
        told = {"nearest", "nearest_cyrillic", "nearest_latin", "nearest_layout"}
        advice = close if close.name in told else said("advice_none")
        yield tell("04", at(pointer), allowed=shown_values, nearest=advice)
    elif keyword == "pattern":
        wrong = _pattern_advice(value, data, error.schema) if family == "S" else said("advice_none")
        named = "propertyNames" in error.absolute_schema_path  # then the data are the key itself
        yield tell("05", at((*pointer, data), key=True) if named else at(pointer), advice=wrong)
    elif keyword == "format":
        yield tell("06", at(pointer), wanted=said(f"format_{value.replace('-', '_')}"))
    elif keyword in ("minimum", "exclusiveMinimum"):
        yield tell("07", at(pointer), limit=value)
    elif keyword in ("maximum", "exclusiveMaximum"):
        yield tell("08", at(pointer), limit=value)
    elif keyword in ("minLength", "minItems", "minProperties"):
        yield tell("09", at(pointer), limit=value)
    elif keyword in ("maxLength", "maxItems", "maxProperties"):
        yield tell("10", at(pointer), limit=value)
    elif keyword == "uniqueItems":
        yield tell("11", at(pointer))
    elif keyword == "dependentRequired":
        for key, others in value.items():
            if key in data:
                missing = [each for each in others if each not in data]
                place = at((*pointer, key), key=True)
                if missing:
                    if family == "D":
                        key, *missing = [
                            _title_at(schema, (*pointer, each)) or each for each in (key, *missing)
                        ]
                    yield tell("12", place, key=key, others=missing)
    elif keyword is None:  # a `false` schema: the key may not stand here
        yield tell("13", at(pointer, key=True), key=field if family == "D" or not pointer else pointer[-1])
    else:
        yield tell("14", at(pointer), rule=keyword)


def _misspelt(key: str, data: Mapping[str, Any], schema: Schema) -> bool:
    """Whether an unknown key beside, which is told itself, is nearest to the one that is missing."""
    known = schema.get("properties", {})
    return any(hint(each, known).values.get("name") == key for each in validators.extra(schema, data))


def _title(error: Any, schema: Schema, pointer: Pointer) -> object:
    """What people call the field that holds the value; a value in a list is called as the list."""
    title = error.schema.get("title") if isinstance(error.schema, Mapping) else None
    while pointer and not isinstance(pointer[-1], str):
        pointer = pointer[:-1]
    return title or (pointer and (_title_at(schema, pointer) or pointer[-1])) or ""


def _title_at(schema: Any, pointer: Pointer) -> object:
    for part in pointer:
        inside = schema.get("properties", {}).get(part) if isinstance(part, str) else schema.get("items")
        schema = inside if isinstance(inside, Mapping) else {}
    return schema.get("title")


def _short(value: Any) -> object:
    if value is None:
        return said("type_null")
    text = written(value)
    return text if len(text) <= 60 else text[:57] + "…"


def written(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {written(each)}' for key, each in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _wanted(kind: Any) -> object:
    return [said(f"type_{each}") for each in (kind if isinstance(kind, list) else [kind])]


def _type_advice(kind: Any, data: Any) -> object:
    kinds = kind if isinstance(kind, list) else [kind]
    if "string" in kinds and isinstance(data, bool | int | float):
        return said("advice_quotes")
    if "boolean" in kinds and isinstance(data, str):
        return said("advice_boolean")
    if "array" in kinds and isinstance(data, str):
        return said("advice_list", value=_short(data))
    if isinstance(data, str) and {"integer", "number"} & set(kinds) and re.fullmatch(r"-?[0-9]+", data):
        return said("advice_unquoted", value=data)
    if "object" in kinds and isinstance(data, str | list):
        return said("advice_names" if isinstance(data, list) else "advice_keys")
    if kinds == ["string"] and isinstance(data, list):
        return said("advice_one")
    if data is None:
        return said("advice_value")
    return said("advice_none")


def _pattern_advice(pattern: str, data: Any, schema: Schema) -> object:
    text = str(data)
    for table, advice in ((LOOKALIKES, "advice_cyrillic"), (LAYOUT, "advice_layout")):
        plain = text.translate(table)
        if plain != text and re.search(pattern, plain):
            return said(advice, plain=plain)
    slim = re.sub(r"[^a-z0-9_/.]", "_", text.lower())
    if re.search(pattern, slim):
        return said("advice_instead", instead=slim)
    return (
        said("advice_example", example=schema["examples"][0])
        if schema.get("examples")
        else said("advice_none")
    )


def shape_problems(kind: str, source: Source) -> list[Problem]:
    """What breaks the JSON Schema of a kind of file."""
    try:
        schema = shipped("definition", kind)
    except UnknownSchema:
        return [
            problem(
                "R02", source.at(("dsl",)), kind=said("kind_file"), name=kind, nearest=said("advice_none")
            )
        ]
    return violations(schema, source.data, source.at)
