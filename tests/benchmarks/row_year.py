"""A programme of the target model, each arrival decided anew, beside SpiffWorkflow on the same process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import spiff
from tests.benchmarks.school import Year, paper, target
from tests.benchmarks.stored import StoredYear
from tests.benchmarks.table import Row, interleaved, own_cpu, shown


def rows() -> Iterator[Row]:
    """In memory, saved after each arrival, and brought back from what was saved before each arrival."""
    first = Year()
    first.live()
    process = spiff.Process(spiff.drawn(target(), first.arrivals, first.runs))
    papers = spiff.papers(target(), first.arrivals, paper)
    arrivals, runs = first.arrivals.total(), first.runs.total()
    assert process.live(papers).total() == arrivals

    def theirs(stored: str = "") -> float:
        return own_cpu(lambda: process.live(papers, stored))

    mine, other, empty = interleaved(7, lambda: own_cpu(Year().live), theirs, lambda: own_cpu(process.live))
    yield Row(
        "year in memory", mine, other, "SpiffWorkflow, papers as task data", at_most=0.1,
        note=f"{arrivals} arrivals, {runs} runs of the engine; an arrival takes {shown(mine / arrivals)}, "
        f"theirs {shown(other / arrivals)} ({shown(empty / arrivals)} with no data; it judges no condition)",
    )  # fmt: skip
    mine, other = interleaved(3, lambda: own_stored(cold=False), lambda: theirs("saved"))
    yield Row(
        "year saved", mine, other, "SpiffWorkflow, serialised each time", at_most=0.1,
        note="ours: transactions of a SQLite file, each pass reads its snapshot; theirs: to JSON in memory",
    )  # fmt: skip
    mine, other = interleaved(3, lambda: own_stored(cold=True), lambda: theirs("restored"))
    yield Row(
        "year restored", mine, other, "SpiffWorkflow, serialised and restored", at_most=0.1,
        note="the same, each arrival with nothing in memory: the store opened anew, theirs read from JSON",
    )  # fmt: skip


def own_stored(*, cold: bool) -> float:
    """CPU seconds of a year in a store of its own; making the database does not count."""
    with tempfile.TemporaryDirectory() as folder:
        year = StoredYear(Path(folder), cold=cold)
        try:
            return own_cpu(year.live)
        finally:
            year.store.close()
