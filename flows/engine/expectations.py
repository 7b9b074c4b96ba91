"""What a scenario expects, held against where its programme stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flows.engine import explain, moments
from flows.engine.player import Player
from flows.engine.reasons import Reason, parted, place, said_of
from flows.engine.steps import Ask, MayWaive, Mend, Renew, Sign
from flows.engine.year_facts import year_facts
from schemas.messages import LANGUAGES, Said, said, unknown, word
from schemas.problems import Problem, problem
from schemas.sources import Pointer, Source
from schemas.stage import Each

Data = Mapping[str, Any]


def unmet(player: Player, source: Source, here: Pointer) -> Iterator[Problem]:
    """Every expectation that is not met, at its place."""
    expect: Any = source.data
    for part in here:
        expect = expect[part]
    yield from _Expectations(player, source, here).unmet(expect)


class _Expectations:
    def __init__(self, player: Player, source: Source, here: Pointer) -> None:
        self.player, self.source, self.here = player, source, here
        self.standing, self.methodology = player.standing, player.methodology

    def unmet(self, expect: Data) -> Iterator[Problem]:
        for name, wanted in expect.items():
            strangers = []
            if name in ("papers", "tasks", "gates"):
                strangers = [told for item in wanted if (told := self._stranger(name, item))]
            yield from strangers or getattr(self, f"_{name}")(wanted)

    def _stranger(self, name: str, item: str) -> Problem | None:
        """A key that no member of its register has: of a paper, a task or a gate."""
        path, key = parted(item)
        if not key:
            return None
        register = (
            self.methodology.checkpoint(path).register
            if name == "gates"
            else (self.methodology.artefact(path) if name == "papers" else self.methodology.task(path)).each
        )
        register = register.register if isinstance(register, Each) else register
        rows = self.standing.members.rows(register) if register else {}
        if not rows or key in rows:
            return None
        return unknown(self.source.at((*self.here, name, item), key=True), "member", key, rows)

    def _at(self, *pointer: str) -> Any:
        return self.source.at((*self.here, *pointer))

    # --- states ------------------------------------------------------------------------------

    def _stages(self, wanted: Data) -> Iterator[Problem]:
        for name, each in wanted.items():
            stage = self.methodology.stages[name]
            why = explain.why_stage(self.standing, stage)
            yield from self._state(("stages", name), each, self.standing.stage(stage).state, "stage", why)

    def _papers(self, wanted: Data) -> Iterator[Problem]:
        for item, each in wanted.items():
            path, key = parted(item)
            spec = self.methodology.artefact(path)
            if isinstance(each, Mapping) and "counts" in each:
                keys = self.standing.papers.keys(spec)
                states = [self.standing.paper_state(spec, key) for key in keys]
                yield from self._counts(("papers", item), each["counts"], states)
                continue
            why = explain.why_paper(self.standing, spec, key)
            yield from self._state(("papers", item), each, self.standing.paper_state(spec, key), "paper", why)

    def _tasks(self, wanted: Data) -> Iterator[Problem]:
        for item, each in wanted.items():
            path, key = parted(item)
            spec = self.methodology.task(path)
            if isinstance(each, Mapping) and "counts" in each:
                states = [self.standing.work.task(spec, key).state for key in self.standing.task_keys(spec)]
                yield from self._counts(("tasks", item), each["counts"], states)
                continue
            task = self.standing.work.task(spec, key)
            why = explain.why_task(self.standing, spec, key)
            yield from self._state(("tasks", item), each, task.state, "task", why)
            if isinstance(each, Mapping) and "due" in each:
                due = task.due and moments.local_day(task.due - timedelta(seconds=1), self.player.zone)
                if str(due) != each["due"]:
                    values = {"found": due or said("expect_none"), "wanted": date.fromisoformat(each["due"])}
                    at = self._at("tasks", item, "due")
                    yield problem("X15", at, item=item, what=said("expect_due"), **values)
            if isinstance(each, Mapping) and "late" in each and each["late"] != task.late:
                at = self._at("tasks", item, "late")
                late = {"found": task.late, "wanted": each["late"]}
                yield problem("X15", at, item=item, what=said("expect_late"), **late)

    def _gates(self, wanted: Data) -> Iterator[Problem]:
        for item, each in wanted.items():
            path, key = parted(item)
            checkpoint = self.methodology.checkpoint(path)
            if isinstance(each, Mapping) and "counts" in each:
                keys = self.standing.gate_keys(checkpoint)
                states = [self.standing.gates.gate(checkpoint, key).state for key in keys]
                yield from self._counts(("gates", item), each["counts"], states)
                continue
            why = explain.why_gate(self.standing, checkpoint, key)
            state = self.standing.gates.gate(checkpoint, key).state
            yield from self._state(("gates", item), each, state, "gate", why)

    def _state(self, here: Pointer, wanted: Any, state: str, kind: str, why: Reason) -> Iterator[Problem]:
        asks = {"is": wanted} if isinstance(wanted, str) else wanted
        if "is" in asks and asks["is"] != state:
            at = self._at(*map(str, here), *(() if isinstance(wanted, str) else ("is",)))
            told = _shortly(why)
            values = {"found": _named(kind, state), "wanted": _named(kind, asks["is"])}
            yield problem(
                "X13", at, item=here[1], why=said("expect_why", told=told) if told else "", **values
            )
        reasons = list(_tree(why))
        words = asks.get("because", ())
        for each in [words] if isinstance(words, str) else words:
            if not any(_says(reason, each) for reason in reasons):
                at = self._at(*map(str, here), "because")
                found = _shortly(why) or [said("expect_none")]
                yield problem("X14", at, item=here[1], wanted=each, found=found)

    def _counts(self, here: Pointer, wanted: Data, states: Sequence[str]) -> Iterator[Problem]:
        found = Counter(states)
        for state, number in wanted.items():
            if found[state] != number:
                at = self._at(*map(str, here), "counts", state)
                what = said("expect_count", state=state)
                yield problem("X15", at, item=here[1], what=what, found=found[state], wanted=number)

    # --- who is asked ------------------------------------------------------------------------

    def _asked(self, wanted: Data) -> Iterator[Problem]:
        found: dict[str, set[str]] = {}
        for step in self.player.steps_of_people():
            for role, item in _asks(step):
                found.setdefault(role, set()).add(item)
        for role, items in wanted.items():
            extra, missing = found.get(role, set()) - set(items), set(items) - found.get(role, set())
            if extra or missing:
                none = said("expect_none")
                values = {"extra": sorted(extra) or none, "missing": sorted(missing) or none}
                title = self.methodology.roles[role].title
                yield problem("X16", self._at("asked", role), role=title, **values)

    # --- what is seen ------------------------------------------------------------------------

    def _warns(self, wanted: Data) -> Iterator[Problem]:
        for item, messages in wanted.items():
            found = list(self._warnings(item))
            if sorted(found) != sorted(messages):
                none = said("expect_none")
                values = {"found": found or none, "wanted": messages or none}
                yield problem("X15", self._at("warns", item), item=item, what=said("expect_warns"), **values)

    def _warnings(self, item: str) -> Iterator[str]:
        """Checks that do not hold and do not block."""
        stage = self.methodology.stages[item.split("/")[0]]
        if "/" in item:
            path, key = parted(item)
            told = self.standing.papers.failed_checks(self.methodology.artefact(path), key, blocking=False)
            yield from (str(each.values["message"]) for each in told)
            return
        yield from (str(each.values["message"]) for each in self.standing.warnings(stage))

    def _fits(self, wanted: Data) -> Iterator[Problem]:
        for register, members in wanted.items():
            rows = {key: row.data for key, row in self.standing.members.rows(register).items()}
            fitting = self.standing.pools.portraits({register: rows})[register]
            for key, forms in members.items():
                found = fitting.get(key, [])
                if sorted(found) != sorted(forms):
                    none = said("expect_none")
                    values = {"found": found or none, "wanted": forms or none}
                    at = self._at("fits", register, key)
                    yield problem("X15", at, item=f"{register}/{key}", what=said("expect_fits"), **values)

    def _indicators(self, wanted: Data) -> Iterator[Problem]:
        facts = {each["indicator"]: each for each in year_facts(self.standing)["indicators"]}
        for name, sides in wanted.items():
            for side, number in sides.items():
                found = facts[name].get(side)
                if found != number:
                    at = self._at("indicators", name, side)
                    shown = said("expect_none") if found is None else found
                    yield problem("X15", at, item=name, what=side, found=shown, wanted=number)

    def _closed(self, wanted: bool) -> Iterator[Problem]:
        closed = self.player.closed is not None
        if closed != wanted:
            what = said("expect_closed")
            yield problem(
                "X15", self._at("closed"), item=self.player.year, what=what, found=closed, wanted=wanted
            )


def _asks(step: Any) -> Iterator[tuple[str, str]]:
    """(role, what it is asked for) of a step of people."""
    match step:
        case Ask():
            yield step.role, place(step.task, step.key)
        case Sign():
            yield step.role, place(step.gate, step.key)
        case MayWaive():
            for role in step.roles:
                yield role, f"{place(step.gate, step.key)}:{step.requirement}"
        case Mend():
            yield step.role, f"mend:{step.group.key}"
        case Renew():
            yield step.role, f"renew:{place(step.artefact, step.key)}"


def _tree(why: Reason) -> Iterator[Reason]:
    for each in why.because:
        yield each
        yield from _tree(each)


def _says(reason: Reason, wanted: str) -> bool:
    if reason.code == wanted:
        return True
    told = said_of(reason)
    return any(wanted in word(told.name, language, **told.values) for language in LANGUAGES)


def _shortly(why: Reason, limit: int = 4) -> list[Said]:
    """The first reasons of a tree that say something of their own."""
    return [said_of(each) for each in _tree(why) if each.code != "is"][:limit]


def _named(kind: str, state: str) -> Said:
    return said("expect_state", state=state, words=said(f"{kind}_{state}"))
