"""The flow `programme`: one reconcile. It does what can be done now and ends; people are never waited for.

A stage with work is a subflow, its tasks are task runs, side by side. The store is the truth, a run is disposable.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import datetime
from typing import Annotated, Any, cast

import httpx
from prefect import flow, tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from flows import board
from flows.engine.steps import Plan, Run
from flows.execute import SHIFT, Shift, execute
from flows.office import Office, open_office
from flows.perform import LEASE_SECONDS
from flows.post import deliver
from flows.server import ServerGone
from flows.settings import clock, find
from flows.store import records
from schemas.model import Methodology
from schemas.problems import problem

BATCH = 50  # members of one task run: a task run costs the server 36 ms, so never one each
ROUNDS = 100
BUSY_SECONDS = 60.0

Work = dict[str, list[tuple[str, list[str]]]]  # stage → (task path, keys) of each task run
WORK: ContextVar[Work] = ContextVar("work")


class Turn:
    """A subflow's turn to begin or to end.

    SQLite answers 503, and Prefect's client then sleeps 2 s, when two subflows do so in the same moment:
    three stages with two tasks each took 4.5 s without turns and 0.45 s with them.
    """

    def __init__(self, lock: asyncio.Lock) -> None:
        self.lock, self.held = lock, False

    async def take(self) -> None:
        """Wait for the turn."""
        await self.lock.acquire()
        self.held = True

    def give(self) -> None:
        """Let the next one begin or end."""
        if self.held:
            self.held = False
            self.lock.release()


TURN: ContextVar[Turn] = ContextVar("turn")


def _programme_name() -> str:
    given = flow_run.parameters
    name = f"/{given['name']}" if given.get("name") else ""
    return f"{given['school']}{name} {given['year']}".strip()


def _stage_name() -> str:
    given = flow_run.parameters
    return f"{given['school']} {given['year']} {given['stage']}"


@flow(
    name="programme", flow_run_name=_programme_name, persist_result=False, log_prints=False,
    description="One reconcile of a school's programme: does what can be done now and ends.",
)  # fmt: skip
async def programme(
    school: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")],
    year: Annotated[str, Field(pattern=r"^$|^[0-9]{4}(/[0-9]{2})?$")] = "",
    now: str = "",
    name: Annotated[str, Field(pattern=r"^$|^[a-z][a-z0-9-]*$")] = "",
) -> State[None]:
    """Reconcile a school's programme; the newest year unless one is named, at the present moment unless given."""
    office = open_office(find(None))
    try:
        moment = datetime.fromisoformat(now) if now else clock()
        return await _reconcile(office, school, year, name, moment)
    finally:
        office.store.close()


def reconcile(school: str, year: str, now: datetime, name: str = "") -> State[Any]:
    """Run the flow here and now, against the server of the environment; ServerGone where that went away."""
    try:
        with tags(school, year):
            run = cast(Any, programme)(school, year, now.isoformat(), name, return_state=True)
            state: State[Any] = asyncio.run(run)
    except Exception as error:
        if isinstance(error, httpx.TransportError) or isinstance(error.__cause__, httpx.TransportError):
            raise ServerGone(problem("W11")) from None
        raise
    return state


async def _reconcile(office: Office, school: str, year: str, name: str, now: datetime) -> State[None]:
    row, token = await _acquire(office, school, year, name)
    await _tagged(school, row.year)
    if token is None:
        return Completed(name="Busy", message=f"{row.place}: another run has it and will go round once more")
    number = row.id or 0
    failed: set[str] = set()
    methodology = office.methodology(row.bundle)
    with tags(school, row.year):
        for _ in range(ROUNDS):
            with office.store.write() as transaction:
                current = transaction.programme_by_id(number)
                transaction.renew(current, token, LEASE_SECONDS)
                news = current.dirty
                plan = office.settle(transaction, current, now)
                current.dirty = news
                runs = office.runs(plan)
                if not runs and transaction.release(current, token, plan.wake_at):
                    break
            failed |= await _do(Shift(office, token, now), row.place, row.year, number, methodology, runs)
        else:
            raise RuntimeError(f"{row.place}: no rest after {ROUNDS} rounds")
        deliver(office, row)
        await board.show(plan, row.place, row.year)
    return _end(plan, failed)


async def _tagged(*wanted: str) -> None:
    """Tag this run, however it was started."""
    if not set(wanted) <= set(flow_run.tags):
        async with get_client() as client:
            await client.update_flow_run(flow_run.id, tags=[*flow_run.tags, *wanted])


def _end(plan: Plan, failed: set[str]) -> State[None]:
    if failed:
        return Failed(name="Incident", message=", ".join(sorted(failed)))
    standing = plan.standing
    if standing is not None and standing.snapshot.closed is not None:
        return Completed(message="the year is closed")
    return Completed(name="AwaitingPeople", message="what the engine can do is done")


async def _acquire(office: Office, school: str, year: str, name: str) -> tuple[records.Programme, int | None]:
    """The lease, waiting a while for another run; whoever has it is told to go round once more."""
    until = asyncio.get_running_loop().time() + BUSY_SECONDS
    while True:
        with office.store.write() as transaction:
            row = transaction.programme(school, year or None, name)
            token = transaction.acquire(row, LEASE_SECONDS)
            if token is None:
                row.dirty = True
        if token is not None or asyncio.get_running_loop().time() > until:
            return row, token
        await asyncio.sleep(0.5)


async def _do(
    shift: Shift, school: str, year: str, number: int, methodology: Methodology, runs: list[Run]
) -> set[str]:
    """Execute one round: a subflow for each stage with work; returns the tasks that failed."""
    work: Work = {}
    for run in runs:
        keys = run.keys
        for start in range(0, len(keys), BATCH):
            work.setdefault(run.task.split("/")[0], []).append((run.task, keys[start : start + BATCH]))
    SHIFT.set(shift)
    WORK.set(work)
    lock = asyncio.Lock()
    states = await asyncio.gather(*(_in_turn(school, year, stage, number, Turn(lock)) for stage in work))
    return {
        name for state in states if state.is_failed() for name in (state.message or "").split(", ") if name
    }


async def _in_turn(school: str, year: str, name: str, number: int, turn: Turn) -> State[None]:
    TURN.set(turn)
    await turn.take()
    try:
        with tags(name):
            state: State[Any] = await cast(Any, stage)(school, year, name, number, return_state=True)
            return state
    finally:
        turn.give()


@flow(name="stage", flow_run_name=_stage_name, persist_result=False, log_prints=False)
async def stage(school: str, year: str, stage: str, programme: int) -> State[None]:
    """The work that a stage has now; begins and ends in turn with the other stages, works beside them."""
    turn = TURN.get()
    turn.give()
    office = SHIFT.get().office
    with office.store.read() as view:
        methodology = office.methodology(view.programme_by_id(programme).bundle)
    runs: list[Any] = []
    for path, keys in WORK.get()[stage]:
        label = path if keys == [""] else f"{path} {keys[0]}" if len(keys) == 1 else f"{path} ×{len(keys)}"
        named = execute.with_options(name=path, task_run_name=label, retries=methodology.task(path).retries)
        runs.append(cast(Any, named)(programme, path, keys, return_state=True))
    states = await asyncio.gather(*runs)
    await turn.take()
    failed = [path for (path, _), state in zip(WORK.get()[stage], states, strict=True) if state.is_failed()]
    if failed:
        return Failed(name="Incident", message=", ".join(sorted(set(failed))))
    return Completed()
