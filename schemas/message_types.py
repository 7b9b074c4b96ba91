"""Message types for conditions, built from the JSON Schemas of artefacts: what kind of thing each field is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2, wrappers_pb2

Schema = Mapping[str, Any]


class MessageTypes:
    """Message types of artefacts by their schemas; a type is told by its name."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._file = descriptor_pb2.FileDescriptorProto(
            name="artefacts.proto", package="art", syntax="proto3"
        )
        self._file.dependency.extend(["google/protobuf/wrappers.proto", "google/protobuf/struct.proto"])
        self._messages: dict[str, str] = {}
        self.objects: dict[str, Schema] = {}  # the schema that each type was made from
        self._pool: Any = None

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

    def fields(self, message: str) -> tuple[str, ...]:
        """The fields of a type by its name; none of a type that is not ours."""
        found = (each for each in self._file.message_type if f"art.{each.name}" == message)
        return tuple(field.name for each in found for field in each.field)

    @property
    def pool(self) -> Any:
        """The descriptors of all types; whatever is asked for afterwards is not in it."""
        if self._pool is None:
            self._pool = _pool_of(self._file)
        return self._pool

    def _message(self, name: str, schema: Schema) -> None:
        message = self._file.message_type.add(name=name)
        self.objects[f"art.{name}"] = schema
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
