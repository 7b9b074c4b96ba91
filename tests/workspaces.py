"""Real workspaces for tests: made by the commands themselves, in folders of their own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flows import cli
from flows.cli import talk
from flows.cli.address import opened
from flows.demo import Player, read_year
from flows.office import Office
from flows.perform import LEASE_SECONDS, perform
from flows.post import deliver
from flows.settings import DEFINITIONS, Workspace
from flows.store import records

SAMPLE = DEFINITIONS / "schools" / "sosh-10"
DIRECTOR, CURATOR = "Н-001-8", "Н-002-6"
STAFF = (("Орлова Ирина Петровна", "director"), ("Кузнецова Анна Сергеевна", "curator"))


@dataclass
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str


@dataclass
class Room:
    """A workspace and a way to type commands in it."""

    folder: Path

    def __call__(self, *words: str, now: str = "2026-04-01T09:00:00+03:00") -> Answer:
        """Type a command, as if at the given moment."""
        out, err = io.StringIO(), io.StringIO()
        with moment(now), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run(["--workspace", str(self.folder), *words])
        return Answer(code, out.getvalue(), err.getvalue())

    def do(self, *words: str, now: str = "2026-04-01T09:00:00+03:00") -> Answer:
        """Type a command that must succeed."""
        answer = self(*words, now=now)
        assert answer.code == 0, (words, answer)
        return answer


@contextlib.contextmanager
def moment(now: str) -> Iterator[None]:
    """The clock of commands stands at `now`."""
    before = os.environ.get("NASTAVNIK_NOW")
    os.environ["NASTAVNIK_NOW"] = now
    try:
        yield
    finally:
        if before is None:
            del os.environ["NASTAVNIK_NOW"]
        else:
            os.environ["NASTAVNIK_NOW"] = before


def new_room(folder: Path) -> Room:
    """A school that has just started its programme: a director and a curator, nothing handed in."""
    room = Room(folder)
    room.do("init", str(folder))
    room.do("school", "add", "sosh-10", "--title", "МОУ СОШ №10")
    for name, role in STAFF:
        room.do("people", "add", "sosh-10", "--name", name, "--role", role)
    room.do("people", "assign", "sosh-10", CURATOR, "working_group")
    room.do("start", "sosh-10", "--year", "2026/27")
    return room


def small_room(folder: Path, content: Mapping[str, bytes]) -> Room:
    """A school that has just started a programme by these definitions: a director and a curator."""
    room = Room(folder)
    room.do("init", str(folder))
    target = folder / "definitions" / "target-model"
    shutil.rmtree(target)
    for name, body in content.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(body)
    room.do("school", "add", "sosh-10", "--title", "МОУ СОШ №10")
    for name, role in STAFF:
        room.do("people", "add", "sosh-10", "--name", name, "--role", role)
    room.do("start", "sosh-10", "--year", "2026/27", now="2026-09-01T09:00:00+03:00")
    return room


def settled(room: Room, now: str, address: str = "sosh-10") -> None:
    """What a reconcile does where nothing is to be executed: the engine's own steps, then the letters."""
    with moment(now), opened_at(room, address) as (office, programme, at):
        with office.store.write() as transaction:
            office.settle(transaction, transaction.programme_by_id(programme.id or 0), at)
        deliver(office, programme)


@contextlib.contextmanager
def opened_at(room: Room, address: str) -> Iterator[tuple[Office, records.Programme, datetime]]:
    """A programme of a room, as commands open it."""
    talk.setup(str(room.folder), None)
    with opened(address) as found:
        yield found


class Quick(Player):
    """Plays a year without Prefect: what is to be executed is executed here and now."""

    def _reconcile(self, now: datetime) -> None:
        self._set_clock(now)
        while True:
            with self.office.store.write() as transaction:
                row = transaction.programme(self.year.school, self.year.year)
                if row.closed is not None and not row.dirty:
                    return
                token = transaction.acquire(row, LEASE_SECONDS)
                assert token is not None
                plan = self.office.settle(transaction, row, now)
                runs = self.office.runs(plan)
                row.dirty = False
                rested = not runs and transaction.release(row, token, plan.wake_at)
                row.lease_owner = ""
            if rested:
                deliver(self.office, row)
                return
            for run in runs:
                perform(self.office, row.id or 0, run.task, run.keys, token, now)


def lived_until(folder: Path, day: str, school: str = "sosh-10") -> Room:
    """A workspace after everything that happened in the sample school, or one just like it, before a day."""
    room = Room(folder)
    room.do("init", str(folder))
    whole = replace(read_year(SAMPLE), school=school)
    year = replace(whole, events=tuple(event for event in whole.events if event.day < day))

    def command(words: list[str]) -> int:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return cli.run(["--workspace", str(folder), *words])

    with moment("2026-04-01T09:00:00+03:00"):
        Quick(Workspace(folder.resolve()), year, lambda *_, **__: None, command).play()
    os.environ.pop("NASTAVNIK_REQUEST", None)
    return room
