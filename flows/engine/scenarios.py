"""Plays the scenarios of a methodology: each step on the pure engine, each expectation told as a problem or met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import isodate

from flows.engine import admission, decisions, moments
from flows.engine.coverage import Mark, Watch
from flows.engine.decisions import Request
from flows.engine.expectations import unmet
from flows.engine.player import COLLECTS, Player, Restless, clock
from flows.engine.reasons import place
from flows.engine.reconcile import asked, holders
from schemas.messages import said, unknown
from schemas.model import Methodology
from schemas.problems import NOWHERE, Problem, problem
from schemas.sources import Pointer, Source
from schemas.stage import ArtefactSpec, Checkpoint, TaskSpec
from schemas.validation import violations

ZONE = ZoneInfo("Europe/Moscow")
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """What came of a scenario; `after` names the one that it begins with where that one could not be played."""

    problems: tuple[Problem, ...] = ()
    after: str = ""
    marks: frozenset[Mark] = (
        frozenset()
    )  # conditions and gates as they were seen, also in what it begins with
    stages: frozenset[str] = frozenset()  # stages that it depends on as a whole
    player: Player | None = field(default=None, repr=False, compare=False)

    @property
    def green(self) -> bool:
        """Whether it was played and nothing is wrong."""
        return not self.problems and not self.after


def order(scenarios: Mapping[str, Source], wanted: Iterable[str]) -> list[str]:
    """The scenarios wanted, in their order, each after the one that it begins with."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        before = scenarios[name].data.get("begins_with")
        if before:
            add(before)
        found.setdefault(name)

    for name in wanted:
        add(name)
    return list(found)


def play_all(
    methodology: Methodology,
    scenarios: Mapping[str, Source],
    wanted: Iterable[str],
    told: Callable[[str, Played], None] = lambda name, played: None,
) -> dict[str, Played]:
    """Play the scenarios wanted; what several begin with is played once."""
    found: dict[str, Played] = {}
    for name in order(scenarios, sorted(wanted)):
        found[name] = play(methodology, scenarios[name], found)
        told(name, found[name])
    return found


def play(
    methodology: Methodology, source: Source, before: Mapping[str, Played], *, brief: bool = False
) -> Played:
    """Play one scenario, after the one that it begins with; `brief` stops at the first failure."""
    earlier = before.get(source.data.get("begins_with", ""))
    if earlier and (earlier.player is None or not earlier.green):
        return Played(after=source.data["begins_with"])
    watch = Watch(methodology)
    try:
        with watch.on():
            scene = _Scene(methodology, source, earlier.player if earlier else None)
            problems = tuple(scene.play(brief=brief))
    except Restless as restless:
        at = source.at(("steps",))
        return Played((problem("X19", at, what=str(restless)),))
    marks = watch.marks(scene.player) | (earlier.marks if earlier else frozenset())
    stages = _stages(scene.player, source) | (earlier.stages if earlier else frozenset())
    return Played(problems, marks=marks, stages=stages, player=scene.player)


def _stages(player: Player, source: Source) -> frozenset[str]:
    """Stages in which something happened, or that the scenario speaks of."""
    named = {path.split("/")[0] for path in texts_of(source.data["steps"])}
    happened = {
        path.split("/")[0]
        for records in (player.versions, player.facts, player.decisions)
        for path, keys in records.items()
        if any(keys.values())
    }
    return frozenset((named | happened) & player.methodology.stages.keys())


