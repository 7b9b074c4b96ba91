"""One scenario being played: each of its steps on a player, each expectation told as a problem or met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import isodate

from flows.engine import decisions, moments
from flows.engine.decisions import Request
from flows.engine.expectations import unmet
from flows.engine.handing import Handing, keys_of, strangers
from flows.engine.player import Player, clock
from flows.engine.reasons import parted
from schemas.messages import said
from schemas.model import Methodology
from schemas.problems import NOWHERE, Problem, problem
from schemas.sources import Pointer, Source
from schemas.stage import Checkpoint
from schemas.validation import violations

ZONE = ZoneInfo("Europe/Moscow")
Data = Mapping[str, Any]


class Scene:
    """One scenario being played."""

    def __init__(self, methodology: Methodology, source: Source, earlier: Player | None) -> None:
        self.source, data = source, source.data
        if earlier is not None:
            changed = earlier.methodology is not methodology
            self.player = earlier.branch(_with(methodology, earlier.params) if changed else None)
            self.handing = Handing(self.player, source)
            return
        staff = {
            name: data.get("holders", {}).get(name, () if role.body else (name,))
            for name, role in methodology.roles.items()
            if role.of is None
        }
        params = data.get("params", {})
        self.player = Player(_with(methodology, params), data["year"], clock(data["starts"], ZONE), staff)
        self.player.params = params
        self.handing = Handing(self.player, source)
        self.player.settle()

    def play(self, *, brief: bool) -> Iterator[Problem]:
        """Play the steps; a step that goes wrong is the last, an expectation that is not met is not."""
        for index, step in enumerate(self.source.data["steps"]):
            here: Pointer = ("steps", index)
            action = next((name for name in step if hasattr(self, f"_{name}")), None)
            if "expect" in step:
                for told in unmet(self.player, self.source, (*here, "expect")):
                    yield told
                    if brief:
                        return
            elif action and (wrong := self._act(here, step, action)):
                yield from wrong
                return

    def _act(self, here: Pointer, step: Data, action: str) -> list[Problem]:
        try:
            found = list(getattr(self, f"_{action}")(here, step))
            if not found:
                self.player.settle()
        except OverflowError:  # past the last day that there is a date for
            return [problem("X21", self.source.at((*here, action)))]
        return self._judged((*here, action), step.get("refused"), found)

    def _judged(self, here: Pointer, wanted: str | None, found: list[Problem]) -> list[Problem]:
        at = self.source.at(here)
        if not found:
            return [problem("X11", at, code=wanted)] if wanted else []
        if found[0].code[0] == "X":  # the step itself says too little
            return found[:1]
        told = [said("told", code=each.code, problem=each) for each in found]
        if wanted is None:
            named = [
                problem("X10", at if each.at == NOWHERE else each.at, told=words, code=each.code)
                for each, words in zip(found, told, strict=True)
            ]
            return sorted(named, key=lambda each: each.order)
        if wanted not in {each.code for each in found}:
            return [problem("X12", at, told=told[0], found=found[0].code, code=wanted)]
        return []

    def _hand(self, here: Pointer, step: Data) -> Iterator[Problem]:
        return self.handing.hand(here, step)

    # --- deciding ----------------------------------------------------------------------------

    def _decide(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = parted(step["decide"])
        gate = self.player.methodology.checkpoint(path)
        role = step.get("as") or next(iter(gate.sign_off.values())).role
        request = Request(
            step.get("verdict", "approve"), role, step.get("by") or self._signer(gate, role),
            step.get("number", ""), self._day(step.get("date")), reason=step.get("reason", ""),
            choice=step.get("choice", ""),
        )  # fmt: skip
        standing = self.player.standing
        ready = [
            each
            for each in standing.gate_keys(gate)
            if any(entry.role == role for entry in standing.gates.gate(gate, each).next)
        ]
        keys = keys_of(step, key, ready) if gate.register else [""]
        if not keys:
            yield problem("X18", self.source.at((*here, "decide")), item=path)
        unknown_keys = strangers(self.player, gate.register, keys)
        yield from unknown_keys
        for each in () if unknown_keys else keys:
            yield from self.player.decide(path, each, request)

    def _signer(self, gate: Checkpoint, role: str) -> str:
        entry = next((each for each in gate.sign_off.values() if each.role == role), None)
        body = self.player.methodology.roles[role].body
        return next(
            iter(self.player.holders.get((entry.recorded_by if entry and body else role) or role, ())), ""
        )

    def _day(self, text: str | None) -> date | None:
        today = moments.local_day(self.player.now, self.player.zone)
        return today if text == "today" else date.fromisoformat(text) if text else None

    def _waive(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = parted(step["waive"])
        gate = self.player.methodology.checkpoint(path)
        asked_for = next((each for each in gate.requires if each.id == step["requirement"]), None)
        role = step.get("as") or (asked_for.waive.who[0] if asked_for and asked_for.waive else "")
        by = step.get("by") or next(iter(self.player.holders.get(role, ())), "")
        keys = keys_of(step, key, self.player.standing.gate_keys(gate)) if gate.register else [""]
        unknown_keys = strangers(self.player, gate.register, keys)
        yield from unknown_keys
        for each in () if unknown_keys else keys:
            yield from self.player.let_go(path, each, step["requirement"], role, by, step.get("reason", ""))

    def _reopen(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = parted(step["reopen"])
        stage = self.player.methodology.stages[path.split("/")[0]]
        role = next(iter(stage.may_reopen), "")
        by = step.get("by") or next(iter(self.player.holders.get(role, ())), "")
        found = decisions.reopen(self.player.standing, stage.id, by, step.get("reason", ""))
        yield from found
        if found:
            return
        task = self.player.methodology.task(path)
        for each in keys_of(step, key, self.player.standing.task_keys(task)) or [""]:
            self.player.note(path, each, "reopened")

    # --- the engine and the clock ------------------------------------------------------------

    def _result(self, here: Pointer, step: Data) -> Iterator[Problem]:
        task = self.player.methodology.task(step["result"])
        spec = self.player.methodology.artefact(f"{task.stage}/{task.writes}")
        schema = self.player.methodology.schemas[spec.schema]
        data = step.get("data", {})
        yield from violations(
            schema, data, lambda pointer, *, key=False: self.handing.inside(here, step, pointer), "D"
        )
        self.player.results[task.path] = data

    def _fail(self, here: Pointer, step: Data) -> Iterator[Problem]:
        self.player.failing.add(step["fail"])
        return iter(())

    def _mend(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path = step["mend"]
        self.player.failing.discard(path)
        task = self.player.methodology.task(path)
        for key in self.player.standing.task_keys(task):
            if self.player.standing.progress.incident(task, key):
                self.player.note(path, key, "cleared")
        return iter(())

    def _wait(self, here: Pointer, step: Data) -> Iterator[Problem]:
        length = isodate.parse_duration(step["wait"])
        local = self.player.now.astimezone(self.player.zone)
        self.player.pass_until(local + length if isinstance(length, timedelta) else length + local)
        return iter(())

    def _until(self, here: Pointer, step: Data) -> Iterator[Problem]:
        target = clock(step["until"], self.player.zone)
        if target < self.player.now:
            now = moments.local_day(self.player.now, self.player.zone)
            at = self.source.at((*here, "until"))
            yield problem("X20", at, until=date.fromisoformat(step["until"]), now=now)
            return
        self.player.pass_until(target)


def _with(methodology: Methodology, params: Mapping[str, Data]) -> Methodology:
    """The methodology with other values of params, of the types that they have."""
    if not params:
        return methodology
    stages = {
        name: replace(
            stage,
            params={
                key: type(value)(params.get(name, {}).get(key, value)) for key, value in stage.params.items()
            },
        )
        for name, stage in methodology.stages.items()
    }
    return replace(methodology, stages=stages)
