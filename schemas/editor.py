"""The definition schemas as editors read them: draft-07, one file a kind, with a text beside every key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from schemas.messages import LANGUAGES, texts
from schemas.validation import Schema, shipped, shipped_names

Path = tuple[str, ...]
Part = Literal["whole", "rule", "question"]  # what a value is, more about it, or what is asked of it

DRAFT = "http://json-schema.org/draft-07/schema#"
MODELINE = "# yaml-language-server: $schema="
# Formats that editors don't know are told as patterns.
_PATTERNS = {
    "duration": "^P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?"
    "(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]+)?S)?)?$",
    "month-day": "^(02-(0[1-9]|1[0-9]|2[0-8])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))$",
}
# A text may stand by language too; one of them is chosen before our own schemas look.
_BY_LANGUAGE = {
    "type": ["string", "object"],
    "properties": {name: {"type": "string", "minLength": 1} for name in LANGUAGES},
    "minProperties": 1,
    "additionalProperties": False,
}
_MAPS = ("properties", "patternProperties")
_STEPS = {"items": "[]", "additionalProperties": "*"}
_PARTS: Mapping[str, Part] = {
    "then": "rule", "else": "rule", "if": "question", "not": "question", "propertyNames": "question",
}  # fmt: skip


def kinds() -> list[str]:
    """The kinds of file that a methodologist writes."""
    return sorted(name for name in shipped_names("definition") if "properties" in shipped("definition", name))


def schema(kind: str) -> dict[str, Any]:
    """The draft-07 schema of a kind of file, complete by itself."""
    return {"$schema": DRAFT, "title": f"Nastavnik: {kind}", **_Kind(kind).written()}


def described(kind: str, path: Path) -> str:
    """What a key means; empty where nobody has said so."""
    return str(_said(texts("keys"), kind, path) or "")


def _said(table: Mapping[str, Any], kind: str, path: Path) -> Any:
    """What a table says of a key of this kind of file, or of a key of that name anywhere."""
    own, name = table.get(kind, {}), ".".join(path[-2:] if path[-1:] == ("*",) else path[-1:])
    return own.get(".".join(path).replace(".[]", "[]")) or table["any"].get(name)


class _Kind:
    """Writes one kind of file, or the options of one kind of task."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.snippets = texts("keys")["snippets"].get(kind, {})

    def written(self) -> dict[str, Any]:
        result: dict[str, Any] = self._node(shipped("definition", self.kind), (), "whole")
        if self.kind == "stage":
            _type_options(result["properties"]["tasks"]["additionalProperties"])
        if self.kind == "overlay":
            result["properties"]["set"] = {**_patch_of_all(), **result["properties"]["set"]}
        return result

    def _node(self, node: Any, path: Path, part: Part) -> Any:
        if not isinstance(node, Mapping):
            return node
        if node.get("if") == {"type": "string"} and "else" in node:
            node = _either(node)  # editors complete what may be chosen, not what follows from a condition
        if node.get("x-text") and node.get("type") == "string":
            node = {**node, **_BY_LANGUAGE}
        result: dict[str, Any] = {}
        for key, value in node.items():
            if key in _MAPS:
                result[key] = {
                    name: self._node(each, (*path, name), "whole" if part == "rule" and _says(each) else part)
                    for name, each in value.items()
                }
            elif key in _STEPS:
                result[key] = self._node(value, (*path, _STEPS[key]), part)
            elif key in _PARTS:
                result[key] = self._node(value, path, _PARTS[key] if part != "question" else part)
            elif key in ("allOf", "anyOf"):
                result[key] = [self._node(each, path, "rule") for each in value]
            elif key == "dependentRequired":
                result["dependencies"] = value
            elif key == "format" and value in _PATTERNS:
                result["pattern"] = _PATTERNS[value]
            elif key not in ("$schema", "$id", "x-text"):
                result[key] = value
        self._text(result, path, part)
        return result

    def _text(self, result: dict[str, Any], path: Path, part: Part) -> None:
        if "enum" in result and (words := _said(texts("keys")["values"], self.kind, path)):
            result["enumDescriptions"] = [words.get(each, "") for each in result["enum"]]
        if part != "whole":
            return
        if text := described(self.kind, path):
            result["description"] = text
        if ".".join(path) in self.snippets:
            result["defaultSnippets"] = [self.snippets[".".join(path)]]


def _patch_of_all() -> dict[str, Any]:
    """What a merge patch of a whole definition may hold: the methodology with its stages and surveys inside."""
    found, stage, survey = (_patch(_Kind(kind).written()) for kind in ("methodology", "stage", "survey"))
    entry = found["properties"]["stages"]["additionalProperties"]
    entry["properties"] |= stage["properties"]
    surveys = {"additionalProperties": survey, "description": survey["description"]}
    return {**found, "properties": {**found["properties"], "surveys": surveys}}


def _patch(node: Any) -> Any:
    """The keys and choices of a schema without what must stand there: a patch says only what differs."""
    if not isinstance(node, Mapping):
        return node
    result = {
        key: node[key] for key in ("description", "enumDescriptions", "patternProperties") if key in node
    }
    if "properties" in node:
        result["properties"] = {name: _patch(each) for name, each in node["properties"].items()}
    if "additionalProperties" in node:
        result["additionalProperties"] = _patch(node["additionalProperties"])
    if "anyOf" in node:
        result["anyOf"] = [_patch(each) for each in node["anyOf"]]
    if "enum" in node:
        result["enum"] = [*node["enum"], None]  # null deletes
    return result


def _either(node: Schema) -> Schema:
    """A value that is either a text or a set of keys."""
    rest = {key: value for key, value in node.items() if key not in ("type", "if", "then", "else")}
    return {
        **rest,
        "anyOf": [{"type": "string", **node["then"]}, {"type": "object", **node["else"]}],
    }


def _says(node: Any) -> bool:
    """Whether a schema says what a value is, not only which of its values is meant."""
    return isinstance(node, Mapping) and set(node) != {"const"}


def _type_options(task: dict[str, Any]) -> None:
    """Name the kinds of task, and say for each what `with` may hold."""
    names = sorted(shipped_names("definition/uses"))
    words = texts("keys")["values"]["stage"]["tasks.*.uses"]
    uses = {key: value for key, value in task["properties"]["uses"].items() if key == "description"}
    task["properties"]["uses"] = {"enum": names, "enumDescriptions": [words[name] for name in names], **uses}
    task["allOf"] = [*task.get("allOf", ()), *(_options(name, words[name]) for name in names)]


def _options(name: str, what: str) -> Schema:
    options = {**_Kind(f"uses/{name}").written(), "description": f"{name}: {what}"}
    needed = {"required": ["with"]} if options.get("required") else {}
    return {
        "if": {"properties": {"uses": {"const": name}}, "required": ["uses"]},
        "then": {"properties": {"with": options}, **needed},
    }
