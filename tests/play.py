"""Plays a programme on the pure engine: the engine's player with the shorthand that tests want."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.engine.decisions import Request
from flows.engine.player import Player, clock
from flows.engine.steps import ENGINE_STEPS
from schemas import reader
from schemas.model import Methodology
from schemas.problems import Problem

SMALL = Path(__file__).parent / "methodologies" / "small"
ZONE = ZoneInfo("Europe/Moscow")
HOLDERS = {"director": ["D"], "curator": ["C"], "council": []}


class Play(Player):
    """One programme with a director D and a curator C; what is refused fails the test."""

    group_code = "G{}"

    def __init__(self, methodology: Methodology, year: str = "2026/27", start: str = "2026-09-01") -> None:
        super().__init__(methodology, year, clock(start, ZONE), HOLDERS)

    # --- people ------------------------------------------------------------------------------

    def hand(self, path: str, data: Any, key: str = "", by: str = "C") -> None:
        """Somebody hands in a paper; then the engine does what it can."""
        self.accept(path, key, data, by)
        self.settle()

    def sign(
        self, gate: str, role: str, key: str = "", verdict: str = "approve", by: str = "", **rest: Any
    ) -> None:
        """Somebody decides on a gate."""
        refused = self.try_sign(gate, role, key, verdict, by, **rest)
        assert refused == [], [problem.code for problem in refused]

    def try_sign(
        self, gate: str, role: str, key: str = "", verdict: Any = "approve", by: str = "", **rest: Any
    ) -> list[Problem]:
        by = by or {"director": "D"}.get(role, "C")
        given: Any = {"number": "1", "date": self.now.date(), "reason": "причина", **rest}
        refused = self.decide(gate, key, Request(verdict, role, by, **given))
        self.settle()
        return refused

    def waive(self, gate: str, requirement: str, role: str, key: str = "", by: str = "") -> None:
        refused = self.let_go(gate, key, requirement, role, by or {"director": "D"}.get(role, "C"), "так")
        assert refused == [], [problem.code for problem in refused]
        self.settle()

    def reopen(self, path: str, key: str = "") -> None:
        self.note(path, key, "reopened")
        self.settle()

    def clear(self, path: str, key: str = "") -> None:
        self.failing.discard(path)
        self.note(path, key, "cleared")
        self.settle()

    def wait(self, *, days: int = 0, until: str = "") -> None:
        self.pass_until(clock(until, ZONE) if until else self.now + timedelta(days=days))

    # --- looking -----------------------------------------------------------------------------

    def paper(self, path: str, key: str = "") -> str:
        return self.standing.paper_state(self.methodology.artefact(path), key)

    def gate(self, path: str, key: str = "") -> Any:
        return self.standing.gates.gate(self.methodology.checkpoint(path), key)

    def task(self, path: str, key: str = "") -> Any:
        return self.standing.work.task(self.methodology.task(path), key)

    def stage(self, name: str) -> Any:
        return self.standing.stage(self.methodology.stages[name])

    def asked(self) -> list[str]:
        """What people are asked for, one line each."""
        lines = []
        for step in self.plan().steps:
            if isinstance(step, ENGINE_STEPS):
                continue
            kind = type(step).__name__
            item = (
                getattr(step, "task", None) or getattr(step, "gate", None) or getattr(step, "artefact", None)
            )
            key = getattr(step, "key", "") or (step.group.key if kind == "Mend" else "")
            lines.append(f"{kind} {item or 'group'} {key}".strip())
        return lines


def small() -> Methodology:
    """The small methodology."""
    return reader.read_folder(SMALL).or_refuse()


def mentee(code: str, **rest: Any) -> dict[str, Any]:
    return {"code": code, "form": "any", "minor": False, **rest}


def mentor(code: str, slots: int = 1) -> dict[str, Any]:
    return {"code": code, "form": "any", "slots": slots}


def started(play: Play, rules: Any = None) -> Play:
    """Stage `start` behind us."""
    play.settle()
    play.hand("start/rules", rules or {"text": "Правила"})
    play.hand("start/plan", {"text": "План", "items": ["а", "б"]})
    play.sign("start/agreed", "council")
    play.sign("start/agreed", "curator")
    play.sign("start/agreed", "director")
    play.sign("start/begun", "director")
    return play


def based(play: Play, mentees: int = 2, mentors: int = 2, slots: int = 1, rules: Any = None) -> Play:
    """Both bases handed in, everybody ready, both intakes closed."""
    started(play, rules)
    play.hand("base/mentees", {"rows": [mentee(f"m{i}") for i in range(1, mentees + 1)]})
    play.hand("base/mentors", {"rows": [mentor(f"t{i}", slots) for i in range(1, mentors + 1)]})
    for i in range(1, mentees + 1):
        play.hand("base/consents", {"status": "in_force"}, f"m{i}", by="C")
        play.sign("base/mentee_ready", "curator", f"m{i}")
    for i in range(1, mentors + 1):
        play.hand("base/checks", {"status": "in_force"}, f"t{i}")
        play.sign("base/mentor_ready", "curator", f"t{i}")
    play.sign("base/mentees_closed", "curator")
    play.sign("base/mentors_closed", "curator")
    return play


def paired(play: Play, **sizes: int) -> Play:
    """The proposal confirmed, agreements made, every group approved, nobody lost."""
    based(play, **sizes)
    confirm(play)
    for key in play.standing.members.live("group"):
        play.hand("pairing/agreements", {"text": "да"}, key)
        play.sign("pairing/group_approved", "director", key)
    play.sign("pairing/nobody_lost", "curator")
    return play


def confirm(play: Play, *, keep: bool = True) -> None:
    """The curator takes the proposal as it is, beside the groups that are there."""
    proposal = play.versions["pairing/proposal"][""][-1].data
    table = play.versions["pairing/pairs"][""]
    new = {row["group"] for row in proposal["rows"]}
    old = [row for row in table[-1].data["rows"] if row["group"] not in new] if table and keep else []
    play.hand("pairing/pairs", {"rows": [*old, *proposal["rows"]], "unmatched": proposal["unmatched"]})


def worked(play: Play, key: str) -> None:
    """A group lives through its year."""
    play.hand("work/first", {"text": "познакомились"}, key)
    play.hand("work/meetings", {"date": "2026-11-01"}, key)
    play.hand("work/meetings", {"date": "2026-11-15"}, key)
    play.hand("work/final", {"text": "всё"}, key)
    play.sign("work/group_done", "curator", key)
