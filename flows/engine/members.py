"""Registers and their members: who is there, who ended and why, who came late, who stands in which group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flows.engine.rulings import History
from flows.engine.snapshot import Member, Row, Snapshot, Version
from schemas.model import Methodology, Register


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a member takes no further part; `leave` keeps the group's mentees out of the next matching."""

    cause: str
    seq: int
    by: str = ""
    leave: bool = False


class Members:
    """The registers of one snapshot. Looks at tables, decisions and `ends` only, never at gates."""

    def __init__(self, methodology: Methodology, snapshot: Snapshot) -> None:
        self.methodology, self.snapshot = methodology, snapshot
        self._endings: dict[Member, Ending | None] = {}
        self._rows: dict[str, Mapping[str, Row]] = {}
        self._live: dict[str, list[str]] = {}

    # --- tables ------------------------------------------------------------------------------

    def table(self, register: str) -> Sequence[Version]:
        """Versions of the register's table."""
        return self.snapshot.versions_of(self.methodology.registers[register].table)

    def rows(self, register: str) -> Mapping[str, Row]:
        """Rows of the table as it stands."""
        if register not in self._rows:
            versions = self.table(register)
            key = self.methodology.registers[register].key
            self._rows[register] = versions[-1].rows_by(key) if versions else {}
        return self._rows[register]

    def row_at(self, member: Member, seq: int) -> Row | None:
        """The member's row as it stood before `seq`."""
        key = self.methodology.registers[member.register].key
        for version in reversed(self.table(member.register)):
            if version.seq < seq:
                return version.rows_by(key).get(member.key)
        return None

    def row(self, member: Member) -> Row | None:
        """The member's row."""
        return self.rows(member.register).get(member.key)

    def ever(self, register: str) -> bool:
        """Whether the table ever had a row: an empty register passes no gate."""
        key = self.methodology.registers[register].key
        return any(version.rows_by(key) for version in self.table(register))

    def live(self, register: str) -> list[str]:
        """Keys of the members that have not ended."""
        if register not in self._live:
            self._live[register] = [
                key for key in self.rows(register) if self.ending(Member(register, key)) is None
            ]
        return self._live[register]

    # --- endings -----------------------------------------------------------------------------

    def ending(self, member: Member) -> Ending | None:
        """Why the member ended, or None while it takes part."""
        if member not in self._endings:
            self._endings[member] = self._own_ending(member) or self._deserted(member)
        return self._endings[member]

    def _own_ending(self, member: Member) -> Ending | None:
        for gate in self.methodology.gates_of[member.register]:
            for decision in self.snapshot.decisions_on(gate.path, member.key):
                if decision.verdict == "reject":
                    return Ending("rejected", decision.seq, decision.by)
        for task in self.methodology.enders_of[member.register]:
            versions = self.snapshot.versions_of(f"{task.stage}/{task.writes}", member.key)
            for version in versions:
                if version.origin == "handed":
                    return Ending(task.path, version.seq, version.by, task.then.leave)
        return None

    def _deserted(self, member: Member) -> Ending | None:
        """A group ends when the last of its mentors, or of its mentees, has ended."""
        row = self.row(member)
        for register, keys in self.parts(member, row).items():
            endings = [self.ending(Member(register, key)) for key in keys]
            if keys and all(endings):
                last = max(each.seq for each in endings if each)
                return Ending(f"lost_{register}", last)
        return None

    # --- groups ------------------------------------------------------------------------------

    def parts(self, member: Member, row: Row | None = None) -> Mapping[str, list[str]]:
        """Of a group: register → the keys that stand in its row; empty for other members."""
        register = self.methodology.registers[member.register]
        row = row or self.row(member)
        if row is None:
            return {}
        return {name: list(row.data.get(field, ())) for name, field in register.members.items()}

    def groups_of(self, member: Member) -> list[Member]:
        """Live groups that the member stands in."""
        found = []
        for register in self._group_registers:
            versions = self.table(register.id)
            if versions and member.register in register.members:
                field_name = register.members[member.register]
                for key in versions[-1].places(register.key, field_name).get(member.key, ()):
                    group = Member(register.id, key)
                    if self.ending(group) is None:
                        found.append(group)
        return found

    @cached_property
    def _group_registers(self) -> list[Register]:
        return [each for each in self.methodology.registers.values() if each.members]

    def translate(self, member: Member, register: str | None, seq: int | None = None) -> list[str]:
        """The member at hand in the terms of another register: a mentee's groups, a group's mentors.

        `seq` asks for the rows as they stood then; the empty key stands for the whole programme.
        """
        if register is None:
            return [""]
        if register == member.register:
            return [member.key]
        row = self.row_at(member, seq) if seq is not None else None
        parts = self.parts(member, row)
        if register in parts:
            return parts[register]
        return [group.key for group in self.groups_of(member) if group.register == register]

    # --- intake ------------------------------------------------------------------------------

    def closed_at(self, register: str) -> int | None:
        """The seq at which the intake was first approved, or None while it is open."""
        for gate in self.methodology.intakes[register]:
            completed = History.of(gate, self.snapshot.decisions_on(gate.path)).completed_at
            if completed is not None:
                return completed
        return None

    def late(self, member: Member) -> bool:
        """Whether the member's row came after the intake was closed."""
        closed = self.closed_at(member.register)
        if closed is None:
            return False
        key = self.methodology.registers[member.register].key
        before = [version for version in self.table(member.register) if version.seq < closed]
        return not any(member.key in version.rows_by(key) for version in before)
