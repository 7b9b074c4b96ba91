"""Meaning across files: references, graphs, gates, dates; and conditions typed from the schemas.

Works on the checked data of the sources, so that every problem knows its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.conditions import RESERVED, Condition, Types
from schemas.messages import hint, said, unknown
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source
from schemas.validation import UnknownSchema, shipped, shipped_names, violations

Data = Mapping[str, Any]


@dataclass
class Sources:
    """The files of one methodology that have the right shape."""

    methodology: Source
    stages: dict[str, Source]
    surveys: dict[str, Source]
    documents: frozenset[str]
    schemas: dict[str, Data] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()  # stages, surveys and schema files that have problems of their own


def check(sources: Sources) -> list[Problem]:
    """Every problem of meaning."""
    found = list(_methodology(sources))
    for name, source in sources.stages.items():
        stage = _Stage(sources, name, source)
        found.extend(stage.problems())
    found.extend(_stage_cycle(sources))
    found.extend(_conditions(sources))
    return found


# --- the methodology -----------------------------------------------------------------------------


def _methodology(sources: Sources) -> Iterator[Problem]:
    source, data = sources.methodology, sources.methodology.data
    files = set(sources.stages) | sources.broken
    for name in data["stages"]:
        if name not in files:
            yield problem("R01", source.at(("stages", name), key=True), stage=name)
    for name, stage in sources.stages.items():
        if name not in data["stages"]:
            yield unknown(stage.at(("id",)), "stage", name, data["stages"])
    numbers: dict[int, str] = {}
    for name, entry in data["stages"].items():
        other = numbers.setdefault(entry["number"], name)
        if other != name:
            yield problem("R18", source.at(("stages", name, "number")), number=entry["number"], stage=other)
    for group in ("roles", "registers", "forms", "stages"):
        for name in data.get(group, {}):
            if name in RESERVED:
                yield problem("R03", source.at((group, name), key=True), name=name)
    for name, role in data["roles"].items():
        if "of" in role and role["of"] not in data["registers"]:
            yield unknown(source.at(("roles", name, "of")), "register", role["of"], data["registers"])
    for name, register in data["registers"].items():
        yield from _register(sources, name, register)
    for name, indicator in data.get("indicators", {}).items():
        for side in ("numerator", "denominator"):
            yield from _count(sources, indicator[side], ("indicators", name, side))
    for survey in (each for name, each in sources.surveys.items() if name not in sources.broken):
        if survey.data["audience"] not in data["roles"]:
            yield unknown(survey.at(("audience",)), "role", survey.data["audience"], data["roles"])
    yield from _bases(sources, source, data, ())


def _register(sources: Sources, name: str, register: Data) -> Iterator[Problem]:
    source, here = sources.methodology, ("registers", name)
    for member in register.get("members", {}):
        if member not in source.data["registers"]:
            yield unknown(
                source.at((*here, "members", member), key=True), "register", member, source.data["registers"]
            )
    spec = _artefact(sources, register["rows"])
    if spec is None:
        if register["rows"].split("/")[0] not in sources.broken:
            yield unknown(
                source.at((*here, "rows")), "artefact", register["rows"], _paths(sources, "artefacts")
            )
        return
    row = _row_schema(sources, spec["schema"])
    if row is None:
        return
    for key, field_name in [("key", register["key"]), *register.get("members", {}).items()]:
        if field_name not in row.get("properties", {}):
            at = (*here, key) if key == "key" else (*here, "members", key)
            yield unknown(source.at(at), "field", field_name, row.get("properties", {}))
    yield from _intake(sources, name, register)


def _intake(sources: Sources, name: str, register: Data) -> Iterator[Problem]:
    stage, table = register["rows"].split("/")
    for checkpoint in sources.stages[stage].data.get("checkpoints", {}).values():
        dated = any(
            each.get("document", {}).get("date") == "required" for each in checkpoint["sign_off"].values()
        )
        if "each" not in checkpoint and table in checkpoint["requires"] and dated:
            return
    yield problem("R10", sources.stages[stage].at(("artefacts", table), key=True), register=name, table=table)


def _count(sources: Sources, count: Data, here: Pointer) -> Iterator[Problem]:
    source = sources.methodology
    if "register" in count and count["register"] not in source.data["registers"]:
        yield unknown(source.at((*here, "register")), "register", count["register"], source.data["registers"])
    if "artefact" in count and count["artefact"].split("/")[0] not in sources.broken:
        spec = _artefact(sources, count["artefact"])
        if spec is None:
            yield unknown(
                source.at((*here, "artefact")), "artefact", count["artefact"], _paths(sources, "artefacts")
            )
        elif (schema := sources.schemas.get(spec["schema"])) and count.get("field") not in schema[
            "properties"
        ]:
            yield unknown(source.at((*here, "field")), "field", str(count.get("field")), schema["properties"])


def _bases(sources: Sources, source: Source, node: Any, pointer: Pointer) -> Iterator[Problem]:
    known = sources.methodology.data.get("basis", {})
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        if key == "basis" and isinstance(value, list):
            for index, name in enumerate(value):
                if name not in known:
                    yield unknown(source.at((*pointer, key, index)), "basis", name, known)
        else:
            yield from _bases(sources, source, value, (*pointer, key))


def _stage_cycle(sources: Sources) -> Iterator[Problem]:
    edges: dict[str, dict[str, Pointer]] = {}
    for name, source in sources.stages.items():
        out = edges.setdefault(name, {})
        for key, need in source.data.get("needs", {}).items():
            spec = _artefact(sources, need["artefact"])
            # what belongs to the school comes from the year before; an optional need waits for nothing
            if not need.get("optional") and not (spec and spec.get("belongs_to") == "school"):
                out.setdefault(need["artefact"].split("/")[0], ("needs", key))
        for index, other in enumerate(source.data.get("after", [])):
            out.setdefault(other, ("after", index))
    cycle = find_cycle({name: list(out) for name, out in edges.items()})
    if cycle:
        first, second = cycle[0], cycle[1]
        at = sources.stages[first].at(edges[first][second])
        yield problem("R07", at, cycle=" → ".join(cycle))


def find_cycle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """One cycle of a graph as a list that begins and ends with the same node; empty if there is none."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done or node not in edges:
            return []
        for other in edges[node]:
            if cycle := visit(other, [*path, node]):
                return cycle
        done.add(node)
        return []

    for start in sorted(edges):
        if cycle := visit(start, []):
            return cycle
    return []


