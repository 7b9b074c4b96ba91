"""Plays a school's year from its folder: every line is a command that somebody types, on a virtual clock.

The folder holds `year.yaml` and the files that are handed in. Killed at any moment and played again, it goes on
where it stopped: each line is done once, under a key of its own.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows import checkpoints
from flows.engine.steps import ClearIncident, Plan
from flows.office import Office, open_office
from flows.settings import Workspace
from flows.store import records
from schemas import reader
from schemas.problems import InvalidDefinition, Refusal, problem
from schemas.sources import read_yaml

Teller = Callable[..., None]


class Stopped(Refusal):
    """The year can't go on; played again, it goes on from here."""

    exit_code = 1


@dataclass(frozen=True)
class Event:
    """A day on which something happens: what is told, and the commands that are typed."""

    day: str
    say: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Year:
    """A school's year to be played."""

    folder: Path
    school: str
    title: str
    timezone: str
    year: str
    people: tuple[dict[str, Any], ...]
    events: tuple[Event, ...]
    documents: tuple[str, ...]


def read_year(folder: Path) -> Year:
    """Read `year.yaml` of a school's folder."""
    source, found = read_yaml(folder / "year.yaml")
    if source is None:
        raise InvalidDefinition(found)
    data = source.data
    events = tuple(Event(each["on"], each["say"], tuple(each.get("do", ()))) for each in data["events"])
    school = data["school"]
    return Year(
        folder, school["id"], school["title"], school["timezone"], data["year"], tuple(data["people"]), events,
        tuple(data.get("documents", ())),
    )  # fmt: skip


class Player:
    """Plays one year in one workspace; `tell` says what happens, `command` does a line."""

    def __init__(
        self, workspace: Workspace, year: Year, tell: Teller, command: Callable[[list[str]], int]
    ) -> None:
        self.workspace, self.year, self.tell, self.command = workspace, year, tell, command
        self.zone = ZoneInfo(year.timezone)
        self.office: Office = open_office(workspace)

    def play(self) -> None:
        """The whole year, from where it stopped."""
        self._set_up()
        done = self._done()
        resumed = bool(done)
        self._set_clock(self._latest())
        self._clear()
        for number, event in enumerate(self.year.events):
            if self._later_done(number, done):
                continue  # lived through already
            keys = [f"{self.year.school}:{number}:{index}" for index in range(len(event.lines))]
            start = datetime.fromisoformat(f"{event.day}T09:00:00").replace(tzinfo=self.zone)
            end = start + timedelta(minutes=len(event.lines))
            if resumed:
                self.tell("demo_resumed", day=event.day)
                resumed = False
            if done.isdisjoint(keys):
                self._pass_time(start)
            self.tell("demo_event", day=start.date(), text=event.say)
            for index, (key, line) in enumerate(zip(keys, event.lines, strict=True)):
                if key not in done:
                    self._line(key, line, start + timedelta(minutes=index))
            self._reconcile(max(end, self.now))  # later than its end where it was stopped while time passed

    def _clear(self) -> None:
        """Let what failed before be tried again, as `run --retry` does."""
        steps = self._plan().steps
        for path in dict.fromkeys(step.task for step in steps if isinstance(step, ClearIncident)):
            checkpoints.clear(self.office, self._programme(), path, self.now)

    def _later_done(self, number: int, done: set[str]) -> bool:
        return any(int(key.split(":")[1]) > number for key in done)

    def _done(self) -> set[str]:
        with self.office.store.read() as view:
            return view.requests(f"{self.year.school}:")

    # --- beginning ---------------------------------------------------------------------------

    def _set_up(self) -> None:
        """The school, its people and its programme: each where it is not there yet."""
        now = self._beginning
        with self.office.store.write() as transaction:
            if self.year.school not in {school.id for school in transaction.schools()}:
                transaction.add_school(self.year.school, self.year.title, self.year.timezone, now)
        reading = reader.read_folder(self.workspace.methodology, str(self.workspace.methodology))
        methodology = reading.or_refuse()
        bundle = self.office.keep_bundle(reading)
        with self.office.store.write() as transaction:
            people = self.office.people(transaction)
            for person in self.year.people:
                if not people.find(self.year.school, person["name"]):
                    code = people.add(self.year.school, {"name": person["name"]})
                    for role in person["roles"]:
                        people.assign(self.year.school, code, role, methodology.roles)
            if not any(row.school == self.year.school for row in transaction.programmes()):
                row = transaction.start(self.year.school, self.year.year, bundle, methodology.id, now)
                self.office.settle(transaction, row, now)

    def _programme(self) -> records.Programme:
        with self.office.store.read() as view:
            return view.programme(self.year.school, self.year.year)

    # --- the clock ---------------------------------------------------------------------------

    @property
    def _beginning(self) -> datetime:
        return datetime.fromisoformat(f"{self.year.events[0].day}T08:00:00").replace(tzinfo=self.zone)

    def _latest(self) -> datetime:
        """The last moment of which anything is recorded."""
        with self.office.store.read() as view:
            found = view.snapshot(view.programme(self.year.school, self.year.year))
        kinds = (found.versions, found.facts, found.decisions, found.waivers)
        moments = (
            each.at for kind in kinds for keys in kind.values() for those in keys.values() for each in those
        )
        return max(moments, default=self._beginning)

    def _set_clock(self, now: datetime) -> None:
        self.now = now
        os.environ["NASTAVNIK_NOW"] = now.isoformat()

    # --- living ------------------------------------------------------------------------------

    def _line(self, key: str, line: str, now: datetime) -> None:
        self.tell("demo_line", line=line)
        self._set_clock(now)
        os.environ["NASTAVNIK_REQUEST"] = key
        words = [
            str(self.year.folder / word) if word.startswith("inbox/") else word for word in shlex.split(line)
        ]
        code = self.command([words[0], self.year.school, *words[1:]])
        if code != 0:
            raise Stopped(problem("W18", line=line, code=code))

    def _pass_time(self, until: datetime) -> None:
        """Let time pass: at each moment at which something changes by itself, the engine looks again."""
        for now in self._wakes(until):
            self._reconcile(now)

    def _wakes(self, until: datetime) -> Iterator[datetime]:
        while True:
            plan = self._plan()
            wake = plan.wake_at
            if wake is None or wake > until:
                return
            yield wake

    def _plan(self) -> Plan:
        from flows.engine.reconcile import next_steps

        with self.office.store.read() as view:
            row = view.programme(self.year.school, self.year.year)
            return next_steps(self.office.methodology(row.bundle), view.snapshot(row), self.now)

    def _reconcile(self, now: datetime) -> None:
        """Settle; where something is to be executed, through Prefect."""
        self._set_clock(now)
        with self.office.store.write() as transaction:
            row = transaction.programme(self.year.school, self.year.year)
            if row.closed is not None and not row.dirty:
                return
            plan = self.office.settle(transaction, row, now)
        if not self.office.runs(plan) and not row.closed:
            return
        from flows.programme import reconcile

        state = reconcile(self.year.school, self.year.year, now)
        if state.is_failed():
            raise Stopped(problem("W19", items=state.message or state.name))
