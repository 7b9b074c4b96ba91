"""The same year as a BPMN process, run by SpiffWorkflow. `python -m tests.benchmarks.spiff` prints the BPMN.

A user task for each arrival, a script task for each run of the engine, in the order that the stages give.
What is left out favours it: no conditions, no due dates, no reopening; a task repeated is written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from schemas.model import Methodology
from schemas.stage import Stage

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ElementTree.register_namespace("", BPMN)


@dataclass
class Drawing:
    """A process or subprocess being drawn: elements, and flows between them."""

    element: ElementTree.Element
    flows: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, name: str, **attributes: str) -> str:
        """An element of a kind."""
        ElementTree.SubElement(self.element, f"{{{BPMN}}}{kind}", id=name, name=name, **attributes)
        return name

    def flow(self, *names: str) -> str:
        """A chain of flows; its last element."""
        self.flows.extend(pairwise(names))
        return names[-1]

    def close(self) -> None:
        """Write the flows; a split or a join of several goes through a parallel gateway."""
        prefix = self.element.get("id")
        for side, name in dict.fromkeys((side, flow[side]) for flow in self.flows for side in (0, 1)):
            met = [flow for flow in self.flows if flow[side] == name]
            if len(met) > 1:
                gateway = self.add("parallelGateway", f"{name}_{('split', 'join')[side]}")
                self.flows = [
                    each if each not in met else (gateway, each[1]) if side == 0 else (each[0], gateway)
                    for each in self.flows
                ]
                self.flows.append((name, gateway) if side == 0 else (gateway, name))
        for number, (source, target) in enumerate(self.flows):
            attributes = {"id": f"{prefix}_{number}", "sourceRef": source, "targetRef": target}
            ElementTree.SubElement(self.element, f"{{{BPMN}}}sequenceFlow", attributes)


def drawn(methodology: Methodology, arrivals: Mapping[str, int], runs: Mapping[str, int]) -> bytes:
    """The BPMN of a year in which these arrivals and runs happened, by path of task or gate."""
    root = ElementTree.Element(f"{{{BPMN}}}definitions", targetNamespace="nastavnik")
    year = Drawing(ElementTree.SubElement(root, f"{{{BPMN}}}process", id="year", isExecutable="true"))
    year.add("startEvent", "year_start")
    year.add("endEvent", "year_end")
    preparation, mentees, mentors, *rest = methodology.stages.values()
    for stage in methodology.stages.values():
        year.add("subProcess", stage.id)
        inner = Drawing(year.element[-1])
        _stage(inner, stage, arrivals, runs)
        inner.close()
    year.flow("year_start", preparation.id)
    for side in (mentees, mentors):
        year.flow(preparation.id, side.id, rest[0].id)
    year.flow(*(stage.id for stage in rest), "year_end")
    year.close()
    ElementTree.indent(root)
    return ElementTree.tostring(root, xml_declaration=True, encoding="utf-8")


def _stage(inner: Drawing, stage: Stage, arrivals: Mapping[str, int], runs: Mapping[str, int]) -> None:
    start = inner.add("startEvent", f"{stage.id}_start")
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for task in stage.tasks.values():
        work = [("userTask", arrivals.get(task.path, 0)), ("scriptTask", min(1, runs.get(task.path, 0)))]
        if task.uses == "document":  # printed first, then signed and handed in
            work.reverse()
        names = [
            inner.add(kind, f"{stage.id}_{task.id}_{kind}_{number}")
            for kind, count in work
            for number in range(count)
        ]
        if names:
            inner.flow(*names)
            first[task.id], last[task.id] = names[0], names[-1]
    for script in inner.element.iter(f"{{{BPMN}}}scriptTask"):
        ElementTree.SubElement(script, f"{{{BPMN}}}script").text = "pass"
    for task in stage.tasks.values():
        before = [last[name] for name in task.after if name in last]
        for each in (before or [start]) if task.id in first else ():
            inner.flow(each, first[task.id])
    sources = {source for source, _ in inner.flows}
    ends = [name for name in last.values() if name not in sources]
    gates = [
        inner.add("userTask", f"{stage.id}_{gate.id}_sign_{number}")
        for gate in stage.checkpoints.values()
        for number in range(arrivals.get(gate.path, 0))
    ]
    inner.flow(*gates, inner.add("endEvent", f"{stage.id}_end"))
    for end in ends:
        inner.flow(end, gates[0])


def papers(
    methodology: Methodology, arrivals: Mapping[str, int], paper: Callable[[str], Any]
) -> dict[str, Any]:
    """What a person hands in with each user task of a year, by its name; a signature is a small paper too."""
    found: dict[str, Any] = {}
    for path, count in arrivals.items():
        stage, item = path.split("/")
        task = methodology.stages[stage].tasks.get(item)
        for number in range(count):
            name = f"{stage}_{item}_userTask_{number}" if task else f"{stage}_{item}_sign_{number}"
            found[name] = paper(f"{stage}/{task.writes}") if task else {"verdict": "approve", "by": "Д-001-1"}
    return found


def instances(count: int) -> bytes:
    """The BPMN of one user task with many parallel instances."""
    root = ElementTree.Element(f"{{{BPMN}}}definitions", targetNamespace="nastavnik")
    groups = Drawing(ElementTree.SubElement(root, f"{{{BPMN}}}process", id="groups", isExecutable="true"))
    names = {"startEvent": "begin", "userTask": "meet", "endEvent": "done"}
    groups.flow(*(groups.add(kind, name) for kind, name in names.items()))
    each = ElementTree.SubElement(groups.element[1], f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    ElementTree.SubElement(each, f"{{{BPMN}}}loopCardinality").text = str(count)
    groups.close()
    return ElementTree.tostring(root)


class Process:
    """A BPMN read once; what is done with it is done per programme."""

    def __init__(self, bpmn: bytes, name: str = "year") -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(bpmn)
        self.spec = parser.get_spec(name)
        self.subprocesses = parser.get_subprocess_specs(name)
        self.serializer = BpmnWorkflowSerializer()

    def begin(self) -> BpmnWorkflow:
        """A programme with its first tasks ready."""
        workflow = BpmnWorkflow(self.spec, self.subprocesses)
        workflow.do_engine_steps()
        return workflow

    def live(self, papers: Mapping[str, Any] | None = None, stored: str = "") -> Counter[str]:
        """Complete one ready task after the other; `stored` is "", "saved" or "restored" after each."""
        workflow = self.begin()
        done: Counter[str] = Counter()
        while (task := ready(workflow)) is not None:
            name = task.task_spec.name
            done[name] += 1
            if papers:
                task.data[name] = papers[name]
            complete(workflow, task)
            if stored:
                text = self.serializer.serialize_json(workflow)
            if stored == "restored":
                workflow = self.serializer.deserialize_json(text)
        assert workflow.completed
        return done


def ready(workflow: BpmnWorkflow) -> Any:
    """The next task that waits for a person."""
    return workflow.get_next_task(state=TaskState.READY, manual=True)


def complete(workflow: BpmnWorkflow, task: Any) -> None:
    """A person does a task; then the engine does what it can."""
    task.run()
    workflow.refresh_waiting_tasks()
    workflow.do_engine_steps()


if __name__ == "__main__":
    from tests.benchmarks.school import Year

    lived = Year()
    lived.live()
    print(drawn(lived.methodology, lived.arrivals, lived.runs).decode())