def _artefact(sources: Sources, path: str) -> Data | None:
    stage, _, name = path.partition("/")
    source = sources.stages.get(stage)
    found: Data | None = source.data.get("artefacts", {}).get(name) if source else None
    return found


def _paths(sources: Sources, kind: str) -> list[str]:
    return [
        f"{stage}/{name}" for stage, source in sources.stages.items() for name in source.data.get(kind, {})
    ]


def _row_schema(sources: Sources, schema_id: str) -> Data | None:
    schema = sources.schemas.get(schema_id)
    if schema is None:
        return None
    rows = schema.get("properties", {}).get("rows", {}).get("items")
    return rows or schema


# --- one stage -----------------------------------------------------------------------------------


class _Stage:
    """The rules of one stage file."""

    def __init__(self, sources: Sources, name: str, source: Source) -> None:
        self.sources, self.name, self.source, self.data = sources, name, source, source.data
        self.method = sources.methodology.data
        self.artefacts = self.data.get("artefacts", {})
        self.tasks = self.data.get("tasks", {})
        self.needs = self.data.get("needs", {})
        self.params = self.data.get("params", {})
        self.checkpoints = self.data.get("checkpoints", {})

    def problems(self) -> Iterator[Problem]:
        yield from self._names()
        for name, param in self.params.items():
            yield from self._param(name, param)
        for name, need in self.needs.items():
            yield from self._need(name, need)
        for index, stage in enumerate(self.data.get("after", [])):
            yield from self._known(("after", index), "stage", stage, self.method["stages"])
        for name, entry in self.data.get("enter", {}).items():
            if "all_passed" in entry:
                yield from self._keyed_gate(("enter", name, "all_passed"), entry["all_passed"])
        for name, artefact in self.artefacts.items():
            yield from self._artefact(name, artefact)
        for name, task in self.tasks.items():
            yield from self._task(name, task)
        cycle = find_cycle({name: task.get("after", []) for name, task in self.tasks.items()})
        if cycle:
            yield problem("R07", self.source.at(("tasks", cycle[0], "after")), cycle=" → ".join(cycle))
        for name, checkpoint in self.checkpoints.items():
            yield from self._checkpoint(name, checkpoint)
        for index, role in enumerate(self.data.get("may_reopen", [])):
            yield from self._known(("may_reopen", index), "role", role, self.method["roles"])
        yield from _bases(self.sources, self.source, self.data, ())

    def _known(
        self, pointer: Pointer, kind: str, name: str, known: Iterable[str], *, key: bool = False
    ) -> Iterator[Problem]:
        names = list(known)
        if name not in names:
            yield unknown(self.source.at(pointer, key=key), kind, name, names)

    def _names(self) -> Iterator[Problem]:
        for group in ("params", "artefacts", "tasks", "checkpoints", "needs"):
            for name in self.data.get(group, {}):
                if name in RESERVED or (group in ("artefacts", "needs") and name in ("row", "params")):
                    yield problem("R03", self.source.at((group, name), key=True), name=name)
        for name in self.artefacts:
            if name in self.needs:
                yield problem("R04", self.source.at(("artefacts", name), key=True), name=name)

    def _param(self, name: str, param: Data) -> Iterator[Problem]:
        here = ("params", name)
        if "default" not in param:
            yield problem("R24", self.source.at(here, key=True), name=name)
            return
        value = param["default"]
        schema = {key: param[key] for key in ("type", "minimum", "maximum") if key in param}
        at = self.source
        yield from violations(
            schema, value, lambda pointer, *, key=False: at.at((*here, "default", *pointer), key=key)
        )

    def _need(self, name: str, need: Data) -> Iterator[Problem]:
        here = ("needs", name)
        path = need["artefact"]
        if path.split("/")[0] in self.sources.broken:
            return
        spec = _artefact(self.sources, path)
        if spec is None:
            yield unknown(
                self.source.at((*here, "artefact")), "artefact", path, _paths(self.sources, "artefacts")
            )
            return
        if "passed" in need:
            yield from self._keyed_gate((*here, "passed"), need["passed"])
        if need.get("is") == "approved" and not self._covered(path):
            yield problem("R09", self.source.at((*here, "is")), name=path)

    def _keyed_gate(self, pointer: Pointer, path: str) -> Iterator[Problem]:
        stage, _, name = path.partition("/")
        if stage in self.sources.broken:
            return
        source = self.sources.stages.get(stage)
        gate = source.data.get("checkpoints", {}).get(name) if source else None
        if gate is None:
            yield unknown(self.source.at(pointer), "checkpoint", path, _paths(self.sources, "checkpoints"))
        elif "each" not in gate:
            yield problem("R28", self.source.at(pointer), name=path)

    def _covered(self, path: str) -> bool:
        stage, name = path.split("/")
        source = self.sources.stages.get(stage)
        gates = source.data.get("checkpoints", {}).values() if source else []
        return any(_level(gate["requires"].get(name)) == "valid" for gate in gates)

    def _artefact(self, name: str, artefact: Data) -> Iterator[Problem]:
        here = ("artefacts", name)
        schema_id = artefact["schema"]
        schema = self.sources.schemas.get(schema_id)
        if schema is None and f"{schema_id}.schema.json" not in self.sources.broken:
            yield from self._known((*here, "schema"), "schema", schema_id, self._schema_ids())
        each = artefact.get("each")
        if isinstance(each, str):
            yield from self._known((*here, "each"), "register", each, self.method["registers"])
        elif each and "register" in each:
            yield from self._known(
                (*here, "each", "register"), "register", each["register"], self.method["registers"]
            )
        elif each:
            yield from self._list((*here, "each", "list"), each["list"])
        until = artefact.get("in_force", {}).get("until")
        if until and schema and until not in schema.get("properties", {}):
            yield unknown(
                self.source.at((*here, "in_force", "until")), "field", until, schema.get("properties", {})
            )
        writers = [key for key, task in self.tasks.items() if task.get("writes") == name]
        required = artefact.get("required") or any(
            name in gate["requires"] for gate in self.checkpoints.values()
        )
        if not writers and required:
            yield problem("R05", self.source.at(here, key=True), name=name)

    def _schema_ids(self) -> set[str]:
        return set(self.sources.schemas) | (set(shipped_names("artefacts")) - {"common"})

    def _list(self, pointer: Pointer, path: str) -> Iterator[Problem]:
        name, *fields = path.split(".")
        known = {**self.artefacts, **self.needs}
        if name not in known:
            yield unknown(self.source.at(pointer), "artefact", name, known)
            return
        spec = self.artefacts.get(name) or _artefact(self.sources, self.needs[name]["artefact"])
        schema = self.sources.schemas.get(spec["schema"]) if spec else None
        if schema and fields[0] not in schema.get("properties", {}):
            yield unknown(self.source.at(pointer), "field", fields[0], schema.get("properties", {}))

    def _task(self, name: str, task: Data) -> Iterator[Problem]:
        here = ("tasks", name)
        kinds = shipped_names("definition/uses")
        yield from self._known((*here, "uses"), "use", task["uses"], kinds)
        if task["uses"] in kinds:
            yield from self._options(name, task)
        if "who" in task:
            role = task["who"]["role"]
            yield from self._known((*here, "who", "role"), "role", role, self.method["roles"])
        elif task["uses"] == "form":
            yield problem("R23", self.source.at(here, key=True), name=name)
        for index, read in enumerate(task.get("reads", [])):
            yield from self._known(
                (*here, "reads", index), "artefact", read, {**self.artefacts, **self.needs}
            )
        for key in ("writes", "prefill"):
            if key in task:
                known = self.artefacts if key == "writes" else {**self.artefacts, **self.needs}
                yield from self._known((*here, key), "artefact", task[key], known)
        if "writes" not in task and (task["uses"] != "notice" or "every" in task):
            yield problem("S02", self.source.at(here), field=name, key="writes", title="writes", value="")
        others = [
            key
            for key, other in self.tasks.items()
            if "writes" in task and other.get("writes") == task["writes"]
        ]
        if len(others) > 1 and others[0] != name:
            yield problem("R06", self.source.at((*here, "writes")), name=task["writes"], other=others[0])
        for index, other in enumerate(task.get("after", [])):
            yield from self._known((*here, "after", index), "task", other, self.tasks)
        yield from self._reopens((*here, "then", "reopen"), task.get("then", {}).get("reopen", []))
        yield from self._consequences(name, task)

    def _consequences(self, name: str, task: Data) -> Iterator[Problem]:
        here = ("tasks", name)
        register = self._register_of(task.get("writes"))
        if "ends" in task.get("then", {}):
            ends = task["then"]["ends"]
            yield from self._known((*here, "then", "ends"), "register", ends, self.method["registers"])
            if ends in self.method["registers"] and register != ends:
                yield problem(
                    "R16", self.source.at((*here, "then", "ends")), register=ends, name=task.get("writes")
                )
        if "if_silent" in task and "due" not in task and "close" not in task.get("with", {}):
            yield problem("R15", self.source.at((*here, "if_silent"), key=True), name=name)
        if "every" in task:
            until = task["every"].get("until")
            if until:
                yield from self._known((*here, "every", "until"), "artefact", until, self.artefacts)
            if register is None:
                yield problem("R17", self.source.at((*here, "every"), key=True), name=task.get("writes"))
        if task.get("who", {}).get("of") and register is None:
            yield problem("R26", self.source.at((*here, "who", "of")), name=name)

    def _options(self, name: str, task: Data) -> Iterator[Problem]:
        here: Pointer = ("tasks", name, "with")
        source, options = self.source, task.get("with", {})
        broken = violations(
            shipped("definition", f"uses/{task['uses']}"),
            options,
            lambda pointer, *, key=False: source.at((*here, *pointer), key=key),
        )
        yield from broken
        if broken:
            return
        if "survey" in options and options["survey"] not in self.sources.broken:
            yield from self._known((*here, "survey"), "survey", options["survey"], self.sources.surveys)
            survey = self.sources.surveys.get(options["survey"])
            if survey and "wave" in options and options["wave"] not in survey.data.get("asked", []):
                yield problem(
                    "R20", source.at((*here, "wave")), survey=options["survey"], wave=options["wave"]
                )
        for index, role in enumerate([*options.get("ask", []), *options.get("to", [])]):
            at = (*here, "ask" if "ask" in options else "to", index)
            yield from self._known(at, "role", role, self.method["roles"])
        if "template" in options:
            yield from self._known(
                (*here, "template"), "document", options["template"], self.sources.documents
            )
        if "rules_of" in options:
            matching = [key for key, other in self.tasks.items() if other["uses"] == "matching"]
            yield from self._known((*here, "rules_of"), "task", options["rules_of"], matching)
        if "largest_group" in options:
            yield from self._known((*here, "largest_group"), "param", options["largest_group"], self.params)

    def _reopens(self, here: Pointer, paths: Iterable[str]) -> Iterator[Problem]:
        for index, path in enumerate(paths):
            stage, _, task = path.rpartition("/")
            if (stage or self.name) in self.sources.broken:
                continue
            source = self.sources.stages.get(stage or self.name)
            if source is None or task not in source.data.get("tasks", {}):
                known = [*self.tasks, *_paths(self.sources, "tasks")]
                yield unknown(self.source.at((*here, index)), "task", path, known)

    def _register_of(self, artefact: str | None) -> str | None:
        each = self.artefacts.get(artefact, {}).get("each") if artefact else None
        return each if isinstance(each, str) else each.get("register") if each else None

    def _checkpoint(self, name: str, gate: Data) -> Iterator[Problem]:
        here = ("checkpoints", name)
        register = gate.get("each")
        if register:
            yield from self._known((*here, "each"), "register", register, self.method["registers"])
        for key, requirement in gate["requires"].items():
            yield from self._requirement((*here, "requires", key), key, requirement, register)
        for index, shown in enumerate(gate.get("show_also", [])):
            yield from self._known((*here, "show_also", index), "artefact", shown, self.artefacts)
        yield from self._sign_offs(here, gate["sign_off"])
        for key, choice in gate.get("on_return", {}).items():
            yield from self._reopens((*here, "on_return", key, "reopen"), choice["reopen"])
        if "reject" in gate.get("verdicts", {}) and not register:
            yield problem("R11", self.source.at((*here, "verdicts", "reject"), key=True))

    def _requirement(self, here: Pointer, key: str, value: Any, register: str | None) -> Iterator[Problem]:
        level = _level(value)
        if level:
            yield from self._known(here, "artefact", key, self.artefacts, key=True)
            keyed = self._register_of(key)
            if keyed and register and keyed != register:
                yield problem("R08", self.source.at(here, key=True), name=key, register=keyed, gate=register)
            if level == "approved" and not self._covered(f"{self.name}/{key}"):
                yield problem("R09", self.source.at(here), name=key)
        elif "all_passed" in value:
            yield from self._keyed_gate((*here, "all_passed"), value["all_passed"])
        roles = value.get("waive", {}).get("who", []) if isinstance(value, Mapping) else []
        for index, role in enumerate(roles):
            yield from self._known((*here, "waive", "who", index), "role", role, self.method["roles"])

    def _sign_offs(self, here: Pointer, entries: Data) -> Iterator[Problem]:
        lasts = [key for key, entry in entries.items() if entry.get("last")]
        for key in lasts[1:]:
            yield problem("R12", self.source.at((*here, "sign_off", key, "last")), other=lasts[0])
        others = [key for key, entry in entries.items() if not entry.get("last")]
        cycle = find_cycle(
            {key: others if entry.get("last") else entry.get("after", []) for key, entry in entries.items()}
        )
        if cycle:
            place = self.source.at((*here, "sign_off", cycle[0]))
            yield problem("R07", place, cycle=" → ".join(cycle))
        for key, entry in entries.items():
            at: Pointer = (*here, "sign_off", key)
            yield from self._known((*at, "role"), "role", entry["role"], self.method["roles"])
            role = self.method["roles"].get(entry["role"], {})
            if role.get("body") and "recorded_by" not in entry:
                yield problem("R13", self.source.at(at, key=True), role=entry["role"])
            if "recorded_by" in entry:
                yield from self._known(
                    (*at, "recorded_by"), "role", entry["recorded_by"], self.method["roles"]
                )
            for index, other in enumerate(entry.get("after", [])):
                yield from self._known((*at, "after", index), "sign_off", other, entries)
            for index, actor in enumerate(entry.get("not", [])):
                yield from self._known((*at, "not", index), "task", actor.split(".")[0], self.tasks)


