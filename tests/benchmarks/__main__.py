"""Runs the rows that are asked for, or all, and prints one table: `python -m tests.benchmarks [ROW…]`."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import tests.benchmarks
from tests.benchmarks.table import Row, measured, printed


def main() -> None:
    """A row is a module `row_<name>.py` here, with a function `rows()` that yields Row after Row."""
    modules = [each.name for each in pkgutil.iter_modules(tests.benchmarks.__path__)]
    names = [name.removeprefix("row_") for name in modules if name.startswith("row_")]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(names)}; all without it")
    wanted = parser.parse_args().rows or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    found: list[Row] = []
    # each in a process of its own: what one leaves in memory would slow down the next
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for name in wanted:
            print(f"… {name}", file=sys.stderr, flush=True)
            found.extend(pool.submit(measured, name).result())
    print(printed(found))


if __name__ == "__main__":
    main()
