"""A made-up school that answers whatever the engine asks of it, on the target model.

Papers are the least that their schemas ask for, plus what the conditions want to see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flows.engine.snapshot import Member, Version
from flows.engine.standing import Standing
from flows.engine.steps import Ask, MayWaive, Plan, Sign, Step
from schemas import reader, validation
from schemas.digests import digest
from schemas.model import Methodology
from schemas.problems import NOWHERE
from tests.play import Play

TARGET = Path(__file__).parents[2] / "definitions" / "target-model"
STAFF = {
    "director": ["Д-001-1"],
    "curator": ["К-001-1"],
    "working_group": ["У-001-1"],
    "psychologist": ["У-002-1"],
    "social_teacher": ["У-003-1"],
    "class_teacher": ["У-004-1", "У-005-1"],
}
FORM = "employer_pupil"  # its mentors owe the most papers
LAST_DAY = "2028-08-31"
TEXTS = ("x", "Н-001-1", "Г-01", "documents/x.docx", "documents/x.txt", "https://example.org", "0" * 64)
EVENT = {"title": "Собрание", "date": "2026-09-01", "audience": "parents"}
SCORE = ("aims", "principles", "approaches", "climate", "mentor_logic", "satisfaction_participants",
         "satisfaction_partners", "activity", "application")  # fmt: skip
WANTED: Mapping[str, Mapping[str, Any]] = {  # what conditions ask for beyond the schema
    "preparation/programme": {"forms": [FORM]},
    "preparation/protocols": {"events": [EVENT]},
    "mentor_training/interviews": {"decision": "admitted"},
    "mentor_training/attendance": {"hours": 16, "completed": ["safety"]},
    "mentor_training/certificates": {"result": "clean"},
    "work/acquaintance": {"kind": "acquaintance"},
    "work/trial": {"kind": "trial", "outcome": "good"},
    "work/planning": {"kind": "planning"},
    "work/meetings": {"kind": "regular"},
    "work/final": {"kind": "final"},
    "closing/final_answers": {"response_share": 1.0},
    "closing/score": {**dict.fromkeys(SCORE, 2), "total": 18, "band": "optimal"},
}


@cache
def target() -> Methodology:
    """The target model."""
    return reader.read_folder(TARGET).or_refuse()


def least(schema: Mapping[str, Any]) -> Any:
    """The smallest data that a schema lets through."""
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        known = schema.get("properties", {})
        owed = dict.fromkeys([*schema.get("required", ()), *list(known)[: schema.get("minProperties", 0)]])
        return {name: least(known[name]) for name in owed}
    if kind == "array":
        return [least(schema["items"]) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        if schema.get("format") == "date":
            return "2026-09-01"
        return next(text for text in TEXTS if re.search(schema.get("pattern", ""), text))
    return {"boolean": False, "number": 0.0}.get(kind, max(0, schema.get("minimum", 0)))


@cache
def paper(path: str) -> Mapping[str, Any]:
    """A paper that its stage accepts; a table is without rows."""
    spec = target().artefact(path)
    schema = target().schemas[spec.schema]
    data = {**least(schema), **WANTED.get(path, {})}
    if spec.schema == "consent":
        data["status"] = "in_force"
    if spec.in_force:
        data[spec.in_force.until] = LAST_DAY
    found = validation.violations(schema, data, lambda pointer, *, key=False: NOWHERE)
    assert not found, (path, found)
    return data


class Year(Play):
    """A year of the target model; `arrivals` and `runs` count what people brought and the engine made."""

    def __init__(self, mentees: int = 1, mentors: int = 1, groups: int = 1) -> None:
        super().__init__(target(), "2026/27", "2026-04-01")
        self.holders = STAFF
        self.sizes = mentees, mentors, groups
        self.arrivals: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self.shared: Standing | None = None  # while many answer the same plan
        self.only: list[Member] | None = None  # whose steps are asked for; all without it

    # --- the school answers ------------------------------------------------------------------

    def live(self) -> None:
        """From the first task to the closed year, one arrival after the other."""
        plan = self.settle()
        while self.closed is None:
            step = next((each for each in plan.steps if isinstance(each, Ask | Sign | MayWaive)), None)
            if step is None:
                assert plan.wake_at, [type(each).__name__ for each in plan.steps]
                self.now = plan.wake_at
                plan = self.settle()
            else:
                plan = self.answer(step, plan)

    def answer_all(self, wanted: Callable[[Step], bool]) -> Plan:
        """Answer whatever is wanted, many at a time, until nothing is asked: for large schools."""
        while True:
            plan = self.settle()
            asked: dict[tuple[str, str], Step] = {}
            for step in plan.steps:
                if isinstance(step, Ask | Sign) and wanted(step):
                    asked.setdefault((step.task if isinstance(step, Ask) else step.gate, step.key), step)
            if not asked:
                return plan
            self.shared = plan.standing
            for step in asked.values():
                self.answer(step, plan)
            self.shared = None

    def answer(self, step: Step, plan: Plan) -> Plan:
        """Hand in what a step asks for, or sign; then the engine does what it can."""
        if isinstance(step, Sign):
            entry = self.methodology.checkpoint(step.gate).sign_off[step.sign_off]
            by = STAFF[entry.recorded_by or entry.role][0]
            self.arrivals[step.gate] += 1
            self.sign(step.gate, step.role, step.key, by=by)
            return self.last
        if isinstance(step, MayWaive):
            self.arrivals[step.gate] += 1
            self.waive(step.gate, step.requirement, step.roles[0], step.key, by=STAFF[step.roles[0]][0])
            return self.last
        assert isinstance(step, Ask)
        task = self.methodology.task(step.task)
        path = f"{task.stage}/{task.writes}"
        self.arrivals[step.task] += 1
        if task.uses in ("survey", "training"):
            self.collect(path, self._answers(step, plan), step.key)
        else:
            self.hand(path, self._paper(path), step.key, by=(step.who or STAFF["curator"])[0])
        return self.last

    def collect(self, path: str, data: Any, key: str) -> None:
        """Answers come in for the engine to make the paper from."""
        self.versions[path][key].append(Version(self.tick(), digest(data), data, self.now, "", "collected"))
        self.settle()

    def _answers(self, step: Ask, plan: Plan) -> Any:
        asked = [each for each in plan.steps if isinstance(each, Ask) and each.task == step.task]
        people = [code for each in asked for code in each.who] if not step.key else []
        return {"answers": [{"code": code, "status": "answered", "answers": {}} for code in people]}

    def _paper(self, path: str) -> Any:
        mentees, mentors, groups = self.sizes
        if path == "mentee_base/mentees":
            row = {"category": "pupil", "form": FORM, "request": "Учёба", "minor": True, "grade": 9}
            return {"rows": [{"code": f"Н-{number:04}-1", **row} for number in range(mentees)]}
        if path == "mentor_base/candidates":
            slots = -(-mentees // groups) * -(-groups // mentors)
            row = {"category": "employer", "form": FORM, "adult": True, "slots": slots, "experience_years": 5}
            return {"rows": [{"code": f"Т-{number:04}-1", **row} for number in range(mentors)]}
        if path == "matching/pairs":
            return self.standing.papers.latest(self.methodology.artefact("matching/proposal")).data
        if path == "work/meetings":
            return {**paper(path), "date": self.now.date().isoformat()}
        return paper(path)

    # --- the engine works --------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        return self.shared or super().standing

    def plan(self, only: list[Member] | None = None) -> Plan:
        return super().plan(only or self.only)

    def settle(self) -> Plan:
        if self.shared is None:
            self.last = super().settle()
        return self.last

    def run(self, path: str, key: str, inputs: Mapping[str, str]) -> None:
        self.runs[path] += 1
        task = self.methodology.task(path)
        if task.uses == "document" and task.role:
            super().run(path, key, inputs)
            return
        written = f"{task.stage}/{task.writes}"
        data = self.matched(task) if task.uses == "matching" else paper(written)
        self.versions[written][key].append(
            Version(self.tick(), digest(data), data, self.now, "", "made", inputs, task.digest)
        )

    def matched(self, task: Any) -> dict[str, Any]:
        mentees, mentors, groups = self.sizes
        codes = list(self.standing.pools.pool(task).mentees)
        size = -(-mentees // groups)
        rows = [
            {"group": f"Г-{number:04}", "form": FORM, "mentors": [f"Т-{number % mentors:04}-1"],
             "mentees": codes[number * size : number * size + size]}
            for number in range(groups)
        ]  # fmt: skip
        return {"rows": rows, "unmatched": []}
