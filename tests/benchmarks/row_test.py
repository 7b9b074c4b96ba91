"""A cold process that plays all the scenarios of the target model."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from statistics import median

from tests.benchmarks.school import TARGET
from tests.benchmarks.table import Row, child_cpu

TIMES = 5
TEST = "from flows.cli import main; main()"


def rows() -> Iterator[Row]:
    """One row, against seconds alone: no other tool plays the process that it describes."""
    ours = [sys.executable, "-c", TEST, "test", "--all", str(TARGET)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        child_cpu(ours, environment)  # compiles it
        taken = median(child_cpu(ours, environment) for _ in range(TIMES))
    scenarios = len(list(TARGET.glob("scenarios/*.yaml")))
    yield Row(
        "test --all", taken, seconds=5.0,
        note=f"cold processes, user and system, median of {TIMES}; {scenarios} scenarios, their conditions and "
        "checkpoints counted",
    )  # fmt: skip
