"""A methodology as columns, gates and edges: what every picture of it is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.model import Methodology
from schemas.stage import Checkpoint, Each, SignOff, Stage


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of a stage; `each` says for whom there is one each."""

    title: str
    required: bool
    each: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: who signs in turn, and the titles of its ways back, each with the stages that it leads to."""

    id: str
    title: str
    each: str
    signers: tuple[str, ...]
    returns: tuple[tuple[str, tuple[int, ...]], ...]
    state: str = ""
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A stage."""

    id: str
    number: int
    title: str
    papers: tuple[Paper, ...]
    gates: tuple[Gate, ...]
    state: str = ""
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From one column to another, by their places; `labels` are the papers or the ways back."""

    start: int
    end: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The whole picture; `school` and `year` where it shows the state of a programme."""

    title: str
    columns: tuple[Column, ...]
    forward: tuple[Edge, ...]
    back: tuple[Edge, ...]
    school: str = ""
    year: str = ""


def diagram(methodology: Methodology, status: Mapping[str, Any] | None = None) -> Diagram:
    """The picture of a methodology; with the `status/v1` of a programme, coloured by it."""
    stages = list(methodology.stages.values())
    states = {each["id"]: each for each in status["stages"]} if status else {}
    places = {stage.id: place for place, stage in enumerate(stages)}
    forward = _edges(
        places, [(other, stage.id, label) for stage in stages for other, label in _needed(methodology, stage)]
    )
    back = _edges(
        places, [(stage.id, other, label) for stage in stages for other, label in _sent_back(stage)]
    )
    return Diagram(
        title=f"{methodology.title} {methodology.version}",
        columns=tuple(_column(methodology, stage, states.get(stage.id, {})) for stage in stages),
        forward=forward,
        back=back,
        school=status["school"] if status else "",
        year=status["year"] if status else "",
    )


def _column(methodology: Methodology, stage: Stage, state: Mapping[str, Any]) -> Column:
    papers = state.get("artefacts", {})
    gates = state.get("checkpoints", {})
    return Column(
        stage.id,
        stage.number,
        stage.title,
        tuple(
            Paper(
                spec.title,
                spec.required,
                kept_for(methodology, spec.each),
                papers.get(spec.id, {}).get("state", ""),
            )
            for spec in stage.artefacts.values()
        ),
        tuple(_gate(methodology, gate, gates.get(gate.id, {})) for gate in stage.checkpoints.values()),
        state.get("state", ""),
        f"{state['passed']} / {state['of']}" if state.get("of") else "",
    )


def _gate(methodology: Methodology, gate: Checkpoint, state: Mapping[str, Any]) -> Gate:
    counts = dict(state.get("counts", {}))
    gone = counts.pop("ended", 0) + counts.pop("rejected", 0)
    return Gate(
        gate.id,
        gate.title,
        _register(methodology, gate.register),
        tuple(methodology.roles[each.role].title for each in in_turn(gate)),
        tuple(
            (
                choice.title,
                tuple(methodology.stages[name].number for name in _elsewhere(gate.stage, choice.reopen)),
            )
            for choice in gate.on_return.values()
        ),
        state.get("state", ""),
        f"{counts.get('approved', 0)} / {sum(counts.values())}" if counts or gone else "",
    )


def in_turn(gate: Checkpoint) -> list[SignOff]:
    """The signatures of a gate, those that wait for others after them."""
    left, found = dict(gate.sign_off), dict[str, SignOff]()
    while left:
        ready = [name for name, each in left.items() if not set(each.after) & left.keys()]
        for name in ready or list(left):
            found[name] = left.pop(name)
    return list(found.values())


def kept_for(methodology: Methodology, each: Each | None) -> str:
    """For whom there is one paper each: the title of a register, or the list in a paper."""
    if each is None:
        return ""
    return _register(methodology, each.register) or ".".join((each.need or "", *each.items))


def _register(methodology: Methodology, name: str | None) -> str:
    return methodology.registers[name].title if name else ""


def _edges(places: Mapping[str, int], ends: Iterable[tuple[str, str, str]]) -> tuple[Edge, ...]:
    """One edge for each pair of different stages, with all that goes along it."""
    labels: dict[tuple[int, int], dict[str, None]] = {}
    for start, end, label in ends:
        if start != end:
            labels.setdefault((places[start], places[end]), {}).setdefault(label)
    return tuple(
        Edge(start, end, tuple(each for each in found if each))
        for (start, end), found in sorted(labels.items())
    )


def _needed(methodology: Methodology, stage: Stage) -> Iterator[tuple[str, str]]:
    """The stages that one is made from, with the title of what is passed on."""
    for need in stage.needs.values():
        if not need.optional:
            yield need.artefact.split("/")[0], methodology.artefact(need.artefact).title
            if need.passed:
                yield need.passed.split("/")[0], methodology.checkpoint(need.passed).title
    for entry in stage.enter:
        if entry.all_passed:
            yield entry.all_passed.split("/")[0], methodology.checkpoint(entry.all_passed).title
    for name in stage.after:
        yield name, ""


def _sent_back(stage: Stage) -> Iterator[tuple[str, str]]:
    """The stages whose work one may open again, with the title of the way."""
    for gate in stage.checkpoints.values():
        for choice in gate.on_return.values():
            for name in _elsewhere(stage.id, choice.reopen):
                yield name, choice.title
    for task in stage.tasks.values():
        for name in _elsewhere(stage.id, task.then.reopen):
            yield name, task.title


def _elsewhere(stage: str, paths: tuple[str, ...]) -> list[str]:
    names = dict.fromkeys(path.split("/")[0] for path in paths)
    return [name for name in names if name != stage]
