"""Papers that a scenario hands in: made of what its step says, held against what the engine takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flows.engine import admission
from flows.engine.player import COLLECTS, Player
from flows.engine.reasons import parted, place
from flows.engine.reconcile import asked, holders
from schemas import surveys
from schemas.layers import merged
from schemas.messages import unknown
from schemas.problems import NOWHERE, Location, Problem, problem
from schemas.sources import Pointer, Source
from schemas.stage import ArtefactSpec, TaskSpec
from schemas.validation import Placer, violations

Data = Mapping[str, Any]


class Handing:
    """Hands papers in to a player, as the steps of a scenario say."""

    def __init__(self, player: Player, source: Source) -> None:
        self.player, self.source = player, source

    def hand(self, here: Pointer, step: Data) -> Iterator[Problem]:
        """Hand in a paper for the keys of a step, or say everything against it."""
        path, key = parted(step["hand"])
        spec = self.player.methodology.artefact(path)
        task = self.player.standing.papers.writer(spec)
        assert task is not None  # the rules ask for it
        if task.uses == "survey" and spec.each is None:
            yield from self._answer(here, step, spec, task)
            return
        keys = keys_of(step, key, self._open_keys(task, spec)) if spec.each else [""]
        if not keys:
            yield problem("X18", self.source.at((*here, "hand")), item=path)
        unknown_keys = strangers(self.player, spec.each.register if spec.each else None, keys)
        if unknown_keys:
            yield from unknown_keys
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

        def at(pointer: Pointer, *, key: bool = False) -> Location:
            return self.inside(here, step, pointer, key=key)

        if task.uses not in COLLECTS:
            yield from violations(self.player.methodology.schemas[spec.schema], data, at, "D")
        elif task.uses == "survey":
            yield from self._against_survey(task, data["answers"], at)
        register = standing.papers.table_of(spec)
        if register:
            table = self.player.methodology.registers[register]
            yield from admission.table_problems(standing, table, data["rows"], at)

    def _against_survey(self, task: TaskSpec, answers: Any, at: Placer) -> Iterator[Problem]:
        """What the survey does not know; a scenario need not answer every question."""
        survey = self.player.methodology.surveys[task.options["survey"]]
        schema = {**surveys.answer_schema(survey), "required": []}
        yield from violations(
            schema, answers, lambda pointer, *, key=False: at(("answers", *pointer), key=key), "D"
        )

    def inside(self, here: Pointer, step: Data, pointer: Pointer, *, key: bool = False) -> Location:
        """The place of something in the data, or in the rows, of a step."""
        if "rows" in step and pointer[:1] == ("rows",) and len(pointer) > 1:
            row = list(step["rows"])[int(pointer[1])]
            return self.source.at((*here, "rows", row, *pointer[2:]), key=key)
        if "data" not in step:
            return self.source.at(here)
        inner = pointer[1:] if pointer[:1] == ("answers",) and "answers" not in step["data"] else pointer
        return self.source.at((*here, "data", *inner), key=key)

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
            return merged(before[-1].data, self._answers(spec, change))
        old = {row[field_name]: row for row in before[-1].data["rows"]}
        rest = {name: value for name, value in change.items() if name in before[-1].data}
        rows_changed = {name: value for name, value in change.items() if name not in rest}
        for name, row in rows_changed.items():
            old[name] = row if row is None else merged(old.get(name, {field_name: name, **like}), row)
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
        yield from self._against_survey(
            task,
            step.get("data", {}),
            lambda pointer, *, key=False: self.inside(here, step, pointer, key=key),
        )
        codes = keys_of(step, "", asked(self.player.standing, task))
        answers.update({code: {"code": code, "answers": step.get("data", {})} for code in codes})
        if "refused" not in step:
            data = {"answers": list(answers.values())}
            self.player.accept(spec.path, "", data, "", "collected")

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


def keys_of(step: Data, key: str, every: Iterable[str]) -> list[str]:
    """The keys that a step speaks of: the one of its item, those that it lists, or `every`."""
    keys = step.get("keys", [])
    return [key] if key else list(every) if keys == "all" else list(keys)


def strangers(player: Player, register: str | None, keys: Iterable[str]) -> list[Problem]:
    """Keys that are no member of their register."""
    rows = player.standing.members.rows(register) if register else {}
    return [unknown(NOWHERE, "member", key, rows) for key in keys if register and key not in rows]
