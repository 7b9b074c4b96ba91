"""The rules of scenarios: each step does one thing, and what it speaks of is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from schemas.messages import codes, unknown
from schemas.problems import Problem, problem
from schemas.rules.graph import find_cycle
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source

_DATA = ("data", "rows", "change")
ACTIONS: Mapping[str, frozenset[str]] = {  # what a step does, and the words that may stand beside it
    "hand": frozenset({"keys", "data", "rows", "like", "change", "by", "refused"}),
    "decide": frozenset({"keys", "as", "by", "verdict", "choice", "number", "date", "reason", "refused"}),
    "waive": frozenset({"keys", "requirement", "as", "by", "reason", "refused"}),
    "reopen": frozenset({"keys", "by", "reason", "refused"}),
    "result": frozenset({"data"}),
    "fail": frozenset(),
    "mend": frozenset(),
    "wait": frozenset(),
    "until": frozenset(),
    "expect": frozenset(),
}
STATES: Mapping[str, tuple[str, ...]] = {
    "stages": ("waiting", "active", "done", "reopened", "blocked"),
    "papers": ("missing", "draft", "valid", "approved", "stale", "withdrawn", "not_owed"),
    "tasks": ("waiting", "open", "done", "failed", "frozen", "ended", "not_owed", "on_request"),
    "gates": ("not_ready", "open", "approved", "returned", "rejected", "stale", "ended"),
}
_KINDS = {"papers": "artefacts", "tasks": "tasks", "gates": "checkpoints"}
_OF = {
    "hand": "artefacts", "decide": "checkpoints", "waive": "checkpoints", "reopen": "tasks",
    "result": "tasks", "fail": "tasks", "mend": "tasks",
}  # fmt: skip
_GIVEN = ("year", "starts", "params", "holders")
MADE_BY_THE_ENGINE = ("matching", "evaluation", "report", "notice")


def scenario_problems(sources: Sources, scenarios: Mapping[str, Source]) -> Iterator[Problem]:
    """Every problem of the scenarios of a methodology."""
    cycle = find_cycle(
        {name: [each.data["begins_with"]] for name, each in scenarios.items() if "begins_with" in each.data}
    )
    if cycle:
        yield problem("R07", scenarios[cycle[0]].at(("begins_with",)), cycle=" → ".join(cycle))
    paths = {kind: frozenset(sources.paths(kind)) for kind in ("artefacts", "tasks", "checkpoints")}
    for source in scenarios.values():
        yield from _Scenario(sources, scenarios, source, paths).problems()


class _Scenario:
    def __init__(
        self,
        sources: Sources,
        scenarios: Mapping[str, Source],
        source: Source,
        paths: Mapping[str, Collection[str]],  # by kind
    ) -> None:
        self.sources, self.scenarios, self.source, self.data = sources, scenarios, source, source.data
        self.paths = paths
        self.method = sources.methodology.data

    def problems(self) -> Iterator[Problem]:
        before = self.data.get("begins_with")
        for name in _GIVEN if before else ():
            if name in self.data:
                yield problem("X01", self.source.at((name,), key=True), key=name, scenario=before)
        if before:
            yield from self._known(("begins_with",), "scenario", before, self.scenarios)
        elif missing := [name for name in ("year", "starts") if name not in self.data]:
            yield problem("X02", self.source.at(("id",)), keys=missing)
        for stage, params in self.data.get("params", {}).items():
            yield from self._stage(("params", stage), stage)
            known = self._stage_data(stage).get("params", {})
            for name in params if stage in self.sources.stages else ():
                yield from self._known(("params", stage, name), "param", name, known, key=True)
        for role in self.data.get("holders", {}):
            yield from self._known(("holders", role), "role", role, self.method["roles"], key=True)
        for index, step in enumerate(self.data["steps"]):
            yield from self._step(("steps", index), step)

    # --- names -------------------------------------------------------------------------------

    def _known(
        self, pointer: Pointer, kind: str, name: str, known: Collection[str], *, key: bool = False
    ) -> Iterator[Problem]:
        if name not in known:
            yield unknown(self.source.at(pointer, key=key), kind, name, known)

    def _stage(self, pointer: Pointer, name: str) -> Iterator[Problem]:
        if name not in self.sources.broken:
            yield from self._known(pointer, "stage", name, self.sources.stages, key=True)

    def _stage_data(self, name: str) -> Data:
        source = self.sources.stages.get(name)
        return source.data if source else {}

    def _item(self, pointer: Pointer, kind: str, item: str, *, key: bool = False) -> Iterator[Problem]:
        """A path of a kind; a key only where members or items have one each."""
        stage, name, *rest = item.split("/")
        if stage in self.sources.broken:
            return
        path = f"{stage}/{name}"
        known = self.paths[kind]
        if path not in known:
            yield unknown(self.source.at(pointer, key=key), kind.removesuffix("s"), path, known)
        elif rest and not self._keyed(kind, stage, name):
            yield problem("X04", self.source.at(pointer, key=key), item=path, key=rest[0])

    def _keyed(self, kind: str, stage: str, name: str) -> bool:
        data = self._stage_data(stage)
        spec = data[kind][name]
        if kind == "tasks":
            spec = data.get("artefacts", {}).get(spec.get("writes"), {})
        return "each" in spec

    # --- steps -------------------------------------------------------------------------------

    def _step(self, here: Pointer, step: Data) -> Iterator[Problem]:
        does = [name for name in step if name in ACTIONS]
        if len(does) > 1:
            yield problem("X03", self.source.at((*here, does[1]), key=True), first=does[0], second=does[1])
            return
        action = does[0] if does else ""
        for name in step:
            if name not in (action, "say") and name not in ACTIONS.get(action, ()):
                at = self.source.at((*here, name), key=True)
                allowed = sorted(ACTIONS[action]) if action else sorted(ACTIONS)
                yield problem("X05", at, key=name, action=action or "say", known=allowed or "–")
        if action in _OF:
            found = list(self._item((*here, action), _OF[action], step[action]))
            yield from found
            if not found and step[action].split("/")[0] in self.sources.stages:
                yield from self._details(here, action, step)
        elif action == "expect":
            yield from self._expect((*here, "expect"), step["expect"])
        if "as" in step:
            yield from self._known((*here, "as"), "role", step["as"], self.method["roles"])
        if "refused" in step:
            yield from self._known((*here, "refused"), "code", step["refused"], codes())

    def _details(self, here: Pointer, action: str, step: Data) -> Iterator[Problem]:
        stage, name = step[action].split("/")[:2]
        data = self._stage_data(stage)
        if action == "hand":
            given = [each for each in _DATA if each in step]
            if len(given) > 1 and given != ["data", "rows"]:  # the rest of a table may stand in `data`
                at = self.source.at((*here, given[1]), key=True)
                yield problem("X03", at, first=given[0], second=given[1])
            task = next((each for each in data.get("tasks", {}).values() if each.get("writes") == name), None)
            papers = data.get("artefacts", {})
            misspelt = any(each.get("writes", name) not in papers for each in data.get("tasks", {}).values())
            if (task is None and not misspelt) or (task and task["uses"] in MADE_BY_THE_ENGINE):
                yield problem("X06", self.source.at((*here, action)), item=f"{stage}/{name}")
            registers = self.method["registers"].values()
            table = any(each["rows"] == f"{stage}/{name}" for each in registers)
            for key in ("rows", "like"):
                if key in step and not table:
                    yield problem("X07", self.source.at((*here, key), key=True), key=key)
        elif action == "decide":
            gate = data["checkpoints"][name]
            if "choice" in step and "refused" not in step:
                yield from self._known((*here, "choice"), "choice", step["choice"], gate.get("on_return", {}))
        elif action == "waive":
            wanted = step.get("requirement", "")
            known = data["checkpoints"][name]["requires"]
            if "refused" not in step:
                yield from self._known((*here, "requirement"), "requirement", wanted, known)

    # --- expectations ------------------------------------------------------------------------

    def _expect(self, here: Pointer, expect: Data) -> Iterator[Problem]:
        for name, wanted in expect.get("stages", {}).items():
            yield from self._stage((*here, "stages", name), name)
            yield from self._state((*here, "stages", name), "stages", wanted)
        for group, kind in _KINDS.items():
            for item, wanted in expect.get(group, {}).items():
                yield from self._item((*here, group, item), kind, item, key=True)
                yield from self._state((*here, group, item), group, wanted)
        for role in expect.get("asked", {}):
            yield from self._known((*here, "asked", role), "role", role, self.method["roles"], key=True)
        for name in expect.get("indicators", {}):
            known = self.method.get("indicators", {})
            yield from self._known((*here, "indicators", name), "indicator", name, known, key=True)
        for register, members in expect.get("fits", {}).items():
            at: Pointer = (*here, "fits", register)
            yield from self._known(at, "register", register, self.method["registers"], key=True)
            for key, forms in members.items():
                for index, form in enumerate(forms):
                    yield from self._known((*at, key, index), "form", form, self.method.get("forms", {}))
        for item in expect.get("warns", {}):
            if "/" in item:
                yield from self._item((*here, "warns", item), "artefacts", item, key=True)
            else:
                yield from self._stage((*here, "warns", item), item)

    def _state(self, here: Pointer, group: str, wanted: Any) -> Iterator[Problem]:
        states = STATES[group]
        if isinstance(wanted, str):
            yield from self._known(here, "state", wanted, states)
            return
        if "is" in wanted:
            yield from self._known((*here, "is"), "state", wanted["is"], states)
        for state in wanted.get("counts", {}):
            yield from self._known((*here, "counts", state), "state", state, states, key=True)
