"""Overlays: what a region or a school changes in a methodology, under the policy that its author states.

`lay` merges one overlay (RFC 7386) and judges every single change: `locked` nothing, `tighten` only stricter,
`extend` only added, `free` anything. The longest pattern of a policy wins; what no pattern names is locked.
The text of a condition is never edited, whatever the policy says: which of two is stricter cannot be decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas import strictness
from schemas.document import holds_ids, required_at
from schemas.layers import ABSENT, Change, Layered, changes, laid, value_at
from schemas.messages import hint, said, unknown
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source
from schemas.validation import violations, written

Policy = Literal["locked", "tighten", "extend", "free"]
_CONDITIONS = frozenset({"check", "when", "where"})
_KINDS_OF_FILE = {"stages": "stage/v1", "surveys": "survey/v1"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One change of an overlay: what it does, under which pattern of the policy, and the code of a refusal."""

    change: Change
    policy: Policy
    pattern: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Laid:
    """A document with one more overlay on it; the document is only right where there is no problem."""

    document: Layered
    judgements: tuple[Judgement, ...]
    problems: tuple[Problem, ...]


def lay(document: Layered, overlay: Source) -> Laid:
    """Merge an overlay into a document and judge each of its changes by the document's own policy.

    A refused change is left out, so that what follows from it alone is not told as well.
    """
    made, found = _made(document, overlay)
    judge = _Judge(document, laid(document, made, overlay), overlay, made)
    judgements = tuple(judge.judged(change) for change in made)
    found += [judge.told(each) for each in judgements if each.refused]
    found += judge.params()
    result = laid(document, [each.change for each in judgements if not each.refused], overlay)
    placed, problems = _placed(result)
    return Laid(placed, judgements, (*found, *problems))


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


def policy_of(document: Mapping[str, Any], path: Pointer) -> tuple[Policy, str]:
    """The policy of a place and the pattern that states it; `locked` and no pattern where none does."""
    here, inside, policies = _policies(document, path)
    if here and len(inside) == 3 and inside[0] == "params" and inside[2] == "default":
        param = value_at(document, (*here, *inside[:2]))
        free = "free" if isinstance(param, Mapping) and "default" not in param else "locked"
        return (param.get("overlay", free) if isinstance(param, Mapping) else "locked"), "overlay"
    best: tuple[int, int, str] | None = None
    for pattern in policies:
        steps = pattern.split(".")
        if len(steps) <= len(inside) and all(map(_fits, steps, inside)):
            rank = (len(steps), sum(step != "*" for step in steps), pattern)
            best = max(best, rank) if best else rank
    return (policies[best[2]], best[2]) if best else ("locked", "")


def _policies(document: Mapping[str, Any], path: Pointer) -> tuple[Pointer, Pointer, Mapping[str, Policy]]:
    """Whose policy rules a place: where that stands, the path inside, and its patterns."""
    if len(path) > 2 and path[0] in _KINDS_OF_FILE and not (path[0] == "stages" and path[2] == "number"):
        own = value_at(document, path[:2])
        return path[:2], path[2:], own.get("overlay", {}) if isinstance(own, Mapping) else {}
    return (), path, document.get("overlay", {})


def _fits(pattern: str, step: str | int) -> bool:
    return pattern in ("*", step)


def _made(document: Layered, overlay: Source) -> tuple[list[Change], list[Problem]]:
    """The changes that an overlay makes, and names of params that mean nothing."""
    found: list[Problem] = []
    patch = dict(overlay.data.get("set", {}))
    for kind, dsl in _KINDS_OF_FILE.items():
        if isinstance(entries := patch.get(kind), Mapping):
            known = document.data.get(kind, {})
            patch[kind] = {
                name: {"dsl": dsl, "id": name, **entry}
                if isinstance(entry, Mapping) and name not in known
                else entry
                for name, entry in entries.items()
            }
    made = list(changes(document.data, patch, ("set",)))
    for stage, values in overlay.data.get("params", {}).items():
        if stage not in document.data["stages"]:
            at = overlay.at(("params", stage), key=True)
            found.append(unknown(at, "stage", stage, document.data["stages"]))
            continue
        known = document.data["stages"][stage].get("params", {})
        for name, value in values.items():
            if name not in known:
                found.append(unknown(overlay.at(("params", stage, name), key=True), "param", name, known))
                continue
            path, at_value = ("stages", stage, "params", name, "default"), ("params", stage, name)
            before = known[name].get("default", ABSENT)
            if before is ABSENT or before != value:
                made.append(Change(path, before, value, at_value))
    return made, found


