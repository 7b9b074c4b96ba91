"""What an edit of the definitions means for what has happened: new names, and what was signed before it.

The store changes no row. A programme that follows an edit gets one row more, with these moves; whoever
reads its history applies them to everything that came before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from flows.engine.snapshot import Decision, Fact, Version, Waiver
from schemas.model import Methodology
from schemas.stage import Stage

Event = TypeVar("Event", Version, Fact, Decision, Waiver)
Places = Mapping[str, Mapping[str, Sequence[Event]]]
Names = Mapping[str, str]
Past = TypeVar("Past", bound=Any)

GROUPS = ("artefacts", "tasks", "checkpoints", "needs")


def idle_renames(pinned: Iterable[Methodology], new: Methodology) -> list[tuple[str, str, str]]:
    """(stage, former name, name now) of each `renamed` that leads no history of the pinned definitions on.

    None of them knows the former name, or none as a thing of that kind, or each has the name now already. What one of
    them says itself was looked at before.
    """
    olds = list(pinned)
    found = []
    for stage in new.stages.values():
        for former, now in stage.renamed.items():
            if former == stage.id or now == stage.id:
                continue
            kinds = [_kinds(old, {stage.id, *stage.renamed}, former) for old in olds]
            followed = [_kinds(old, {stage.id, *stage.renamed}, now) for old in olds]
            wanted = _kinds(new, {stage.id}, now)
            leads = any(
                kind & wanted and not taken & kind for kind, taken in zip(kinds, followed, strict=True)
            )
            told = any(each.renamed.get(former) == now for old in olds for each in old.stages.values())
            if wanted and not leads and not told:
                found.append((stage.id, former, now))
    return found


def _kinds(methodology: Methodology, stages: set[str], name: str) -> set[str]:
    """What a name stands for in stages of these names."""
    return {
        group
        for stage in stages & methodology.stages.keys()
        for group in GROUPS
        if name in getattr(methodology.stages[stage], group)
    }


@dataclass(frozen=True)
class Moves:
    """From a definition to the next one; only what is another is in here.

    `names` are, by the former id of a stage, the ids by which its papers knew each other. `remade` maps the
    digest of a task to its digest now where only names have changed. `more` are the requirements of a gate
    that no earlier signature knew. `reshaped` are papers whose schema is another.
    """

    stages: Names = field(default_factory=dict)
    artefacts: Names = field(default_factory=dict)
    tasks: Names = field(default_factory=dict)
    checkpoints: Names = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=dict)
    remade: Names = field(default_factory=dict)
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reshaped: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {name: value for name, value in asdict(self).items() if value}

    def renamed(self) -> dict[str, str]:
        """Every former path with the path now."""
        return {**self.stages, **self.artefacts, **self.tasks, **self.checkpoints}

    # --- applied to what has happened ---------------------------------------------------------

    def applied(self, past: Past, seq: int) -> Past:
        """A snapshot, or a history that one is made of, after an edit that stands at `seq`."""
        changed: dict[str, Any] = {
            "versions": self.versions(past.versions),
            "facts": self.facts(past.facts),
            "decisions": self.decisions(past.decisions),
            "waivers": self.waivers(past.waivers),
            "stages_done": self.stages_done(past.stages_done),
            "asked_more": self.asked_more(past.asked_more, seq),
            "reshaped": self.shapes(past.reshaped, seq),
        }
        return replace(past, **changed)

    def versions(self, places: Places[Version]) -> Places[Version]:
        """Papers under their names now, made from what is called otherwise now."""

        def one(stage: str, version: Version) -> Version:
            inputs = self._named(stage, version.inputs)
            made_by = self.remade.get(version.task_digest, version.task_digest)
            if made_by == version.task_digest and inputs == version.inputs:
                return version
            return replace(version, inputs=inputs, task_digest=made_by)

        return _moved(places, self.artefacts, one, {*self.names} if not self.remade else None)

    def facts(self, places: Places[Fact]) -> Places[Fact]:
        """What happened to tasks, under their names now."""
        return _moved(
            places, self.tasks,
            lambda stage, fact: replace(fact, inputs=self._named(stage, fact.inputs)), {*self.names},
        )  # fmt: skip

    def decisions(self, places: Places[Decision]) -> Places[Decision]:
        """Decisions on gates, with the evidence under its names now."""
        return _moved(
            places, self.checkpoints,
            lambda stage, each: replace(each, evidence=self._named(stage, each.evidence)), {*self.names},
        )  # fmt: skip

    def waivers(self, places: Places[Waiver]) -> Places[Waiver]:
        """What was let go, under its names now."""

        def one(stage: str, waiver: Waiver) -> Waiver:
            asked = self.names[stage].get(waiver.requirement, waiver.requirement)
            return replace(waiver, requirement=asked, evidence=self._named(stage, waiver.evidence))

        return _moved(places, self.checkpoints, one, {*self.names})

    def stages_done(self, known: Mapping[str, int]) -> dict[str, int]:
        """Stages that were done, by their names now."""
        return {self.stages.get(name, name): seq for name, seq in known.items()}

    def asked_more(self, known: Mapping[str, Mapping[str, int]], seq: int) -> Mapping[str, Mapping[str, int]]:
        """For each gate, the requirements that a signature before a seq did not know."""
        if not self.more and not self.checkpoints and not self.names:
            return known
        found = {
            self.checkpoints.get(path, path): dict(self._named(path.split("/")[0], asked))
            for path, asked in known.items()
        }
        for path, asked in self.more.items():
            found.setdefault(path, {}).update(dict.fromkeys(asked, seq))
        return found

    def shapes(self, known: Mapping[str, int], seq: int) -> Mapping[str, int]:
        """Papers that were accepted, before a seq, under another schema."""
        if not self.reshaped and not self.artefacts:
            return known
        return {self.artefacts.get(path, path): each for path, each in known.items()} | dict.fromkeys(
            self.reshaped, seq
        )

    def _named(self, stage: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        names = self.names.get(stage)
        return {names.get(name, name): value for name, value in values.items()} if names else values


def _moved(
    places: Places[Event], paths: Names, one: Callable[[str, Event], Event], stages: set[str] | None
) -> Places[Event]:
    """Places under their names now; events are looked at one by one in the stages named, or in all (None)."""
    if not paths and stages == set():
        return places
    found: dict[str, Mapping[str, Sequence[Event]]] = {}
    taken = {new for old, new in paths.items() if old in places}
    for path, keys in places.items():
        if path in taken and path not in paths:
            continue  # what was removed earlier and had the name that another one has now
        stage = path.split("/")[0]
        if stages is None or stage in stages:
            keys = {key: tuple(one(stage, each) for each in events) for key, events in keys.items()}
        found[paths.get(path, path)] = keys
    return found


def moves_of(stored: Mapping[str, Any]) -> Moves:
    """Moves as they were stored."""
    return Moves(**stored)


# --- found by comparing names ----------------------------------------------------------------------


@dataclass(frozen=True)
class Pairs:
    """Which part of a definition is which part of the next one: paths by kind, and local ids by former stage."""

    stages: dict[str, str]
    artefacts: dict[str, str]
    tasks: dict[str, str]
    checkpoints: dict[str, str]
    needs: dict[str, dict[str, str]]  # by the stage's former id

    def names(self, stage: str, kind: str) -> dict[str, str]:
        """Local ids of one kind in a stage, former → now."""
        if kind == "needs":
            return self.needs.get(stage, {})
        paths: dict[str, str] = getattr(self, kind)
        return {
            old.split("/")[1]: new.split("/")[1] for old, new in paths.items() if old.split("/")[0] == stage
        }


def pairs(old: Methodology, new: Methodology) -> Pairs:
    """Match by equal names first, then as `renamed` says; what has no match was removed."""
    found = Pairs({}, {}, {}, {}, {})
    for stage in new.stages.values():
        former = _former_stage(old, stage)
        if former is None:
            continue
        found.stages[former.id] = stage.id
        for group in GROUPS:
            names = _matched(getattr(former, group), getattr(stage, group), stage.renamed)
            if group == "needs":
                found.needs[former.id] = names
            else:
                paths = getattr(found, group)
                paths.update({f"{former.id}/{a}": f"{stage.id}/{b}" for a, b in names.items()})
    return found


def _former_stage(old: Methodology, stage: Stage) -> Stage | None:
    if stage.id in old.stages:
        return old.stages[stage.id]
    for name in stage.renamed:
        if name in old.stages and _last(stage.renamed, name, {stage.id}) == stage.id:
            return old.stages[name]
    return None


def _matched(old: Iterable[str], new: Mapping[str, Any], renamed: Names) -> dict[str, str]:
    known = set(old)
    found: dict[str, str] = {}
    for name in sorted(known):
        target = name if name in new else _last(renamed, name, new)
        free = target == name or (target not in known and target not in found.values())
        if target in new and free:
            found[name] = target
    return found


def _last(renamed: Names, name: str, known: Iterable[str]) -> str:
    """Where a chain of renames ends: at the first name that is known."""
    goals = set(known)
    seen: set[str] = set()
    while name in renamed and name not in goals and name not in seen:
        seen.add(name)
        name = renamed[name]
    return name


def changed_names(names: Names) -> dict[str, str]:
    """Only what is called otherwise now."""
    return {old: new for old, new in names.items() if old != new}