def texts_of(node: Any) -> Iterator[str]:
    """Every text in the steps of a scenario, names of keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield key
            yield from texts_of(value)
    elif isinstance(node, list):
        for each in node:
            yield from texts_of(each)


class _Scene:
    """One scenario being played."""

    def __init__(self, methodology: Methodology, source: Source, earlier: Player | None) -> None:
        self.source, data = source, source.data
        if earlier is not None:
            changed = earlier.methodology is not methodology
            self.player = earlier.branch(_with(methodology, earlier.params) if changed else None)
            return
        staff = {
            name: data.get("holders", {}).get(name, () if role.body else (name,))
            for name, role in methodology.roles.items()
            if role.of is None
        }
        params = data.get("params", {})
        self.player = Player(_with(methodology, params), data["year"], clock(data["starts"], ZONE), staff)
        self.player.params = params
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
            elif action:
                found = list(getattr(self, f"_{action}")(here, step))
                wrong = self._judged((*here, action), step.get("refused"), found)
                if not found:
                    self.player.settle()
                if wrong:
                    yield wrong
                    return

    def _judged(self, here: Pointer, wanted: str | None, found: list[Problem]) -> Problem | None:
        at = self.source.at(here)
        if not found:
            return problem("X11", at, code=wanted) if wanted else None
        code = found[0].code
        if code[0] == "X":  # the step itself says too little
            return found[0]
        told = said("told", code=code, problem=found[0])
        if wanted is None:
            return problem("X10", at, told=told, code=code)
        if wanted not in {each.code for each in found}:
            return problem("X12", at, told=told, found=code, code=wanted)
        return None

    # --- handing in --------------------------------------------------------------------------

    def _hand(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = _split(step["hand"])
        spec = self.player.methodology.artefact(path)
        task = self.player.standing.papers.writer(spec)
        assert task is not None  # the rules ask for it
        if task.uses == "survey" and spec.each is None:
            yield from self._answer(here, step, spec, task)
            return
        keys = self._keys(step, key, self._open_keys(task, spec)) if spec.each else [""]
        if not keys:
            yield problem("X18", self.source.at((*here, "hand")), item=path)
        strangers = self._strangers(spec.each.register if spec.each else None, keys)
        if strangers:
            yield from strangers
            return
        papers: dict[str, Any] = {}
        for each in keys:
            data = self._data(step, spec, each)
            if data is None:
                yield problem("X17", self.source.at((*here, "hand")), item=place(path, each))
                continue
            by = step.get("by") or self._bringer(task, each)
            yield from self._against(here, step, spec, task, each, by, data)
            papers[each] = (data, by)
        if "refused" in step:
            return
        for each, (data, by) in papers.items():
            collects = task.uses in COLLECTS
            self.player.accept(path, each, data, by, "collected" if collects else "handed")

    def _against(
        self, here: Pointer, step: Data, spec: ArtefactSpec, task: TaskSpec, key: str, by: str, data: Any
    ) -> Iterator[Problem]:
        standing = self.player.standing
        if standing.snapshot.closed is not None:
            yield problem("G16")
        for told in (
            admission.entitled_at_all(standing, task, by),
            admission.entitled(standing, task, key, by),
            admission.untimely(standing, spec, task, key),
        ):
            if told:
                yield told
        at = self.source.at(here)
        if task.uses not in COLLECTS:
            schema = self.player.methodology.schemas[spec.schema]
            yield from violations(
                schema, data, lambda pointer, *, key=False: self._inside(here, step, pointer), "D"
            )
        register = standing.papers.table_of(spec)
        if register:
            table = self.player.methodology.registers[register]
            yield from admission.table_problems(
                standing, table, data["rows"], lambda pointer, *, key=False: at
            )

    def _inside(self, here: Pointer, step: Data, pointer: Pointer) -> Any:
        return self.source.at((*here, "data", *pointer) if "data" in step else here)

    def _data(self, step: Data, spec: ArtefactSpec, key: str) -> Any:
        """The paper that is handed in: as written, made of rows, or the last one with what has changed."""
        if "data" in step and "rows" not in step:
            return self._answers(spec, step["data"])
        register = self.player.standing.papers.table_of(spec)
        field_name = self.player.methodology.registers[register].key if register else ""
        like = step.get("like", {})
        if "rows" in step:
            rows = [{field_name: name, **like, **row} for name, row in step["rows"].items()]
            return {**step.get("data", {}), "rows": rows}
        before = [
            each for each in self.player.versions[spec.path][key] if each.origin in ("handed", "collected")
        ]
        if not before:
            return None
        change = step.get("change", {})
        if not register:
            return patched(before[-1].data, self._answers(spec, change))
        old = {row[field_name]: row for row in before[-1].data["rows"]}
        rest = {name: value for name, value in change.items() if name in before[-1].data}
        rows_changed = {name: value for name, value in change.items() if name not in rest}
        for name, row in rows_changed.items():
            old[name] = row if row is None else patched(old.get(name, {field_name: name, **like}), row)
        return {**before[-1].data, **rest, "rows": [row for row in old.values() if row is not None]}

    def _answers(self, spec: ArtefactSpec, data: Any) -> Any:
        task = self.player.methodology.writers[spec.path]
        return {"answers": data} if task.uses == "survey" else data

    def _answer(self, here: Pointer, step: Data, spec: ArtefactSpec, task: TaskSpec) -> Iterator[Problem]:
        """Some of the people whom a survey asks have answered."""
        untimely = admission.untimely(self.player.standing, spec, task, "")
        if untimely:
            yield untimely
            return
        collected = self.player.standing.work.collected(task, "")
        answers = {each["code"]: each for each in collected.data["answers"]} if collected else {}
        codes = self._keys(step, "", asked(self.player.standing, task))
        answers.update({code: {"code": code, "answers": step.get("data", {})} for code in codes})
        if "refused" not in step:
            data = {"answers": list(answers.values())}
            self.player.accept(spec.path, "", data, "", "collected")

    def _keys(self, step: Data, key: str, every: Iterable[str]) -> list[str]:
        keys = step.get("keys", [])
        return [key] if key else list(every) if keys == "all" else list(keys)

    def _strangers(self, register: str | None, keys: Iterable[str]) -> list[Problem]:
        """Keys that are no member of their register."""
        rows = self.player.standing.members.rows(register) if register else {}
        return [unknown(NOWHERE, "member", key, rows) for key in keys if register and key not in rows]

    def _open_keys(self, task: TaskSpec, spec: ArtefactSpec) -> list[str]:
        work = self.player.standing.work
        keys = self.player.standing.papers.keys(spec)
        return [key for key in keys if work.task(task, key).state in ("open", "on_request")]

    def _bringer(self, task: TaskSpec, key: str) -> str:
        """Who hands in where nobody is named: the first who is asked, else the first of the staff."""
        standing = self.player.standing
        role = task.role
        if role is None and task.uses == "survey":
            role = self.player.methodology.surveys[task.options["survey"]]["audience"]
        asked_for = holders(standing, role, task, key) if role else ()
        staff = (code for codes in self.player.holders.values() for code in codes)
        return next(iter(asked_for), next(staff, ""))

    # --- deciding ----------------------------------------------------------------------------

    def _decide(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = _split(step["decide"])
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
        keys = self._keys(step, key, ready) if gate.register else [""]
        if not keys:
            yield problem("X18", self.source.at((*here, "decide")), item=path)
        strangers = self._strangers(gate.register, keys)
        yield from strangers
        for each in () if strangers else keys:
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
        path, key = _split(step["waive"])
        gate = self.player.methodology.checkpoint(path)
        asked_for = next((each for each in gate.requires if each.id == step["requirement"]), None)
        role = step.get("as") or (asked_for.waive.who[0] if asked_for and asked_for.waive else "")
        by = step.get("by") or next(iter(self.player.holders.get(role, ())), "")
        keys = self._keys(step, key, self.player.standing.gate_keys(gate)) if gate.register else [""]
        strangers = self._strangers(gate.register, keys)
        yield from strangers
        for each in () if strangers else keys:
            yield from self.player.let_go(path, each, step["requirement"], role, by, step.get("reason", ""))

    def _reopen(self, here: Pointer, step: Data) -> Iterator[Problem]:
        path, key = _split(step["reopen"])
        stage = self.player.methodology.stages[path.split("/")[0]]
        role = next(iter(stage.may_reopen), "")
        by = step.get("by") or next(iter(self.player.holders.get(role, ())), "")
        found = decisions.reopen(self.player.standing, stage.id, by, step.get("reason", ""))
        yield from found
        if found:
            return
        task = self.player.methodology.task(path)
        for each in self._keys(step, key, self.player.standing.task_keys(task)) or [""]:
            self.player.note(path, each, "reopened")

    # --- the engine and the clock ------------------------------------------------------------

    def _result(self, here: Pointer, step: Data) -> Iterator[Problem]:
        task = self.player.methodology.task(step["result"])
        spec = self.player.methodology.artefact(f"{task.stage}/{task.writes}")
        schema = self.player.methodology.schemas[spec.schema]
        data = step.get("data", {})
        yield from violations(
            schema, data, lambda pointer, *, key=False: self._inside(here, step, pointer), "D"
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


def _split(item: str) -> tuple[str, str]:
    stage, name, *key = item.split("/")
    return f"{stage}/{name}", key[0] if key else ""


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


def patched(data: Any, change: Any) -> Any:
    """RFC 7386: data with what has changed; null removes."""
    if not isinstance(change, Mapping):
        return change
    found = dict(data) if isinstance(data, Mapping) else {}
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = patched(found.get(key), value)
    return found
