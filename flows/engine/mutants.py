"""A definition with one slip at a time: would a scenario notice?"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flows.engine.coverage import Mark
from flows.engine.scenarios import Played, order, play, texts_of
from flows.engine.slips import GONE, slips
from schemas import reader
from schemas.messages import Said, said
from schemas.problems import Location
from schemas.reader import Bundle, Reading
from schemas.sources import Pointer, Source, load_yaml


@dataclass(frozen=True)
class Mutant:
    """A definition with one slip: the file, the place, and what stands there instead."""

    file: str
    pointer: Pointer
    kind: str
    value: Any
    at: Location
    what: Said


@dataclass(frozen=True)
class Tried:
    """A mutant and what came of it: a scenario noticed, none did, or the reader refused it."""

    mutant: Mutant
    outcome: Literal["killed", "survived", "refused"]
    by: str = ""


def mutants(sources: Mapping[str, Source]) -> Iterator[Mutant]:
    """Every slip that is tried, file by file."""
    for file, source in sources.items():
        for kind, pointer, value in slips(file, source.data):
            before = _text(_at(source.data, pointer))
            what = (
                said("mutant_dropped", before=f"{pointer[-1]}: {before}")
                if value is GONE
                else said("mutant_changed", before=before, after=_text(value))
            )
            yield Mutant(file, pointer, kind, value, source.at(pointer, key=value is GONE), what)


def sample_of(many: int, size: int | None, seed: int) -> list[int]:
    """Numbers of some mutants of many, the same for the same seed, in their order; all without a size."""
    numbers = range(many)
    return sorted(random.Random(seed).sample(numbers, min(size, many))) if size is not None else list(numbers)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"


def _at(data: Any, pointer: Pointer) -> Any:
    for part in pointer:
        data = data[part]
    return data


# --- trying --------------------------------------------------------------------------------------


class Trial:
    """The scenarios that were green, to try mutants against."""

    def __init__(self, reading: Reading, content: Bundle, played: Mapping[str, Played]) -> None:
        self.scenarios = reading.scenarios
        self.content = {name: each for name, each in content.items() if not name.startswith("scenarios/")}
        self.green = {name: each for name, each in played.items() if each.green}
        self.texts = {name: frozenset(texts_of(self.scenarios[name].data["steps"])) for name in self.green}

    def of(self, mutant: Mutant) -> Tried:
        """Try a mutant against the scenarios that touch it, the likeliest first, until one notices."""
        changed = _with(load_yaml(self.content[mutant.file], mutant.file).data, mutant)
        slipped = json.dumps(changed, ensure_ascii=False).encode()
        methodology = reader.read({**self.content, mutant.file: slipped}).methodology
        if methodology is None:
            return Tried(mutant, "refused")
        touching = [name for name, each in self.green.items() if _touches(each, mutant)]
        done: dict[str, Played] = {}
        for name in order(self.scenarios, sorted(touching, key=lambda name: self._likely(name, mutant))):
            if name not in touching:  # nothing of it has changed: it ends as it did
                done[name] = self.green[name]
                continue
            try:
                done[name] = play(methodology, self.scenarios[name], done, brief=True)
            except (KeyError, AssertionError):  # the scenario speaks of what is not there any more
                return Tried(mutant, "killed", name)
            if done[name].problems:
                return Tried(mutant, "killed", name)
        return Tried(mutant, "survived")

    def _likely(self, name: str, mutant: Mutant) -> tuple[int, int, str]:
        """First those that speak of what has slipped, of these the ones with the fewest steps before them."""
        stage = mutant.file.removeprefix("stages/").removesuffix(".yaml")
        what = str(mutant.pointer[min(1, len(mutant.pointer) - 1)])
        path = f"{stage}/{what}"
        speaks = any(text == what or f"{text}/".startswith(f"{path}/") for text in self.texts[name])
        chain = order(self.scenarios, [name])
        steps = sum(
            len(self.scenarios[each].data["steps"]) for each in chain if _touches(self.green[each], mutant)
        )
        return not speaks, steps, name


def _with(data: Any, mutant: Mutant) -> Any:
    changed = copy.deepcopy(data)
    *way, last = mutant.pointer
    target = _at(changed, tuple(way))
    if mutant.value is GONE:
        del target[last]
    else:
        target[last] = mutant.value
    return changed


def _touches(played: Played, mutant: Mutant) -> bool:
    """A changed condition touches those that saw it decided; anything else in a stage those that lived in it."""
    if mutant.kind == "condition":
        marks = (Mark(mutant.file, mutant.pointer, seen) for seen in ("true", "false"))
        return any(mark in played.marks for mark in marks)
    stage = mutant.file.removeprefix("stages/").removesuffix(".yaml")
    entrance = mutant.pointer[0] in ("needs", "enter", "after")
    return mutant.file == "methodology.yaml" or stage in played.stages or entrance
