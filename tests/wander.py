"""Programmes of the small methodology in all their states, by chance but always the same; and stored ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flows.engine.snapshot import Decision, Fact, Snapshot, Version, Waiver
from flows.engine.steps import Ask, MayWaive, Sign
from flows.office import Office
from flows.settings import Workspace
from flows.store import records
from flows.store.migrate import upgrade
from flows.store.transaction import Transaction
from schemas import reader
from schemas.model import Methodology
from tests.play import SMALL, Play, mentee, mentor

SPARE = ("base/withdrawals", "base/leavings", "work/swaps", "work/partings", "work/endings", "start/note")


class Wanderer(Play):
    """Somebody who does one of the things that are asked for, rarely something else."""

    def __init__(self, methodology: Methodology, seed: int) -> None:
        super().__init__(methodology)
        self.chance = random.Random(seed)

    def step(self) -> None:
        """One thing happens: a paper, a decision, something unasked, or time."""
        asked = [each for each in self.settle().steps if isinstance(each, Ask | Sign | MayWaive)]
        if not asked or self.chance.random() < 0.1:
            self.wait(days=self.chance.choice((1, 3, 9)))
        elif self.chance.random() < 0.08:
            self._unasked()
        else:
            self._answer(self.chance.choice(asked))

    def _answer(self, step: Any) -> None:
        if isinstance(step, MayWaive):
            self.waive(step.gate, step.requirement, step.roles[0], step.key)
            return
        if isinstance(step, Sign):
            choices = list(self.methodology.checkpoint(step.gate).on_return)
            if choices and self.chance.random() < 0.15:
                choice = self.chance.choice(choices)
                self.try_sign(step.gate, step.role, step.key, "return", choice=choice)
            else:
                self.try_sign(step.gate, step.role, step.key)
            return
        task = self.methodology.task(step.task)
        path = f"{task.stage}/{task.writes}"
        self.hand(path, self._paper(path), step.key)

    def _unasked(self) -> None:
        path = self.chance.choice(SPARE)
        keys = self.standing.papers.keys(self.methodology.artefact(path))
        if keys and (path == "start/note" or self.chance.random() < 0.4):
            self.hand(path, {"text": "так"}, self.chance.choice(keys))

    def _paper(self, path: str) -> Any:
        if path == "base/mentees":
            return {"rows": [mentee(f"m{number}", minor=number % 2 == 0) for number in range(1, 3)]}
        if path == "base/mentors":
            return {"rows": [mentor(f"t{number}", 2) for number in range(1, 3)]}
        if path in ("base/consents", "base/checks"):
            return {"status": "in_force", "valid_until": "2027-06-30"}
        if path == "pairing/pairs":
            proposal = self.versions["pairing/proposal"][""][-1].data
            table = self.versions[path][""]
            new = {row["group"] for row in proposal["rows"]}
            old = [row for row in table[-1].data["rows"] if row["group"] not in new] if table else []
            return {"rows": [*old, *proposal["rows"]], "unmatched": proposal["unmatched"]}
        if path == "work/meetings":
            return {"date": self.now.date().isoformat()}
        return {"text": f"{path} {self.chance.randrange(100)}", "items": ["а", "б"]}


@dataclass(frozen=True)
class Moment:
    """A programme as it stood at one moment of its wandering."""

    now: datetime
    snapshot: Snapshot


def moments(seed: int, count: int, every: int) -> Iterator[Moment]:
    """One programme again and again on its way; ends early where its year closes."""
    play = Wanderer(reading().or_refuse(), seed)
    for _ in range(count):
        for _ in range(every):
            play.step()
        yield Moment(play.now, frozen(play.snapshot))
        if play.closed is not None:
            return


def frozen(snapshot: Snapshot) -> Snapshot:
    """A copy that what happens later does not reach."""
    places = (
        {path: {key: tuple(events) for key, events in keys.items()} for path, keys in each.items()}
        for each in (snapshot.versions, snapshot.facts, snapshot.decisions, snapshot.waivers)
    )
    return Snapshot(
        snapshot.school, snapshot.year, snapshot.zone, *places, snapshot.holders, dict(snapshot.stages_done),
        snapshot.closed, snapshot.closed_at,
    )  # fmt: skip


def many(programmes: int, seeds: int = 12, every: int = 5) -> list[Moment]:
    """So many programmes in as many states as chance brings them to."""
    found: list[Moment] = []
    for seed in range(10_000):
        found.extend(moments(seed, programmes // seeds + 1, every))
        if len(found) >= programmes:
            return found[:programmes]
    raise AssertionError("the years close too soon")


# --- stored ones -----------------------------------------------------------------------------------


def new_office(folder: Path) -> Office:
    """An office whose definitions are the small methodology."""
    (folder / "data" / "files").mkdir(parents=True)
    (folder / "nastavnik.yaml").write_text("language: ru\nmethodology: small\n", "utf-8")
    (folder / "data" / "people.key").write_bytes(b"0" * 32)
    workspace = Workspace(folder)
    upgrade(workspace.database)
    return Office(workspace)


@cache
def reading() -> reader.Reading:
    """The small methodology, read once."""
    return reader.read_folder(SMALL)


def store(office: Office, tx: Transaction, school: str, moment: Moment) -> records.Programme:
    """Put a programme of the small methodology into the store as it happened."""
    return put(office, tx, school, moment, reading())


def put(
    office: Office, tx: Transaction, school: str, moment: Moment, definition: reader.Reading
) -> records.Programme:
    """Put a programme into the store as it happened."""
    methodology = definition.or_refuse()
    at = next((at for _, at, _ in _events(moment.snapshot)), moment.now)
    tx.add_school(school, school, "Europe/Moscow", at)
    row = tx.start(school, "2026/27", office.keep_bundle(definition), methodology.id, at)
    for role, codes in moment.snapshot.holders.items():
        tx.session.add_all(records.Assignment(school=school, code=code, role=role) for code in codes)
    for _, _, write in sorted(_events(moment.snapshot), key=lambda each: each[0]):
        write(tx, row, methodology)
    return row


def _events(snapshot: Snapshot) -> Iterator[tuple[int, datetime, Any]]:
    for place, put in (
        (snapshot.versions, _version), (snapshot.facts, _fact),
        (snapshot.decisions, _decision), (snapshot.waivers, _waiver),
    ):  # fmt: skip
        for path, keys in place.items():
            for key, events in keys.items():
                for each in events:
                    yield each.seq, each.at, put(path, key, each)
    moment = snapshot.closed_at or datetime.fromisoformat("2026-09-01T09:00:00+03:00")
    for stage, seq in snapshot.stages_done.items():
        yield seq, moment, _stage(stage, moment)
    if snapshot.closed is not None:
        yield snapshot.closed, moment, _stage("", moment)


def _version(path: str, key: str, each: Version) -> Any:
    return lambda tx, row, methodology: tx.accept(
        row, path, key, each.data, each.at, origin=each.origin, by=each.by, inputs=each.inputs,
        task_digest=each.task_digest, occurrence=each.occurrence, of_school=methodology.artefact(path).of_school,
    )  # fmt: skip


def _fact(path: str, key: str, each: Fact) -> Any:
    return lambda tx, row, _: tx.fact(
        row, path, key, each.kind, each.at, by=each.by, note=each.note, inputs=each.inputs
    )


def _decision(path: str, key: str, each: Decision) -> Any:
    return lambda tx, row, _: tx.decide(row, path, key, each)


def _waiver(path: str, key: str, each: Waiver) -> Any:
    return lambda tx, row, _: tx.waive(row, path, key, each)


def _stage(stage: str, at: datetime) -> Any:
    return lambda tx, row, _: tx.stage_done(row, stage, at)
