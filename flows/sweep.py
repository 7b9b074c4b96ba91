"""The flow `sweep`: the guarantee. One query finds what is due in any school; only those are reconciled."""

from __future__ import annotations

from typing import Any, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.office import open_office
from flows.programme import programme
from flows.settings import clock, find


@flow(
    name="sweep",
    persist_result=False,
    log_prints=False,
    description="Reconciles every programme in which something is due.",
)
async def sweep() -> State[None]:
    """Reconcile every programme that changed, or whose time has come."""
    office = open_office(find(None))
    try:
        with office.store.read() as view:
            due = [(row.school, row.year, row.name) for row in view.due(clock())]
    finally:
        office.store.close()
    failed = []
    for school, year, name in due:
        state = await cast(Any, programme)(school, year, name=name, return_state=True)
        if state.is_failed():
            failed.append(school)
    if failed:
        return Failed(name="Incident", message=", ".join(failed))
    return Completed(message=f"{len(due)} programmes")
