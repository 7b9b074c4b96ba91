"""A reconcile under Prefect, beside a bare flow with the same settings, subflow and an empty task."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Row, interleaved

NOW = "2026-04-02T09:00:00+03:00"
ORDER = "preparation/write_launch_order"


def rows() -> Iterator[Row]:
    """Wall and CPU seconds of our process; the server's are the same for both."""
    from flows.environment import apply
    from flows.server import starting
    from flows.settings import Workspace
    from tests.workspaces import DIRECTOR, new_room

    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stderr(io.StringIO()):
            room = new_room(Path(folder) / "workspace")
        workspace = Workspace(room.folder)
        with starting(workspace) as server:
            apply(workspace, server.url)
            os.environ["NASTAVNIK_NOW"] = NOW
            from flows import perform
            from flows.programme import reconcile

            perform.LONG = frozenset()  # the work itself counts, a process of its own for it does not

            def reopen() -> None:
                room.do("reopen", "sosh-10", ORDER, "--by", DIRECTOR, "--reason", "замер")

            def ours() -> None:
                state = reconcile("sosh-10", "2026/27", datetime.fromisoformat(NOW))
                assert state.name == "AwaitingPeople", state

            theirs = _bare()
            for _ in range(3):
                reopen(), ours(), theirs()
            for unit, clock in (("wall", time.perf_counter), ("CPU", time.process_time)):
                mine, other = interleaved(9, _taking(clock, ours, reopen), _taking(clock, theirs))
                yield Row(
                    f"reconcile, {unit}", mine, other, "a bare flow, subflow, task and two artifacts", at_most=1.15,
                    unit=unit, note="ours renders an order from its Word template, records it; theirs is empty",
                )  # fmt: skip


def _taking(
    clock: Callable[[], float], work: Callable[[], Any], before: Callable[[], Any] = lambda: None
) -> Callable[[], float]:
    def take() -> float:
        before()
        start = clock()
        work()
        return clock() - start

    return take


def _bare() -> Callable[[], Any]:
    """What Prefect alone takes for the same runs."""
    from prefect import flow, tags, task
    from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact

    @task(persist_result=False)
    async def empty() -> None:
        pass

    @flow(name="bare-stage", persist_result=False)
    async def bare_stage() -> None:
        await empty()

    @flow(name="bare-programme", persist_result=False)
    async def bare_programme() -> None:
        with tags("bare"):
            await bare_stage()
            await acreate_markdown_artifact(markdown="# board", key="bare-board")
            await acreate_progress_artifact(progress=10.0, key="bare-progress")

    return lambda: asyncio.run(bare_programme())