def _level(requirement: Any) -> str | None:
    if isinstance(requirement, str):
        return requirement
    return requirement.get("is") if isinstance(requirement, Mapping) else None


# --- conditions ----------------------------------------------------------------------------------


def _conditions(sources: Sources) -> Iterator[Problem]:
    types = Types(sources.schemas)
    contexts = _Contexts(sources, types)
    jobs: list[tuple[Source, Pointer, dict[str, str]]] = []
    for name, source in sources.stages.items():
        for pointer, register in _condition_places(source.data):
            jobs.append((source, pointer, contexts.names(name, register)))
    method = sources.methodology
    for name, form in method.data.get("forms", {}).items():
        for side in ("mentor", "mentee"):
            if form.get(side, {}).get("where"):
                jobs.append((method, ("forms", name, side, "where"), contexts.row(side)))
    for name, indicator in method.data.get("indicators", {}).items():
        for side in ("numerator", "denominator"):
            if "where" in indicator[side]:
                names = contexts.row(indicator[side].get("register", ""))
                jobs.append((method, ("indicators", name, side, "where"), names))
    for source, pointer, names in jobs:
        text = source.data
        for part in pointer:
            text = text[part]
        error = types.check(Condition.of(text), names)
        if error:
            at = source.inside(pointer, error.line, error.column)
            name = error.detail.split(".")[0]
            if error.kind == "C02":
                yield problem("C02", at, detail=name, nearest=hint(name, names))
            elif error.kind == "C03":
                yield problem("C03", at, detail=said(_CEL_TYPES[name]) if name in _CEL_TYPES else name)
            else:
                yield problem(error.kind, at, detail=error.detail)


