"""Tries the mutants of a definition on every core: each process plays the scenarios once, then takes mutants."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from flows.engine.mutants import Mutant, Trial, Tried, mutants
from flows.engine.scenarios import play_all
from schemas import reader
from schemas.reader import Bundle
from schemas.sources import Source, parse_yaml

AT_ONCE = 8  # fewer mutants than this are not worth another process
_trial: tuple[Trial, list[Mutant]] | None = None  # of this process


def sources(content: Bundle, shown: str) -> dict[str, Source]:
    """The files that are mutated, by their names, placed as they are shown."""
    found = {}
    for name in sorted(content):
        if name == "methodology.yaml" or name.startswith("stages/"):
            source, _ = parse_yaml(content[name], f"{shown}/{name}" if shown else name)
            if source:
                found[name] = source
    return found


def tried_of(content: Bundle, shown: str, chosen: Sequence[int]) -> Iterator[Tried]:
    """What came of the mutants with these numbers, in their order."""
    workers = min(os.cpu_count() or 1, -(-len(chosen) // AT_ONCE))
    if workers <= 1:
        _begin(dict(content), shown)
        yield from map(_one, chosen)
        return
    # processes are begun anew everywhere: what a copy of this one would hold differs between systems
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (dict(content), shown)) as pool:
        yield from pool.map(_one, chosen)


def _begin(content: dict[str, bytes], shown: str) -> None:
    global _trial
    reading = reader.read(content)
    played = play_all(reading.or_refuse(), reading.scenarios, reading.scenarios)
    _trial = Trial(reading, content, played), list(mutants(sources(content, shown)))


def _one(number: int) -> Tried:
    assert _trial is not None
    trial, found = _trial
    return trial.of(found[number])
