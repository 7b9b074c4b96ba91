"""Who is to be matched: mentees in no live group, mentors with seats left, what was sent back.

`mentor` and `mentee` are words of the language here, as in `forms`: the two sides of a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.engine.gates import Gates
from flows.engine.members import Members
from flows.engine.papers import Papers
from flows.engine.progress import Progress
from flows.engine.rulings import History
from flows.engine.snapshot import Member, Snapshot
from schemas.conditions import evaluate
from schemas.digests import digest
from schemas.model import Methodology, Register
from schemas.stage import TaskSpec

SIDES = ("mentor", "mentee")
GROUP_CODE = "Г-{:02d}"


@dataclass(frozen=True)
class Pool:
    """The input of a matching task beside the papers that it reads."""

    mentees: Mapping[str, Mapping[str, Any]]
    mentors: Mapping[str, Mapping[str, Any]]
    seats: Mapping[str, int]
    refused: list[list[Any]] = field(default_factory=list)  # [mentor, [mentees]]
    kept: Mapping[str, str] = field(default_factory=dict)  # mentee → the code its group keeps

    @property
    def digest(self) -> str:
        """Changes when anybody's row, seats or refusals change."""
        return digest([self.mentees, self.mentors, self.seats, self.refused])


class Pools:
    """Pools of one snapshot."""

    def __init__(
        self,
        methodology: Methodology,
        snapshot: Snapshot,
        members: Members,
        papers: Papers,
        progress: Progress,
        gates: Gates,
    ) -> None:
        self.methodology, self.snapshot = methodology, snapshot
        self.members, self.papers, self.progress, self.gates = members, papers, progress, gates
        self._pools: dict[str, Pool] = {}

    def group_register(self, task: TaskSpec) -> Register | None:
        """The register of groups whose table stands in the task's stage."""
        for register in self.methodology.registers.values():
            if set(register.members) == set(SIDES) and register.table.startswith(f"{task.stage}/"):
                return register
        return None

    def pool(self, task: TaskSpec) -> Pool:
        """Who is to be matched by a task."""
        if task.path not in self._pools:
            self._pools[task.path] = self._find(task)
        return self._pools[task.path]

    def _find(self, task: TaskSpec) -> Pool:
        groups = self.group_register(task)
        if groups is None:
            return Pool({}, {}, {})
        back = self.sent_back(task, groups.id)
        busy = [key for key in self.members.live(groups.id) if key not in back]
        taken: dict[str, int] = {}
        placed: set[str] = set()
        for key in busy:
            parts = self.members.parts(Member(groups.id, key))
            placed.update(parts["mentee"])
            for mentor in parts["mentor"]:
                taken[mentor] = taken.get(mentor, 0) + len(parts["mentee"])
        rows = {side: self._rows(task, side) for side in SIDES}
        left = self._left(groups.id)
        mentees = {key: row for key, row in rows["mentee"].items() if key not in placed and key not in left}
        seats = {key: int(row.get("slots", 1)) - taken.get(key, 0) for key, row in rows["mentor"].items()}
        mentors = {key: row for key, row in rows["mentor"].items() if seats[key] > 0}
        kept = {
            mentee: key for key in back for mentee in self.members.parts(Member(groups.id, key))["mentee"]
        }
        return Pool(mentees, mentors, {key: seats[key] for key in mentors}, self._refused(groups.id), kept)

    def _rows(self, task: TaskSpec, side: str) -> Mapping[str, Mapping[str, Any]]:
        stage = self.methodology.stages[task.stage]
        for name in task.reads:
            if self.papers.table_of(self.papers.named(stage, name)) == side:
                need = stage.needs.get(name)
                keys = self.papers.passed_keys(side, need.passed if need else None)
                rows = self.members.rows(side)
                return {key: rows[key].data for key in keys}
        return {}

    def sent_back(self, task: TaskSpec, register: str) -> list[str]:
        """Live groups that were sent back to this task and wait for it."""
        found = []
        for key in self.members.live(register):
            for stage in self.methodology.stages.values():
                for gate in stage.checkpoints.values():
                    if gate.register != register:
                        continue
                    history = History.of(gate, self.snapshot.decisions_on(gate.path, key))
                    choice = gate.on_return.get(history.returned.choice) if history.returned else None
                    pending = choice and task.path in choice.reopen
                    if pending and self.gates.gate(gate, key).state == "returned":
                        found.append(key)
        return found

    def _refused(self, register: str) -> list[list[Any]]:
        """Combinations that a gate sent back: each mentor with the mentees it stood beside then."""
        found: list[list[Any]] = []
        for stage in self.methodology.stages.values():
            for gate in stage.checkpoints.values():
                if gate.register != register:
                    continue
                for key, decisions in self.snapshot.decisions.get(gate.path, {}).items():
                    for decision in decisions:
                        row = self.members.row_at(Member(register, key), decision.seq)
                        if (
                            decision.verdict == "return"
                            and row
                            and self._rematches(gate.on_return, decision.choice)
                        ):
                            parts = self.members.parts(Member(register, key), row)
                            found.extend([mentor, parts["mentee"]] for mentor in parts["mentor"])
        return found

    def _rematches(self, choices: Mapping[str, Any], choice: str) -> bool:
        reopened = choices[choice].reopen if choice in choices else ()
        return any(self.methodology.task(path).uses == "matching" for path in reopened)

    def _left(self, register: str) -> set[str]:
        """Mentees of groups that ended with `next: leave`."""
        found: set[str] = set()
        for key in self.members.rows(register):
            group = Member(register, key)
            ending = self.members.ending(group)
            if ending and ending.leave:
                found.update(self.members.parts(group)["mentee"])
        return found

    def unplaced(self, task: TaskSpec) -> list[str]:
        """Free mentees that the table of groups does not mention, or that a newer proposal places."""
        groups = self.group_register(task)
        pool = self.pool(task)
        if groups is None:
            return []
        table = self.members.table(groups.id)
        mentioned = {each.get("code") for each in (table[-1].data.get("unmatched", ()) if table else ())}
        spec = self.methodology.stages[task.stage].artefacts[str(task.writes)]
        proposal = self.papers.latest(spec)
        offered: set[str] = set()
        if proposal and (not table or proposal.seq > table[-1].seq):
            offered = {
                key for row in proposal.data.get("rows", ()) for key in row.get(groups.members["mentee"], ())
            }
        return [key for key in pool.mentees if key not in mentioned or key in offered]

    def portraits(
        self, rows: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> dict[str, dict[str, list[str]]]:
        """For each side's rows by code, the forms whose portrait each row meets."""
        return {
            side: {
                key: [
                    form.id
                    for form in self.methodology.forms.values()
                    if side not in form.portraits or evaluate(form.portraits[side], {"row": row}).holds
                ]
                for key, row in those.items()
            }
            for side, those in rows.items()
        }
