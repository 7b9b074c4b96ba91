"""What scenarios have seen: each condition true and false, each checkpoint approved, returned and rejected."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from flows.engine.player import Player
from schemas.conditions import Condition, Verdict, watched
from schemas.model import Methodology
from schemas.sources import Pointer


class Mark(NamedTuple):
    """Something seen: a condition's or a gate's place, and how it was seen."""

    file: str
    pointer: Pointer
    seen: str


@dataclass(frozen=True)
class Wanted:
    """What is to be seen of one condition or gate, and its words."""

    file: str
    pointer: Pointer
    text: str
    ways: tuple[str, ...]

    def lacks(self, marks: Iterable[Mark]) -> list[str]:
        """The ways in which it was not seen."""
        return [way for way in self.ways if Mark(self.file, self.pointer, way) not in marks]


def conditions_of(methodology: Methodology) -> Iterator[tuple[str, Pointer, Condition]]:
    """Each condition with its file and its place in it."""
    for form in methodology.forms.values():
        for side, portrait in form.portraits.items():
            yield "methodology.yaml", ("forms", form.id, side, "where"), portrait
    for indicator in methodology.indicators.values():
        for name, count in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
            if count.where:
                yield "methodology.yaml", ("indicators", indicator.id, name, "where"), count.where
    for stage in methodology.stages.values():
        file = f"stages/{stage.id}.yaml"
        for entry in stage.enter:
            if entry.check:
                yield file, ("enter", entry.id, "check"), entry.check.condition
        for spec in stage.artefacts.values():
            if spec.each and spec.each.where:
                yield file, ("artefacts", spec.id, "each", "where"), spec.each.where
            for check in spec.checks:
                yield file, ("artefacts", spec.id, "checks", check.id, "check"), check.condition
        for task in stage.tasks.values():
            if task.when:
                yield file, ("tasks", task.id, "when"), task.when
        for gate in stage.checkpoints.values():
            for asked in gate.requires:
                if asked.check:
                    here = ("checkpoints", gate.id, "requires", asked.id, "check")
                    yield file, here, asked.check.condition


def wanted_conditions(methodology: Methodology) -> list[Wanted]:
    """Every condition, to be seen true and false."""
    return [
        Wanted(file, pointer, condition.text, ("true", "false"))
        for file, pointer, condition in conditions_of(methodology)
    ]


def wanted_gates(methodology: Methodology) -> list[Wanted]:
    """Every checkpoint, to be seen approved, returned each way that it has, and rejected where it may."""
    found = []
    for gate in methodology.checkpoints.values():
        ways = ("approved", *(f"choice:{each}" for each in gate.on_return))
        ways += ("rejected",) if "reject" in gate.verdicts else ()
        found.append(Wanted(f"stages/{gate.stage}.yaml", ("checkpoints", gate.id), gate.title, ways))
    return found


class Watch:
    """Sees conditions being evaluated, and gates being decided."""

    def __init__(self, methodology: Methodology) -> None:
        self.places = {
            id(condition): (file, pointer) for file, pointer, condition in conditions_of(methodology)
        }
        self.seen: set[tuple[int, bool]] = set()

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Watch what is evaluated inside."""
        with watched(self._note):
            yield

    def _note(self, condition: Condition, verdict: Verdict) -> None:
        if verdict.holds is not None and not verdict.fault:
            self.seen.add((id(condition), verdict.holds))

    def marks(self, player: Player) -> frozenset[Mark]:
        """What was seen, and what the player's gates have been through."""
        found = {
            Mark(*self.places[number], str(holds).lower())
            for number, holds in self.seen
            if number in self.places
        }
        for path, keys in player.decisions.items():
            gate = player.methodology.checkpoint(path)
            file, pointer = f"stages/{gate.stage}.yaml", ("checkpoints", gate.id)
            for decision in (each for decided in keys.values() for each in decided):
                if decision.completes:
                    found.add(Mark(file, pointer, "approved"))
                if decision.verdict == "reject":
                    found.add(Mark(file, pointer, "rejected"))
                if decision.verdict == "return" and decision.choice:
                    found.add(Mark(file, pointer, f"choice:{decision.choice}"))
        return frozenset(found)
