"""Judges every single change of an overlay by the policy that the methodology states, and says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas import strictness
from schemas.document import holds_ids, kinds, required_at
from schemas.layers import ABSENT, Change, Layered, value_at
from schemas.messages import hint, said
from schemas.policies import KINDS_OF_FILE, Policy, locked_inside, names_the_place, policy_of, stricter_below
from schemas.problems import Problem, problem
from schemas.rules.sources import level_of
from schemas.sources import Pointer, Source
from schemas.validation import written

_CONDITIONS = frozenset({"check", "when", "where"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """One change of an overlay: what it does, under which pattern of the policy, and the code of a refusal.

    `inside` is the place below the change that is refused, where it is not the change itself.
    """

    change: Change
    policy: Policy
    pattern: str = ""
    refused: str = ""
    inside: Pointer = ()


def dotted(path: Pointer) -> str:
    """A path as people write it."""
    return ".".join(map(str, path))


def conditions_in(value: Any) -> set[str]:
    """The texts of all conditions below a value."""
    if isinstance(value, list):
        return set().union(*map(conditions_in, value)) if value else set()
    if not isinstance(value, Mapping):
        return set()
    own = {str(each) for key, each in value.items() if key in _CONDITIONS and isinstance(each, str)}
    return own.union(*map(conditions_in, value.values())) if value else own


class Judge:
    """Judges the changes of one overlay on one document."""

    def __init__(self, before: Layered, after: Layered, overlay: Source, made: list[Change]) -> None:
        self.before, self.after, self.overlay = before, after, overlay
        self.own = {change.path for change in made if change.before is ABSENT}
        year = before.data["calendar"]["year"]
        self.year = (str(year["starts"]), str(year["ends"]))

    def judged(self, change: Change) -> Judgement:
        """The policy of a change, and why it may not be."""
        path = change.path
        if "extra" in kinds(path):
            return Judgement(change, "free")
        if (place := self._policy_entry(path)) is not None:
            return Judgement(change, "tighten", "overlay", self._policy_change(change, place))
        policy, pattern = policy_of(self.before.data, path)
        if change.before is ABSENT and change.after is ABSENT:
            return Judgement(change, policy, pattern, "O05")
        if change.before is not ABSENT and not conditions_in(_holding(change.before, path)) <= conditions_in(
            _holding(change.after, path)
        ):
            if change.after is not ABSENT:
                return Judgement(change, policy, pattern, "O07" if path[-1] in _CONDITIONS else "O26")
            if policy != "free":
                return Judgement(change, policy, pattern, "O03" if policy == "locked" else "O08")
        deeper = stricter_below(self.before.data, path) if change.before is not ABSENT else None
        if policy == "free" and deeper:
            return Judgement(change, *deeper, refused="O03")
        refused = self._refused(policy, pattern, change)
        if not refused and change.before is ABSENT:
            if locked := locked_inside(self.before.data, path, change.after):
                return Judgement(change, "locked", locked[1], "O03", locked[0])
            if self._closes_an_intake(path):
                return Judgement(change, policy, pattern, "O22")
        return Judgement(change, policy, pattern, refused)

    def _refused(self, policy: Policy, pattern: str, change: Change) -> str:
        match policy:
            case "free":
                return ""
            case "locked":
                return "O04" if change.before is ABSENT and self._near(change) else "O03"
            case "extend":
                if self._is_mistyped(change):
                    return "O04"
                if self._extends(change, pattern):
                    return ""
                return "O25" if change.before is ABSENT else "O06"
            case "tighten":
                return self._tightens(change)

    def _extends(self, change: Change, pattern: str) -> bool:
        path, old, new = change.path, change.before, change.after
        if old is ABSENT:
            if any(step == "when" for step in path[:-1]) or path[-1] == "when":
                return False  # a condition put on a rule that had none makes it hold less often
            if holds_ids(path[:-1]):
                return self._names(path[:-1], pattern) or not self._tightens(change)
            if holds_ids(path) and isinstance(new, Mapping):  # a map that was not there: each of its members
                members = [change._replace(path=(*path, key)) for key in new]
                return self._names(path, pattern) or not any(map(self._tightens, members))
        elif not (isinstance(old, list) and isinstance(new, list) and all(each in new for each in old)):
            return False
        return (isinstance(new, list) and self._names(path, pattern)) or not self._tightens(change)

    def _names(self, path: Pointer, pattern: str) -> bool:
        """Whether a pattern names a place itself, and not only something around it."""
        return names_the_place(self.before.data, path, pattern)

    def _tightens(self, change: Change) -> str:
        if change.path[0] == "stages" and len(change.path) == 5 and change.path[4] == "default":
            param = value_at(self.before.data, change.path[:-1])
            stricter = strictness.number(param.get("stricter", "higher"))(change.before, change.after)
            return {True: "", False: "O09", None: "O10"}[stricter]
        found = strictness.unit(change.path, self.year)
        if found is None:
            return "O10"
        path, compare = found
        stricter = compare(value_at(self.before.data, path), value_at(self.after.data, path))
        return {True: "", False: "O09", None: "O10"}[stricter]

    def _closes_an_intake(self, path: Pointer) -> bool:
        """Whether an addition makes one more gate close the intake of a register that is there already."""
        if path[0] != "stages" or "checkpoints" not in path[2:3]:
            return False
        tables = {each["rows"] for each in self.before.data["registers"].values()}
        gates = [path[:4]] if len(path) > 3 else [(*path, name) for name in value_at(self.after.data, path)]
        return any(
            f"{gate[1]}/{table}" in tables
            for gate in gates
            for table in _taken(value_at(self.after.data, gate)) - _taken(value_at(self.before.data, gate))
        )

    def _policy_entry(self, path: Pointer) -> Pointer | None:
        """Where the part stands whose policy a path belongs to; None for anything else."""
        if path[0] == "overlay":
            return ()
        return path[:2] if len(path) > 2 and path[0] in KINDS_OF_FILE and path[2] == "overlay" else None

    def _policy_change(self, change: Change, place: Pointer) -> str:
        """A policy may only become stricter; it is free for what this overlay itself adds."""
        if len(change.path) == len(place) + 1:  # the first policy of a part that had none
            if not isinstance(change.after, Mapping):
                return "O11"
            entries = change.after
        else:
            entries = {str(change.path[-1]): change.after}
        for pattern, after in entries.items():
            steps = tuple(pattern.split("."))
            if any((*place, *steps)[: len(own)] == own for own in self.own):
                continue
            narrower = change.before == "free" and after in ("tighten", "extend")
            if after != "locked" and not narrower:
                return "O11"
        return ""

    def _near(self, change: Change) -> bool:
        """Whether an added name looks like a mistyped one."""
        found = hint(str(change.path[-1]), self._siblings(change)).name
        return found not in ("nearest_none", "nearest_nothing")

    def _is_mistyped(self, change: Change) -> bool:
        """Whether an added part looks like one that is there and lacks what a new one must have."""
        wanted = required_at(change.path)
        lacks = not isinstance(change.after, Mapping) or not wanted <= set(change.after)
        return change.before is ABSENT and bool(wanted) and lacks and self._near(change)

    def _siblings(self, change: Change) -> set[str]:
        around = value_at(self.before.data, change.path[:-1])
        return {str(key) for key in around} if isinstance(around, Mapping) else set()

    def rule_of(self, judgement: Judgement) -> Pointer:
        """The rule that a refusal speaks of: what is changed in two places of one is told once."""
        path = judgement.inside or judgement.change.path
        found = strictness.unit(path, self.year) if judgement.refused in ("O07", "O09", "O10") else None
        return found[0] if found else path

    def told(self, judgement: Judgement) -> Problem:
        """The refusal of a change: its place in the overlay, and what the base says and why."""
        change, code = judgement.change, judgement.refused
        where = judgement.inside or change.path
        below = where[len(change.path) :]
        values: dict[str, object] = {"path": dotted(where), "why": self._why(where)}
        if code in ("O04", "O05"):
            values |= {"nearest": hint(str(change.path[-1]), self._siblings(change))}
        if code in ("O09", "O10"):
            found = strictness.unit(change.path, self.year)
            path = found[0] if found else change.path
            values |= {
                "path": dotted(path),
                "before": _short(value_at(self.before.data, path)),
                "after": _short(value_at(self.after.data, path)),
            }
        if code in ("O03", "O06", "O08", "O25", "O26"):
            values |= {"base": self.before.at(change.path)}
        removing = change.after is ABSENT or code in ("O04", "O05")
        key = removing or change.before is ABSENT
        return problem(code, self.overlay.at((*change.at, *below), key=key), **values)

    def _why(self, path: Pointer) -> object:
        """What the base says on the nearest rule around a place."""
        for length in range(len(path), 0, -1):
            rule = value_at(self.before.data, path[:length])
            if isinstance(rule, Mapping) and rule.get("why"):
                return said("because", why=rule["why"])
        for length in range(len(path), 0, -1):
            rule = value_at(self.before.data, path[:length])
            if isinstance(rule, Mapping) and isinstance(rule.get("basis"), list) and rule["basis"]:
                known = self.before.data.get("basis", {})
                titles = [known.get(each, {}).get("title", each) for each in rule["basis"]]
                return said("because_basis", titles=titles)
        return said("because_nothing")


def _taken(gate: Any) -> set[str]:
    """The tables whose intake a gate may close: it is of the whole programme and signed with a date."""
    if not isinstance(gate, Mapping) or "each" in gate:
        return set()
    requires, entries = gate.get("requires"), gate.get("sign_off")
    if not isinstance(requires, Mapping) or not isinstance(entries, Mapping):
        return set()
    dated = any(value_at(each, ("document", "date")) == "required" for each in entries.values())
    return {name for name, each in requires.items() if level_of(each)} if dated else set()


def _holding(value: Any, path: Pointer) -> Any:
    """A value under its own key, so that the text of a condition is found as one."""
    return {} if value is ABSENT else {str(path[-1]): value}


def _short(value: Any) -> object:
    return said("nothing_there") if value is ABSENT else written(value)