_CEL_TYPES = {"INT": "type_integer", "DOUBLE": "type_number", "STRING": "type_string", "LIST": "type_array"}


def _condition_places(stage: Data) -> Iterator[tuple[Pointer, str | None]]:
    """Each condition of a stage with the register whose member is at hand."""
    for name, entry in stage.get("enter", {}).items():
        if "check" in entry:
            yield ("enter", name, "check"), None
    for name, artefact in stage.get("artefacts", {}).items():
        each = artefact.get("each")
        register = each if isinstance(each, str) else (each or {}).get("register")
        if isinstance(each, Mapping) and "where" in each:
            yield ("artefacts", name, "each", "where"), register
        for key in artefact.get("checks", {}):
            yield ("artefacts", name, "checks", key, "check"), register
    for name, task in stage.get("tasks", {}).items():
        if "when" in task:
            written = stage["artefacts"].get(task.get("writes"), {}).get("each")
            register = written if isinstance(written, str) else (written or {}).get("register")
            yield ("tasks", name, "when"), register
    for name, gate in stage.get("checkpoints", {}).items():
        for key, requirement in gate["requires"].items():
            if isinstance(requirement, Mapping) and "check" in requirement:
                yield ("checkpoints", name, "requires", key, "check"), gate.get("each")


class _Contexts:
    """What each name means inside a condition, by stage and register at hand."""

    def __init__(self, sources: Sources, types: Types) -> None:
        self.sources, self.types = sources, types
        self.registers = sources.methodology.data["registers"]
        self.tables = {register["rows"]: name for name, register in self.registers.items()}
        for source in sources.stages.values():
            for artefact in source.data.get("artefacts", {}).values():
                if artefact["schema"] in sources.schemas:
                    types.artefact(artefact["schema"])
        self.params = {
            name: types.record(
                f"params_{name}", {key: param["type"] for key, param in source.data.get("params", {}).items()}
            )
            for name, source in sources.stages.items()
        }

    def row(self, register: str) -> dict[str, str]:
        spec = _artefact(self.sources, self.registers.get(register, {}).get("rows", ""))
        known = spec and spec["schema"] in self.sources.schemas
        return {"row": self.types.row(spec["schema"]) if spec and known else "dyn"}

    def names(self, stage: str, register: str | None) -> dict[str, str]:
        data = self.sources.stages[stage].data
        names = {"params": self.params[stage], **(self.row(register) if register else {})}
        recurring = {task["writes"] for task in data.get("tasks", {}).values() if "every" in task}
        for name, artefact in data.get("artefacts", {}).items():
            names[name] = self._type(f"{stage}/{name}", artefact, register, name in recurring)
        for name, need in data.get("needs", {}).items():
            artefact = _artefact(self.sources, need["artefact"])
            names[name] = self._type(need["artefact"], artefact, register, recurring=False)
        return names

    def _type(self, path: str, artefact: Data | None, register: str | None, recurring: bool) -> str:
        if artefact is None or artefact["schema"] not in self.sources.schemas:
            return "dyn"  # its own problem is told already
        own = self.types.artefact(artefact["schema"])
        each = artefact.get("each")
        keyed = each if isinstance(each, str) else (each or {}).get("register")
        if register and self.tables.get(path) == register:
            return self.types.row(artefact["schema"])
        if keyed is None and not each:
            return own
        if keyed == register and not recurring:
            return own
        return f"list:{own}"


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
