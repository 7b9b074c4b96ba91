"""What a benchmark gives, how CPU time is taken, and the table that is printed."""

from __future__ import annotations

import gc
import importlib
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """Ours beside theirs in CPU seconds; goals are upper limits of the ratio and of our seconds."""

    name: str
    ours: float
    theirs: float | None = None
    against: str = ""
    at_most: float | None = None
    seconds: float | None = None
    note: str = ""
    unit: str = "CPU"

    @property
    def ratio(self) -> float | None:
        """How many times their time ours is."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def goal(self) -> str:
        """The goal in words."""
        limits = [f"≤ {self.at_most:g} ×"] if self.at_most is not None else []
        limits += [f"≤ {shown(self.seconds)}"] if self.seconds is not None else []
        return ", ".join(limits)

    @property
    def reached(self) -> str:
        """Whether each goal is reached; empty where there is none."""
        if not self.goal:
            return ""
        near = self.at_most is None or (self.ratio is not None and self.ratio <= self.at_most)
        quick = self.seconds is None or self.ours <= self.seconds
        return "yes" if near and quick else "NO"


def measured(name: str) -> list[Row]:
    """The rows of the module `row_<name>`."""
    return list(importlib.import_module(f"tests.benchmarks.row_{name}").rows())


def own_cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for a piece of work."""
    gc.collect()  # nobody pays for another's rubbish
    start = time.process_time()
    work()
    return time.process_time() - start


def child_cpu(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """CPU seconds of a cold process; one that fails measures nothing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    nowhere = subprocess.DEVNULL
    subprocess.run(command, check=True, stdout=nowhere, stderr=nowhere, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interleaved(times: int, *works: Callable[[], float]) -> list[float]:
    """The median of each work, taken in turns so that a busy moment hits all of them."""
    taken = [[work() for work in works] for _ in range(times)]
    return [median(column) for column in zip(*taken, strict=True)]


def shown(seconds: float) -> str:
    """Seconds or milliseconds in three digits."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def printed(rows: Iterable[Row]) -> str:
    """The table as text, its notes below."""
    head = ("row", "of", "ours", "theirs", "ours : theirs", "goal", "reached", "against")
    rows = list(rows)
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*text, "", *(f"{row.name}: {row.note}" for row in rows if row.note)])


def _cells(row: Row) -> tuple[str, ...]:
    theirs = shown(row.theirs) if row.theirs is not None else "–"
    ratio = f"{row.ratio:.3g} ×" if row.ratio is not None else "–"
    return (
        row.name,
        row.unit,
        shown(row.ours),
        theirs,
        ratio,
        row.goal or "–",
        row.reached or "–",
        row.against,
    )
