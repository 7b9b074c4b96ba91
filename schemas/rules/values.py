"""Whether a field is of the kind that its use needs: a date that runs out, a key, a list to go through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.messages import said
from schemas.problems import Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source
from schemas.validation import violations


def value_problems(sources: Sources) -> Iterator[Problem]:
    """Every field that exists and is of no use for what it is named for."""
    method = sources.methodology
    for name, register in method.data["registers"].items():
        yield from _register(sources, name, register)
    for name, indicator in method.data.get("indicators", {}).items():
        for side in ("numerator", "denominator"):
            count = indicator[side]
            if ("register" in count) == ("artefact" in count) or ("where" in count and "artefact" in count):
                yield problem("R77", method.at(("indicators", name, side), key=True))
    for source in sources.stages.values():
        for name, param in source.data.get("params", {}).items():
            low, high = param.get("minimum"), param.get("maximum")
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield problem("R68", source.at(("params", name, "minimum")), low=low, high=high)
        for name, artefact in source.data.get("artefacts", {}).items():
            yield from _artefact(sources, source, name, artefact)
        for name, task in source.data.get("tasks", {}).items():
            yield from _task(sources, source, name, task)


def _register(sources: Sources, name: str, register: Data) -> Iterator[Problem]:
    spec = sources.artefact(register["rows"])
    row = sources.row_schema(spec["schema"]) if spec else None
    fields = row.get("properties", {}) if row else {}
    for pointer, field, wanted in [
        (("key",), register["key"], "string"),
        *((("members", each), field, "array") for each, field in register.get("members", {}).items()),
    ]:
        if field in fields and wanted not in _kinds(fields[field]):
            at = sources.methodology.at(("registers", name, *pointer))
            yield problem("R61", at, field=field, wanted=said(f"type_{wanted}"))


def _artefact(sources: Sources, source: Source, name: str, artefact: Data) -> Iterator[Problem]:
    schema = sources.schemas.get(artefact["schema"], {})
    until = artefact.get("in_force", {}).get("until")
    field = schema.get("properties", {}).get(until)
    if field is not None and field.get("format") != "date":
        at = source.at(("artefacts", name, "in_force", "until"))
        yield problem("R61", at, field=until, wanted=said("format_date"))
    each = artefact.get("each")
    if isinstance(each, Mapping) and "list" in each:
        paper, *fields = each["list"].split(".")
        artefacts, needs = source.data["artefacts"], source.data.get("needs", {})
        spec = artefacts.get(paper) or (
            sources.artefact(needs[paper]["artefact"]) if paper in needs else None
        )
        node: Data | None = sources.schemas.get(spec["schema"]) if spec else None
        for field in fields:
            node = node.get("properties", {}).get(field) if node else None
        if node is not None and not ("array" in _kinds(node) and "string" in _kinds(node.get("items", {}))):
            at = source.at(("artefacts", name, "each", "list"))
            yield problem("R61", at, field=each["list"], wanted=said("type_array"))


def _task(sources: Sources, source: Source, name: str, task: Data) -> Iterator[Problem]:
    here: Pointer = ("tasks", name)
    spec = source.data.get("artefacts", {}).get(task.get("writes"), {})
    if "if_silent" in task and task["uses"] != "survey" and not spec.get("each"):
        yield problem("R60", source.at((*here, "if_silent"), key=True), name=task.get("writes", ""))
    elif "if_silent" in task and spec.get("each"):
        schema = {
            key: value for key, value in sources.schemas.get(spec["schema"], {}).items() if key != "required"
        }
        record = (*here, "if_silent", "record")
        yield from violations(
            schema,
            task["if_silent"]["record"],
            lambda pointer, *, key=False: source.at((*record, *pointer), key=key),
        )
    options = task.get("with", {})
    size = source.data.get("params", {}).get(options.get("largest_group"), {}) if options else {}
    if size and size["type"] != "integer":
        at = source.at((*here, "with", "largest_group"))
        yield problem("R61", at, field=options["largest_group"], wanted=said("type_integer"))


def _kinds(schema: Any) -> list[str]:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind is None and isinstance(schema, Mapping) and "enum" in schema:
        return ["string"]
    return kind if isinstance(kind, list) else [kind] if kind else ["string", "array"]
