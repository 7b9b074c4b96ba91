"""Executes one task of a programme: values in, the catalogue's function, results recorded in one transaction.

Knows no Prefect; `flows.execute` wraps it into the one task that Prefect sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows.engine.steps import Run
from flows.gather import Gatherer, Result
from flows.office import Office
from flows.store import records
from flows.store.transaction import Transaction
from schemas.model import Methodology
from schemas.problems import NOWHERE, Location, Refusal
from schemas.sources import Pointer
from schemas.stage import TaskSpec
from schemas.validation import violations
from tasks.catalogue import LONG, function
from tasks.child import ChildFailed, call

LEASE_SECONDS = 120.0
DEFAULT_TIMEOUT = 120.0


class PublicError(Exception):
    """A failure that may be seen anywhere: a code, no values, no text of anybody's."""


def perform(
    office: Office, number: int, path: str, keys: list[str], token: int, now: datetime
) -> dict[str, str]:
    """Do a task for some keys and return digests of what was made; PublicError where it failed.

    A failed attempt is recorded before the error leaves: the store counts attempts, not the caller.
    """
    with office.store.read() as view:
        programme = view.programme_by_id(number)
        standing = office.standing(view, programme, now)
        gatherer = Gatherer(office, programme, standing, view.school(programme.school).title)
        task = standing.methodology.task(path)
    inputs = {key: standing.work.inputs(task, key) for key in keys}
    answers = {key: standing.work.collected(task, key) for key in keys}
    occasions = {key: version.occurrence for key, version in answers.items() if version}
    work = _Work(office, number, task, keys, token, now, inputs, occasions)
    try:
        values = gatherer.values(task, keys)
        answer = _called(task, values)
        results = list(gatherer.results(task, keys, values, answer))
        _check(standing.methodology, task, results)
    except Exception as error:
        code = _code(error)
        work.fail(code)
        raise PublicError(f"{path}: {code}") from None
    return work.record(results)


def _called(task: TaskSpec, values: dict[str, Any]) -> dict[str, Any]:
    seconds = task.timeout.total_seconds() if task.timeout else DEFAULT_TIMEOUT
    if task.uses in LONG:
        return call(task.uses, values, seconds)
    return function(task.uses)(values)


def _check(methodology: Methodology, task: TaskSpec, results: list[Result]) -> None:
    """Refuse to record what does not fit its schema: a fault of ours that must not become a paper."""
    for result in results:
        if result.printed or task.writes is None:
            continue
        spec = methodology.stages[task.stage].artefacts[task.writes]
        found = violations(methodology.schema_of(spec), result.data, _nowhere, "D")
        if found:
            raise Refusal(found)


def _nowhere(pointer: Pointer, *, key: bool = False) -> Location:
    return NOWHERE


def _code(error: Exception) -> str:
    """What may be told of a failure: a code of ours, or the kind of the error – never its text."""
    if isinstance(error, Refusal):
        return error.problems[0].code
    if isinstance(error, ChildFailed):
        return str(error.args[0])
    return type(error).__name__


class _Work:
    """One execution, recorded whole: papers, facts and letters of all its keys, or the failure."""

    def __init__(
        self, office: Office, number: int, task: TaskSpec, keys: list[str], token: int, now: datetime,
        inputs: Mapping[str, Mapping[str, str]], occasions: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.office, self.number, self.task, self.keys = office, number, task, keys
        self.token, self.now, self.inputs, self.occasions = token, now, inputs, occasions

    def fail(self, code: str) -> None:
        with self.office.store.write() as transaction:
            programme = transaction.programme_by_id(self.number)
            transaction.fence(programme, self.token)
            for key in self.keys:
                transaction.fact(programme, self.task.path, key, "failed", self.now, note=code)

    def record(self, results: list[Result]) -> dict[str, str]:
        with self.office.store.write() as transaction:
            programme = transaction.programme_by_id(self.number)
            transaction.renew(programme, self.token, LEASE_SECONDS)
            news = programme.dirty
            wanted = self._still_wanted(transaction, programme)
            found = {
                result.key: self._one(transaction, programme, result)
                for result in results
                if result.key in wanted
            }
            programme.dirty = news  # what this reconcile made itself is no news to it
            return found

    def _still_wanted(self, transaction: Transaction, programme: records.Programme) -> set[str]:
        """Keys that the engine still asks for on just these inputs: looked at again inside the transaction."""
        plan = self.office.settle(transaction, programme, self.now)
        runs = [step for step in plan.steps if isinstance(step, Run) and step.task == self.task.path]
        return {
            key
            for run in runs
            for key, inputs in run.inputs.items()
            if dict(inputs) == dict(self.inputs.get(key, {}))
        }

    def _one(self, transaction: Transaction, programme: records.Programme, result: Result) -> str:
        for key, body in result.letters:
            transaction.post(programme, key, body, self.now)
        inputs = self.inputs[result.key]
        if result.printed:
            transaction.fact(
                programme, self.task.path, result.key, "printed", self.now, note=result.printed, inputs=inputs
            )
            return result.printed
        seq = transaction.accept(
            programme,
            f"{self.task.stage}/{self.task.writes}",
            result.key,
            result.data,
            self.now,
            origin="made",
            inputs=inputs,
            task_digest=self.task.digest,
            occurrence=self._occurrence(result.key),
        )
        return transaction.digest_of(seq)

    def _occurrence(self, key: str) -> str:
        """What tells records of recurring work apart: the day of the answers, else the day of the making."""
        if not self.task.every:
            return ""
        return self.occasions.get(key) or self.now.date().isoformat()
