"""Lives a school's year of the target model on the pure engine: whatever is asked for is handed in and signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from play import Play

from flows.engine.steps import ENGINE_STEPS, Ask, Sign
from schemas.model import Methodology

CONSENT = {"status": "in_force"}
MARKS = ("aims", "principles", "approaches", "climate", "mentor_logic", "satisfaction_participants",
         "satisfaction_partners", "activity", "application")  # fmt: skip
PAPERS: dict[str, Any] = {  # what the conditions of the target model look at; of the rest any text will do
    "preparation/protocols": {"events": [{"audience": "parents"}]},
    "mentee_base/consents": CONSENT,
    "mentee_base/participation": CONSENT,
    "mentor_base/consents": CONSENT,
    "mentor_base/permissions": CONSENT,
    "mentor_training/interviews": {"decision": "admitted"},
    "mentor_training/attendance": {"completed": ["safety"], "hours": 40},
    "mentor_training/certificates": {"result": "clean"},
    "work/acquaintance": {"kind": "acquaintance"},
    "work/trial": {"kind": "trial", "outcome": "good"},
    "work/planning": {"kind": "planning"},
    "work/final": {"kind": "final"},
    "closing/final_answers": {"response_share": 1.0},
    "closing/score": {"total": 2 * len(MARKS), **dict.fromkeys(MARKS, 2)},
    "closing/cases": {"rows": []},
}


class Life(Play):
    """A programme in which everybody does at once what they are asked for; `story` tells it, line by line."""

    def __init__(
        self,
        methodology: Methodology,
        *,
        form: str = "pupil_pupil",
        category: str = "pupil",
        mentor: str = "",
        start: str = "2026-04-01",
        papers: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(methodology, f"{start[:4]}/{(int(start[:4]) + 1) % 100:02}", start)
        self.holders = {role: [role] for role in methodology.roles}
        self.form, self.category, self.mentor = form, category, mentor or category
        self.papers = {**PAPERS, "preparation/programme": {"forms": [form]}, **(papers or {})}
        self.story: list[str] = []
        self.busy = False

    def live(self, until: str = "") -> Life:
        """Go on till the year is closed, or till something of this name has been handed in or signed."""
        for _ in range(400):
            steps = [step for step in self.settle().steps if not isinstance(step, ENGINE_STEPS)]
            if self.closed or (until and until in self.story):
                return self
            asked = [each for each in steps if isinstance(each, Ask)] or steps[:1]
            assert isinstance(asked[0], Sign | Ask), (steps, self.story[-5:])
            self.busy = True  # people do it side by side; the engine looks when all is there
            for step in asked:
                self.answer(step)
            self.busy = False
        raise AssertionError((self.asked(), self.story[-5:]))

    def settle(self) -> Any:
        """The engine's steps, when nobody is in the middle of something."""
        return None if self.busy else super().settle()

    def answer(self, step: Ask | Sign) -> None:
        """Do what is asked."""
        if isinstance(step, Sign):
            entry = self.methodology.checkpoint(step.gate).sign_off[step.sign_off]
            self.sign(step.gate, step.role, step.key, by=entry.recorded_by or step.role)
            self.story.append(f"{step.gate}:{step.sign_off}")
            return
        task = self.methodology.task(step.task)
        path = f"{task.stage}/{task.writes}"
        if path == "work/final":
            self.meetings(step.key)
        self.hand(path, self.paper_for(path), step.key, by=step.role or "survey")
        self.story.append(path)

    def meetings(self, key: str) -> None:
        """As many meetings as the methodology asks for."""
        for _ in range(int(self.methodology.stages["work"].params["min_meetings"])):
            self.now += timedelta(days=1)
            self.hand("work/meetings", {"date": self.now.date().isoformat()}, key, by="mentor")

    def paper_for(self, path: str) -> Any:
        """What is handed in for a paper."""
        if path in self.papers:
            return self.papers[path]
        person = {"form": self.form, "category": self.category, "minor": False, "grade": 9}
        match path:
            case "mentee_base/mentees":
                return {"rows": [{"code": "m1", "request": "физика", **person}]}
            case "mentor_base/candidates":
                more = {"category": self.mentor, "slots": 1, "adult": True, "experience_years": 7}
                return {"rows": [{"code": "t1", **person, **more}]}
            case "matching/pairs":
                made = self.versions["matching/proposal"][""][-1].data
                return {**made, "rows": [{**row, "form": self.form} for row in made["rows"]]}
            case "work/meetings":
                return {"date": self.now.date().isoformat()}
        return {"text": "да"}

    def day_of(self, task: str, key: str = "") -> date | None:
        """The last day on which a task that is open is in time."""
        due = self.task(task, key).due
        return due.astimezone(self.snapshot.zone).date() - timedelta(days=1) if due else None
