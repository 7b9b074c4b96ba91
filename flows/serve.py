"""`serve`: Prefect's server, its UI and the deployments `programme` and `sweep` in one command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from flows.environment import apply
from flows.server import Server, alive, starting
from flows.settings import Workspace
from schemas.problems import Refusal, problem

SWEEP_AT = "15 3 * * *"


def serve(workspace: Workspace, port: int, ready: object = None) -> None:
    """Serve until interrupted; `ready` is called with the server when everything listens."""
    running = alive(workspace)
    if running:
        raise Refusal(problem("W14", address=running.url))
    with starting(workspace, port, serving=True) as server:
        apply(workspace, server.url)
        asyncio.run(_runner(server, ready, str(workspace.settings.get("timezone", "UTC"))))


async def _runner(server: Server, ready: object, zone: str) -> None:
    from prefect.runner import Runner
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    from flows.programme import programme
    from flows.sweep import sweep

    runner = Runner(name="nastavnik", query_seconds=2, pause_on_shutdown=False)
    module = EntrypointType.MODULE_PATH
    await runner.aadd_deployment(await programme.ato_deployment("programme", entrypoint_type=module))
    nightly = Cron(SWEEP_AT, timezone=zone)
    await runner.aadd_deployment(
        await sweep.ato_deployment("sweep", schedule=nightly, entrypoint_type=module)
    )
    if callable(ready):
        ready(server)
    work = asyncio.create_task(runner.start())
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM"):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C arrives as KeyboardInterrupt
            loop.add_signal_handler(getattr(signal, name), work.cancel)
    watch = asyncio.create_task(_watch(server, work))
    with contextlib.suppress(asyncio.CancelledError):
        await work
    watch.cancel()


async def _watch(server: Server, work: asyncio.Task[None]) -> None:
    """End when the server has died: nothing can be served without it."""
    while True:
        await asyncio.sleep(2)
        try:
            os.kill(server.pid, 0)
        except OSError:
            work.cancel()
            return