class _Judge:
    """Judges the changes of one overlay on one document."""

    def __init__(self, before: Layered, after: Layered, overlay: Source, made: list[Change]) -> None:
        self.before, self.after, self.overlay = before, after, overlay
        self.own = {change.path for change in made if change.before is ABSENT}

    def judged(self, change: Change) -> Judgement:
        """The policy of a change, and why it may not be."""
        path = change.path
        if any(str(step).startswith(("x_", "x-")) for step in path):
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
                return Judgement(change, policy, pattern, "O07")
            if policy != "free":
                return Judgement(change, policy, pattern, "O03" if policy == "locked" else "O08")
        deeper = self._deeper(path) if change.before is not ABSENT else None
        if policy == "free" and deeper:
            return Judgement(change, *deeper, refused="O03")
        return Judgement(change, policy, pattern, self._refused(policy, change))

    def _refused(self, policy: Policy, change: Change) -> str:
        match policy:
            case "free":
                return ""
            case "locked":
                return "O04" if change.before is ABSENT and self._near(change) else "O03"
            case "extend":
                if self._is_mistyped(change):
                    return "O04"
                return "" if self._extends(change) else "O06"
            case "tighten":
                return self._tightens(change)

    def _extends(self, change: Change) -> bool:
        if change.before is ABSENT:
            return holds_ids(change.path[:-1]) or not self._tightens(change)
        old, new = change.before, change.after
        return isinstance(old, list) and isinstance(new, list) and all(each in new for each in old)

    def _tightens(self, change: Change) -> str:
        if change.path[0] == "stages" and len(change.path) == 5 and change.path[4] == "default":
            param = value_at(self.before.data, change.path[:-1])
            stricter = strictness.number(param.get("stricter", "higher"))(change.before, change.after)
            return {True: "", False: "O09", None: "O10"}[stricter]
        found = strictness.unit(change.path)
        if found is None:
            return "O10"
        path, compare = found
        stricter = compare(value_at(self.before.data, path), value_at(self.after.data, path))
        return {True: "", False: "O09", None: "O10"}[stricter]

    def _deeper(self, path: Pointer) -> tuple[Policy, str] | None:
        """A stricter policy for something below a place, which goes when the place itself does."""
        _, inside, policies = _policies(self.before.data, path)
        for pattern, policy in policies.items():
            steps = pattern.split(".")
            if policy != "free" and len(steps) > len(inside) and all(map(_fits, steps, inside)):
                return policy, pattern
        return None

    def _policy_entry(self, path: Pointer) -> Pointer | None:
        """Where the part stands whose policy a path belongs to; None for anything else."""
        if path[0] == "overlay":
            return ()
        return path[:2] if len(path) > 2 and path[0] in _KINDS_OF_FILE and path[2] == "overlay" else None

    def _policy_change(self, change: Change, place: Pointer) -> str:
        """A policy may only become stricter; it is free for what this overlay itself adds."""
        if len(change.path) == len(place) + 1:  # the first policy of a part that had none
            entries = change.after if isinstance(change.after, Mapping) else {}
        else:
            entries = {str(change.path[-1]): change.after}
        for pattern, after in entries.items():
            steps = tuple(pattern.split("."))
            if any((*place, *steps)[: len(own)] == own for own in self.own):
                continue
            narrower = change.before == "free" and after in ("tighten", "extend")
            if after != "locked" and not narrower:
                return "O11"
        return "" if change.after is not ABSENT else "O11"

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

    def told(self, judgement: Judgement) -> Problem:
        """The refusal of a change: its place in the overlay, and what the base says and why."""
        change, code = judgement.change, judgement.refused
        values: dict[str, object] = {"path": dotted(change.path), "why": self._why(change.path)}
        if code in ("O04", "O05"):
            values |= {"nearest": hint(str(change.path[-1]), self._siblings(change))}
        if code in ("O09", "O10"):
            found = strictness.unit(change.path)
            path = found[0] if found else change.path
            values |= {
                "before": _short(value_at(self.before.data, path)),
                "after": _short(value_at(self.after.data, path)),
            }
        if code in ("O03", "O06", "O08"):
            values |= {"base": self.before.at(change.path)}
        removing = change.after is ABSENT or code in ("O04", "O05")
        return problem(code, self.overlay.at(change.at, key=removing or change.before is ABSENT), **values)

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

    def params(self) -> list[Problem]:
        """Values of params that their own bounds do not allow."""
        found: list[Problem] = []
        for stage, values in self.overlay.data.get("params", {}).items():
            for name in values:
                param = value_at(self.before.data, ("stages", stage, "params", name))
                if isinstance(param, Mapping):
                    schema = {key: param[key] for key in ("type", "minimum", "maximum") if key in param}
                    at = self.overlay.at(("params", stage, name))
                    found += violations(schema, values[name], lambda _, *, key=False, at=at: at)
        return found


def _holding(value: Any, path: Pointer) -> Any:
    """A value under its own key, so that the text of a condition is found as one."""
    return {} if value is ABSENT else {str(path[-1]): value}


def _short(value: Any) -> object:
    return said("nothing_there") if value is ABSENT else written(value)


def _placed(document: Layered) -> tuple[Layered, list[Problem]]:
    """Questions of surveys in their order: one that says `place: {after: ID}` stands behind that one."""
    found: list[Problem] = []
    surveys = dict(document.data.get("surveys", {}))
    for name, survey in surveys.items():
        questions = survey.get("questions") if isinstance(survey, Mapping) else None
        if not isinstance(questions, Mapping):
            continue
        order = list(questions)
        for key, question in questions.items():
            after = question.get("place", {}).get("after") if isinstance(question, Mapping) else None
            if after is None:
                continue
            if after not in questions or after == key:
                at = document.at(("surveys", name, "questions", key, "place", "after"))
                found.append(unknown(at, "question", after, set(questions) - {key}))
                continue
            order.remove(key)
            order.insert(order.index(after) + 1, key)
        surveys[name] = {**survey, "questions": {key: questions[key] for key in order}}
    return Layered(document.file, {**document.data, "surveys": surveys}, origins=document.origins), found
