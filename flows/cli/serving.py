"""`serve`: Prefect's server, its UI and the deployments together."""

from __future__ import annotations

import contextlib
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk
from flows.server import Server
from schemas.messages import said
from schemas.problems import WrongUsage, problem


def serve(*, port: Annotated[int, Parameter(help="Where Prefect's server and its UI listen.")] = 4200) -> int:
    """Serve until interrupted: every change is reconciled, the UI shows the runs."""
    from flows.office import open_office
    from flows.serve import serve as run

    if not 0 <= port <= 65535:  # 0 is any that is free
        raise WrongUsage(problem("U01", text=f"--port {port}", advice=said("advice_port")))
    workspace = talk.workspace()
    open_office(workspace).store.close()

    def ready(server: Server) -> None:
        talk.say("serving", url=server.url.removesuffix("/api"))

    talk.say("serve_starts")
    with contextlib.suppress(KeyboardInterrupt):
        run(workspace, port, ready)
    talk.say("serve_ends")
    return 0
