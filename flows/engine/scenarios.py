"""Plays the scenarios of a methodology: each step on the pure engine, each expectation told as a problem or met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.engine.coverage import Mark, Watch
from flows.engine.player import Player, Restless
from flows.engine.scene import Scene
from schemas.model import Methodology
from schemas.problems import Problem, problem
from schemas.sources import Source


@dataclass(frozen=True)
class Played:
    """What came of a scenario; `after` names the one that it begins with where that one could not be played."""

    problems: tuple[Problem, ...] = ()
    after: str = ""
    marks: frozenset[Mark] = (
        frozenset()
    )  # conditions and gates as they were seen, also in what it begins with
    stages: frozenset[str] = frozenset()  # stages that it depends on as a whole
    player: Player | None = field(default=None, repr=False, compare=False)

    @property
    def green(self) -> bool:
        """Whether it was played and nothing is wrong."""
        return not self.problems and not self.after


def order(scenarios: Mapping[str, Source], wanted: Iterable[str]) -> list[str]:
    """The scenarios wanted, in their order, each after the one that it begins with."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        before = scenarios[name].data.get("begins_with")
        if before:
            add(before)
        found.setdefault(name)

    for name in wanted:
        add(name)
    return list(found)


def play_all(
    methodology: Methodology,
    scenarios: Mapping[str, Source],
    wanted: Iterable[str],
    told: Callable[[str, Played], None] = lambda name, played: None,
) -> dict[str, Played]:
    """Play the scenarios wanted; what several begin with is played once."""
    found: dict[str, Played] = {}
    for name in order(scenarios, sorted(wanted)):
        found[name] = play(methodology, scenarios[name], found)
        told(name, found[name])
    return found


def play(
    methodology: Methodology, source: Source, before: Mapping[str, Played], *, brief: bool = False
) -> Played:
    """Play one scenario, after the one that it begins with; `brief` stops at the first failure."""
    earlier = before.get(source.data.get("begins_with", ""))
    if earlier and (earlier.player is None or not earlier.green):
        return Played(after=source.data["begins_with"])
    watch = Watch(methodology)
    try:
        with watch.on():
            scene = Scene(methodology, source, earlier.player if earlier else None)
            problems = tuple(scene.play(brief=brief))
    except Restless as restless:
        at = source.at(("steps",))
        return Played((problem("X19", at, what=str(restless)),))
    marks = watch.marks(scene.player) | (earlier.marks if earlier else frozenset())
    stages = _stages(scene.player, source) | (earlier.stages if earlier else frozenset())
    return Played(problems, marks=marks, stages=stages, player=scene.player)


def _stages(player: Player, source: Source) -> frozenset[str]:
    """Stages in which something happened, or that the scenario speaks of."""
    named = {path.split("/")[0] for path in texts_of(source.data["steps"])}
    happened = {
        path.split("/")[0]
        for records in (player.versions, player.facts, player.decisions)
        for path, keys in records.items()
        if any(keys.values())
    }
    return frozenset((named | happened) & player.methodology.stages.keys())


def texts_of(node: Any) -> Iterator[str]:
    """Every text in the steps of a scenario, names of keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield key
            yield from texts_of(value)
    elif isinstance(node, list):
        for each in node:
            yield from texts_of(each)
