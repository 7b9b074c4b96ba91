"""The rules of one stage file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.conditions import RESERVED
from schemas.messages import unknown
from schemas.problems import Problem, problem
from schemas.rules.graph import find_cycle
from schemas.rules.sources import Data, Sources, basis_problems, level_of
from schemas.sources import Pointer, Source
from schemas.validation import shipped, shipped_names, violations


class Stage:
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
        """Every problem of the stage."""
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
        yield from basis_problems(self.sources, self.source, self.data, ())

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
            if self.sources.complete:
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
        spec = self.sources.artefact(path)
        if spec is None:
            yield unknown(
                self.source.at((*here, "artefact")), "artefact", path, self.sources.paths("artefacts")
            )
            return
        if "passed" in need:
            yield from self._keyed_gate((*here, "passed"), need["passed"])
            yield from self._passed_by_others((*here, "passed"), need["passed"], path, spec)
        stages = self.method["stages"]
        number = stages.get(path.split("/")[0], {}).get("number", 0)
        of_school = spec.get("belongs_to") == "school"  # that comes from the year before
        if not (need.get("optional") or of_school) and number > stages.get(self.name, {}).get(
            "number", number
        ):
            yield problem("R58", self.source.at((*here, "artefact")), name=path, number=number)
        if need.get("is") == "approved" and not self._covered(path):
            yield problem("R09", self.source.at((*here, "is")), name=path)

    def _passed_by_others(self, pointer: Pointer, gate: str, path: str, spec: Data) -> Iterator[Problem]:
        """A gate that members of another register pass: nobody in the needed paper ever will."""
        stage, _, name = gate.partition("/")
        source = self.sources.stages.get(stage)
        passing = source.data.get("checkpoints", {}).get(name, {}).get("each") if source else None
        each = spec.get("each")
        register = each if isinstance(each, str) else (each or {}).get("register")
        tables = {entry["rows"]: key for key, entry in self.method["registers"].items()}
        kept = register or tables.get(path)
        if passing and kept and passing != kept:
            yield problem(
                "R88", self.source.at(pointer), gate=gate, passing=passing, name=path, register=kept
            )

    def _keyed_gate(self, pointer: Pointer, path: str) -> Iterator[Problem]:
        stage, _, name = path.partition("/")
        if stage in self.sources.broken:
            return
        source = self.sources.stages.get(stage)
        gate = source.data.get("checkpoints", {}).get(name) if source else None
        if gate is None:
            yield unknown(self.source.at(pointer), "checkpoint", path, self.sources.paths("checkpoints"))
        elif "each" not in gate:
            yield problem("R28", self.source.at(pointer), name=path)

    def _covered(self, path: str) -> bool:
        stage, name = path.split("/")
        source = self.sources.stages.get(stage)
        gates = source.data.get("checkpoints", {}).values() if source else []
        return any(level_of(gate["requires"].get(name)) == "valid" for gate in gates)

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
        spec = self.artefacts.get(name) or self.sources.artefact(self.needs[name]["artefact"])
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
            if register is None and "writes" in task:
                yield problem("R17", self.source.at((*here, "every"), key=True), name=task["writes"])
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
                known = [*self.tasks, *self.sources.paths("tasks")]
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
        level = level_of(value)
        if level:
            yield from self._known(here, "artefact", key, self.artefacts, key=True)
            keyed = self._register_of(key)
            both_known = {keyed, register} <= set(self.method["registers"])
            if both_known and keyed != register:
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
