"""`serve`: Prefect's server, its UI and the deployments together."""

from __future__ import annotations

import contextlib
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk
from flows.server import Server


def serve(*, port: Annotated[int, Parameter(help="Where Prefect's server and its UI listen.")] = 4200) -> int:
    """Serve until interrupted: every change is reconciled, the UI shows the runs."""
    from flows.office import open_office
    from flows.serve import serve as run

    workspace = talk.workspace()
    open_office(workspace).store.close()

    def ready(server: Server) -> None:
        talk.say("serving", url=server.url.removesuffix("/api"))

    talk.say("serve_starts")
    with contextlib.suppress(KeyboardInterrupt):
        run(workspace, port, ready)
    talk.say("serve_ends")
    return 0
