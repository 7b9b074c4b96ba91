"""Who waits for whom: every work can begin, every gate can be reached, every return leads somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from schemas.conditions import Condition
from schemas.problems import Problem, problem
from schemas.rules.graph import find_cycle
from schemas.rules.sources import Data, Sources, level_of
from schemas.sources import Pointer

Node = tuple[str, str, str]  # kind (task or checkpoint), stage, name
Wait = tuple[str, Pointer]  # what is waited for (STAGE/NAME of a paper or gate), and where it says so


def waiting_problems(sources: Sources) -> Iterator[Problem]:
    """What waits for ever: for a paper that nothing makes, or for each other in a circle."""
    yield from Waiting(sources).problems()


class Waiting:
    """The graph of tasks and gates; an edge leads to what must be there before."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.writers: dict[str, tuple[str, Data]] = {}
        for stage, source in sources.stages.items():
            for name, task in source.data.get("tasks", {}).items():
                self.writers.setdefault(f"{stage}/{task.get('writes')}", (name, task))
        self.edges: dict[Node, dict[Node, Pointer]] = {}
        self.help: dict[
            Node, list[Node]
        ] = {}  # a prefilled form is made from its proposal, but can do without
        self.lost: list[tuple[str, Pointer, str]] = []
        for stage in sources.stages:
            self._stage(stage)

    def problems(self) -> Iterator[Problem]:
        """Every problem of waiting."""
        for stage, pointer, path in self.lost:
            shown = path.removeprefix(f"{stage}/")
            yield problem("R41", self.sources.stages[stage].at(pointer), name=shown)
        yield from self._asked_of_nobody()
        if not (self._told_already() or self.sources.broken):
            yield from self._circle()
            yield from self._idle_returns()

    # --- the graph ---------------------------------------------------------------------------

    def _stage(self, stage: str) -> None:
        data = self.sources.stages[stage].data
        artefacts, tasks = data.get("artefacts", {}), data.get("tasks", {})
        opening = list(self._opening(stage, data))
        for name, task in tasks.items():
            here: Pointer = ("tasks", name)
            node: Node = ("task", stage, name)
            edges = self.edges.setdefault(node, {})
            self._add(stage, edges, opening)
            for index, other in enumerate(task.get("after", [])):
                if other in tasks:
                    edges.setdefault(("task", stage, other), (*here, "after", index))
            reads = [
                (f"{stage}/{read}", (*here, "reads", index))
                for index, read in enumerate(task.get("reads", []))
                if read in artefacts and not self._is_table(f"{stage}/{read}")
            ]
            self._add(stage, edges, reads)
            if "when" in task:
                self._add(stage, edges, self._named(stage, (*here, "when"), task["when"]))
            each = artefacts.get(task.get("writes"), {}).get("each")
            if isinstance(each, Mapping) and "where" in each:
                at = ("artefacts", task["writes"], "each", "where")
                self._add(stage, edges, self._named(stage, at, each["where"]))
            if "prefill" in task:
                self.help[node] = list(self._nodes(f"{stage}/{task['prefill']}"))
        for name, gate in data.get("checkpoints", {}).items():
            edges = self.edges.setdefault(("checkpoint", stage, name), {})
            for key, requirement in gate["requires"].items():
                at = ("checkpoints", name, "requires", key)
                self._add(stage, edges, self._required(stage, at, key, requirement))

    def _opening(self, stage: str, data: Data) -> Iterator[Wait]:
        for name, need in data.get("needs", {}).items():
            spec = self.sources.artefact(need["artefact"])
            if spec and not need.get("optional") and spec.get("belongs_to") != "school":
                yield need["artefact"], ("needs", name, "artefact")
                if need.get("is") == "approved":
                    yield from ((gate, ("needs", name, "is")) for gate in self._covering(need["artefact"]))
            if "passed" in need:
                yield need["passed"], ("needs", name, "passed")
        for name, entry in data.get("enter", {}).items():
            if "all_passed" in entry:
                yield entry["all_passed"], ("enter", name, "all_passed")
            elif entry.get("blocks", True):
                yield from self._named(stage, ("enter", name, "check"), entry["check"])

    def _required(self, stage: str, at: Pointer, key: str, requirement: object) -> Iterator[Wait]:
        level = level_of(requirement)
        path = f"{stage}/{key}"
        if level:
            yield path, at
            spec = self.sources.artefact(path) or {}
            for name, check in spec.get("checks", {}).items():
                if check.get("blocks", True):
                    here = ("artefacts", key, "checks", name, "check")
                    yield from (each for each in self._named(stage, here, check["check"]) if each[0] != path)
            if level == "approved":
                yield from ((gate, at) for gate in self._covering(path))
        elif isinstance(requirement, Mapping) and "all_passed" in requirement:
            yield requirement["all_passed"], (*at, "all_passed")
        elif isinstance(requirement, Mapping):
            yield from self._named(stage, (*at, "check"), requirement["check"])

    def _named(self, stage: str, at: Pointer, text: str) -> Iterator[Wait]:
        artefacts = self.sources.stages[stage].data.get("artefacts", {})
        for name in sorted(Condition.of(text).names):
            if name in artefacts:
                yield f"{stage}/{name}", at

    def _covering(self, path: str) -> list[str]:
        stage, _, name = path.partition("/")
        source = self.sources.stages.get(stage)
        gates = source.data.get("checkpoints", {}) if source else {}
        return [
            f"{stage}/{key}" for key, gate in gates.items() if level_of(gate["requires"].get(name)) == "valid"
        ]

    def _nodes(self, path: str) -> Iterator[Node]:
        stage, _, name = path.partition("/")
        source = self.sources.stages.get(stage)
        if path in self.writers:
            yield "task", stage, self.writers[path][0]
        elif source and name in source.data.get("checkpoints", {}):
            yield "checkpoint", stage, name

    def _add(self, stage: str, edges: dict[Node, Pointer], waits: Iterable[Wait]) -> None:
        for path, pointer in waits:
            nodes = list(self._nodes(path))
            for node in nodes:
                edges.setdefault(node, pointer)
            if not nodes and self.sources.artefact(path) and not self._required_somewhere(path):
                self.lost.append((stage, pointer, path))

    def _required_somewhere(self, path: str) -> bool:
        """Whether R05 tells already that nothing makes it."""
        stage, _, name = path.partition("/")
        data = self.sources.stages[stage].data
        asked = any(name in gate["requires"] for gate in data.get("checkpoints", {}).values())
        return bool(asked or data["artefacts"][name].get("required"))

    def _is_table(self, path: str) -> bool:
        return any(each["rows"] == path for each in self.sources.methodology.data["registers"].values())

    # --- what is wrong with it ---------------------------------------------------------------

    def _told_already(self) -> bool:
        """Whether a circle of stages or of `after` is there: R07 tells it in fewer words."""
        after = {
            f"{stage}/{name}": [f"{stage}/{each}" for each in task.get("after", [])]
            for stage, source in self.sources.stages.items()
            for name, task in source.data.get("tasks", {}).items()
        }
        stages: dict[str, list[str]] = {}
        for stage, source in self.sources.stages.items():
            stages[stage] = [*source.data.get("after", [])]
            for need in source.data.get("needs", {}).values():
                spec = self.sources.artefact(need["artefact"])
                if not need.get("optional") and not (spec and spec.get("belongs_to") == "school"):
                    stages[stage].append(need["artefact"].split("/")[0])
        return bool(find_cycle(after) or find_cycle(stages))

    def _circle(self) -> Iterator[Problem]:
        names = {self._name(node): node for node in self.edges}
        cycle = find_cycle(
            {self._name(node): [self._name(each) for each in edges] for node, edges in self.edges.items()}
        )
        if cycle:
            first, second = names[cycle[0]], names[cycle[1]]
            place = self.sources.stages[first[1]].at(self.edges[first][second])
            shown = [f"{names[each][1]}/{names[each][2]}" for each in cycle]
            yield problem("R40", place, cycle=" → ".join(shown))

    @staticmethod
    def _name(node: Node) -> str:
        return " ".join(node)

    def _asked_of_nobody(self) -> Iterator[Problem]:
        for stage, source in self.sources.stages.items():
            for name, gate in source.data.get("checkpoints", {}).items():
                for key, requirement in gate["requires"].items():
                    writer = self.writers.get(f"{stage}/{key}")
                    if level_of(requirement) and writer and writer[1].get("on_request"):
                        at = source.at(("checkpoints", name, "requires", key), key=True)
                        yield problem("R42", at, name=key, task=writer[0])

    def _idle_returns(self) -> Iterator[Problem]:
        for stage, source in self.sources.stages.items():
            for name, gate in source.data.get("checkpoints", {}).items():
                before = self._before(("checkpoint", stage, name))
                for key, choice in gate.get("on_return", {}).items():
                    for index, path in enumerate(choice["reopen"]):
                        other, _, task = path.rpartition("/")
                        node: Node = ("task", other or stage, task)
                        if node in self.edges and node not in before:
                            at = ("checkpoints", name, "on_return", key, "reopen", index)
                            yield problem("R57", source.at(at), task=path, gate=name)

    def _before(self, node: Node) -> set[Node]:
        found: set[Node] = set()
        left = [node]
        while left:
            here = left.pop()
            if here not in found:
                found.add(here)
                left.extend((*self.edges.get(here, ()), *self.help.get(here, ())))
        return found
