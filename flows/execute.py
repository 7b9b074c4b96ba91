"""The one Prefect task: ids in, digests out; everything else happens inside its body."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from prefect import task

from flows.office import Office
from flows.perform import perform


@dataclass(frozen=True)
class Shift:
    """What the tasks of one reconcile share; it never passes through Prefect."""

    office: Office
    token: int
    now: datetime


SHIFT: ContextVar[Shift] = ContextVar("shift")


@task(name="execute", persist_result=False, log_prints=False)
async def execute(programme: int, task: str, keys: list[str]) -> dict[str, str]:
    """Execute a task of the methodology for some keys; fails with a code alone."""
    shift = SHIFT.get()
    return await asyncio.to_thread(perform, shift.office, programme, task, keys, shift.token, shift.now)
