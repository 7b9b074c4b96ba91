"""The year again, kept in a real SQLite: arrivals and steps are transactions, each pass reads it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from flows.engine.snapshot import Snapshot
from flows.engine.steps import ENGINE_STEPS, CloseYear, FinishStage, Plan
from flows.store import records
from flows.store.store import Store
from flows.store.transaction import Transaction
from tests.benchmarks.school import STAFF, Year


class Shelf:
    """Stands where `Play` keeps lists: `shelf[path][key].append(value)` goes to the store."""

    def __init__(self, keep: Callable[..., object], *place: str) -> None:
        self.keep, self.place = keep, place

    def __getitem__(self, name: str) -> Shelf:
        return Shelf(self.keep, *self.place, name)

    def append(self, value: Any) -> None:
        """Keep a value."""
        self.keep(*self.place, value)


class StoredYear(Year):
    """A year in a store; `cold` opens the store anew for each arrival, as a new process would."""

    def __init__(self, folder: Path, *, cold: bool = False) -> None:
        super().__init__()
        self.folder, self.cold = folder, cold
        self.open: Transaction | None = None
        self.store = self._opened()
        SQLModel.metadata.create_all(self.store.engine)
        with self.store.write() as tx:
            tx.add_school("s", "Школа", "Europe/Moscow", self.now)
            tx.start("s", self.year, "", "target_model", self.now)
            for role, codes in STAFF.items():
                tx.session.add_all(records.Assignment(school="s", code=code, role=role) for code in codes)
        self.versions, self.facts = Shelf(self._version), Shelf(self._fact)
        self.decisions, self.waivers = Shelf(self._decision), Shelf(self._waiver)

    def _opened(self) -> Store:
        return Store(f"sqlite:///{self.folder / 'year.db'}", self.folder)

    def _write(self, keep: Callable[[Transaction, Any], object]) -> None:
        if self.open:
            keep(self.open, self.open.programme("s"))
            return
        with self.store.write() as tx:
            keep(tx, tx.programme("s"))

    def _version(self, path: str, key: str, each: Any) -> None:
        of_school = self.methodology.artefact(path).of_school
        self._write(
            lambda tx, programme: tx.accept(
                programme, path, key, each.data, each.at, origin=each.origin, by=each.by, inputs=each.inputs,
                task_digest=each.task_digest, occurrence=each.occurrence, of_school=of_school,
            )
        )  # fmt: skip

    def _fact(self, task: str, key: str, each: Any) -> None:
        self._write(
            lambda tx, programme: tx.fact(programme, task, key, each.kind, each.at, inputs=each.inputs)
        )

    def _decision(self, gate: str, key: str, each: Any) -> None:
        self._write(lambda tx, programme: tx.decide(programme, gate, key, each))

    def _waiver(self, gate: str, key: str, each: Any) -> None:
        self._write(lambda tx, programme: tx.waive(programme, gate, key, each))

    def settle(self) -> Plan:
        while True:
            self.last = self.plan()
            steps = [step for step in self.last.steps if isinstance(step, ENGINE_STEPS)]
            if not steps:
                return self.last
            with self.store.write() as self.open:  # the steps of a pass are kept together
                for step in steps:
                    self.do(step)
            self.open = None

    def do(self, step: Any) -> None:
        if isinstance(step, FinishStage | CloseYear):
            stage = getattr(step, "stage", "")
            self._write(lambda tx, programme: tx.stage_done(programme, stage, self.now))
        super().do(step)

    def answer(self, step: Any, plan: Any) -> Any:
        if self.cold:
            self.store.close()
            self.store = self._opened()
        return super().answer(step, plan)

    @property
    def snapshot(self) -> Snapshot:
        with self.store.read() as tx:
            return tx.snapshot(tx.programme("s"))
