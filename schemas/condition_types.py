"""Conditions at check time: compiled against message types that are built from the JSON Schemas of artefacts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2, wrappers_pb2

from schemas.conditions import Condition, functions

_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A condition that does not compile: line and column (from 1) within its text, and CEL's words."""

    line: int
    column: int
    kind: str
    detail: str


class Types:
    """Message types of artefacts, made from their JSON Schemas, and conditions compiled against them."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._file = descriptor_pb2.FileDescriptorProto(
            name="artefacts.proto", package="art", syntax="proto3"
        )
        self._file.dependency.extend(["google/protobuf/wrappers.proto", "google/protobuf/struct.proto"])
        self._messages: dict[str, str] = {}
        self._pool: Any = None
        self._envs: dict[tuple[tuple[str, str], ...], Any] = {}

    def artefact(self, schema_id: str) -> str:
        """The type of an artefact's document."""
        if schema_id not in self._messages:
            self._messages[schema_id] = "art." + _camel(schema_id)
            self._message(_camel(schema_id), self._schemas[schema_id])
        return self._messages[schema_id]

    def row(self, schema_id: str) -> str:
        """The type of a row of a table artefact; an artefact without rows is its own row."""
        own = self.artefact(schema_id)
        rows = self._schemas[schema_id].get("properties", {}).get("rows")
        return f"{own}_Rows" if rows else own

    def record(self, name: str, fields: Mapping[str, str]) -> str:
        """A type of scalar fields, such as a stage's params."""
        types = {"integer": "integer", "number": "number", "boolean": "boolean"}
        schema = {"properties": {key: {"type": types.get(kind, "string")} for key, kind in fields.items()}}
        self._message(_camel(name), schema)
        return "art." + _camel(name)

    def check(self, condition: Condition, names: Mapping[str, str]) -> Mistyped | None:
        """The first thing that is wrong with a condition, or None; `names` maps names to types."""
        env = self._env(names)
        try:
            compiled = env.compile(condition.text)
        except RuntimeError as error:
            return _type_error(str(error))
        kind = compiled.return_type()
        if kind not in (cel.Type.BOOL, cel.Type.DYN):
            return Mistyped(1, 1, "C03", kind.name())
        return None

    def _env(self, names: Mapping[str, str]) -> Any:
        key = tuple(sorted(names.items()))
        if key not in self._envs:
            if self._pool is None:
                self._pool = _pool_of(self._file)
            variables = {name: _cel_type(kind) for name, kind in names.items()}
            self._envs[key] = cel.NewEnv(
                descriptor_pool=self._pool, variables=variables, functions=functions(typed=True)
            )
        return self._envs[key]

    def _message(self, name: str, schema: Schema) -> None:
        message = self._file.message_type.add(name=name)
        for number, (key, value) in enumerate(schema.get("properties", {}).items(), start=1):
            if key.isidentifier():
                self._field(message, name, key, number, value)

    def _field(self, message: Any, owner: str, key: str, number: int, schema: Schema) -> None:
        field_of = descriptor_pb2.FieldDescriptorProto
        new = message.field.add(name=key, number=number, label=field_of.LABEL_OPTIONAL)
        kind, nullable = _kind(schema)
        if kind == "array":
            new.label = field_of.LABEL_REPEATED
            schema = schema.get("items", {})
            kind, nullable = _kind(schema)[0], False
            if kind == "array":  # a list of lists has no proto type: any value
                kind = "any"
        if kind == "object" and schema.get("properties"):
            inner = f"{owner}_{_camel(key)}"
            new.type, new.type_name = field_of.TYPE_MESSAGE, f".art.{inner}"
            self._message(inner, schema)
        elif kind in ("object", "any"):
            struct = "Struct" if kind == "object" else "Value"
            new.type, new.type_name = field_of.TYPE_MESSAGE, f".google.protobuf.{struct}"
        elif nullable:
            new.type, new.type_name = field_of.TYPE_MESSAGE, f".google.protobuf.{_WRAPPERS[kind]}"
        else:
            new.type = getattr(field_of, _SCALARS[kind])


_SCALARS = {
    "string": "TYPE_STRING",
    "integer": "TYPE_INT64",
    "number": "TYPE_DOUBLE",
    "boolean": "TYPE_BOOL",
}
_WRAPPERS = {
    "string": "StringValue",
    "integer": "Int64Value",
    "number": "DoubleValue",
    "boolean": "BoolValue",
}


def _kind(schema: Schema) -> tuple[str, bool]:
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [each for each in kind if each != "null"]
        return (rest[0] if len(rest) == 1 else "any"), "null" in kind
    if kind is None:
        values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
        return ("string" if values and all(isinstance(each, str) for each in values) else "any"), False
    return str(kind), False


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]", name))


def _pool_of(file: Any) -> Any:
    pool = descriptor_pool.DescriptorPool()
    for module in (wrappers_pb2, struct_pb2):
        copy = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(copy)
        pool.Add(copy)
    pool.Add(file)
    return pool


def _cel_type(kind: str) -> Any:
    if kind.startswith("list:"):
        return cel.Type.List(_cel_type(kind.removeprefix("list:")))
    return {"string": cel.Type.STRING, "dyn": cel.Type.DYN}.get(kind) or cel.Type(kind)


def _type_error(text: str) -> Mistyped:
    found = _PLACE.search(text)
    if not found:
        return Mistyped(1, 1, "C01", text.split("\n")[0][:200])
    line, column, words = int(found.group(1)), int(found.group(2)), found.group(3)
    if name := re.search(r"undeclared reference to '([^']+)'", words):
        before = name.group(1).rpartition(".")[0]  # CEL points at the dot behind an unknown name
        return Mistyped(line, column - len(before), "C02", name.group(1))
    if name := re.search(r"undefined field '([^']+)'", words):
        return Mistyped(line, column, "C04", name.group(1))
    if name := re.search(r"found no matching overload for '([^']+)' applied to '([^']+)'", words):
        operator = name.group(1).strip("_").replace("_", "")
        return Mistyped(line, column, "C08", f"{operator} {name.group(2)}".replace("art.", ""))
    return Mistyped(line, column, "C01", words.removeprefix("Syntax error: "))
