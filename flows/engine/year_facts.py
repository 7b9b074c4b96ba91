"""Numbers that a closing report is made of: people, groups, meetings, replacements, indicators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flows.engine.snapshot import Member
from flows.engine.standing import Standing
from schemas.conditions import evaluate
from schemas.model import Count, Indicator
from schemas.stage import TaskSpec

Json = dict[str, Any]


def year_facts(standing: Standing) -> Json:
    """The facts of a programme's year as it stands."""
    return _Facts(standing).all()


class _Facts:
    def __init__(self, standing: Standing) -> None:
        self.standing, self.methodology = standing, standing.methodology

    def all(self) -> Json:
        members = self.standing.members
        people, groups = [], []
        for register in self.methodology.registers.values():
            for key, row in members.rows(register.id).items():
                member = Member(register.id, key)
                ending = members.ending(member)
                common = {"form": row.data.get("form", ""), "state": "ended" if ending else "live"}
                if register.members:
                    parts = members.parts(member)
                    state = "ended" if ending else "finished" if self._finished(member) else "live"
                    counts = {name: len(keys) for name, keys in parts.items()}
                    groups.append(
                        {**common, "state": state, "group": key, "cause": ending.cause if ending else "",
                         **{f"{name}s": count for name, count in counts.items()}}
                    )  # fmt: skip
                else:
                    grade = {"grade": row.data["grade"]} if row.data.get("grade") else {}
                    category = row.data.get("category", "")
                    people.append({**common, **grade, "register": register.id, "category": category})
        return {
            "year": self.standing.snapshot.year,
            "surveys": {name: str(survey["title"]) for name, survey in self.methodology.surveys.items()},
            "forms": {form.id: form.title for form in self.methodology.forms.values()},
            "people": people,
            "groups": groups,
            "replaced": self._replaced(),
            "unmatched": self._unmatched(),
            "meetings": self._meetings(),
            "indicators": [
                {
                    "indicator": each.id,
                    "title": each.title,
                    "numerator": self._count(each.numerator),
                    "denominator": self._count(each.denominator),
                    **self._plan(each),
                }
                for each in self.methodology.indicators.values()
            ],
        }

    def _plan(self, indicator: Indicator) -> Json:
        """What was planned: by the school, in the paper that the indicator counts from, else by the methodology."""
        for count in (indicator.denominator, indicator.numerator):
            spec = self.methodology.artefact(count.artefact) if count.artefact else None
            paper = self.standing.papers.latest(spec) if spec else None
            for line in paper.data.get("indicators", ()) if paper else ():
                if line.get("indicator") == indicator.id and "plan" in line:
                    return {"plan": line["plan"]}
        return {} if indicator.target is None else {"plan": indicator.target}

    def _finished(self, member: Member) -> bool:
        gates = [
            gate
            for stage in self.methodology.stages.values()
            for gate in stage.checkpoints.values()
            if gate.register == member.register
        ]
        return bool(gates) and self.standing.gates.gate(gates[-1], member.key).approved

    def _replaced(self) -> int:
        """Papers of work on request that open other tasks again: replacements."""
        return sum(
            len(self.standing.snapshot.versions.get(f"{task.stage}/{task.writes}", {}))
            for task in self._tasks()
            if task.on_request and task.then.reopen
        )

    def _unmatched(self) -> int:
        found = 0
        for register in self.methodology.registers.values():
            table = self.standing.members.table(register.id)
            if register.members and table:
                found += len(table[-1].data.get("unmatched", ()))
        return found

    def _meetings(self) -> int:
        """Records of forms that recur."""
        found = 0
        for task in self._tasks():
            if task.every and task.uses == "form":
                logs = self.standing.snapshot.versions.get(f"{task.stage}/{task.writes}", {})
                found += sum(len({each.occurrence for each in versions}) for versions in logs.values())
        return found

    def _tasks(self) -> Iterator[TaskSpec]:
        for stage in self.methodology.stages.values():
            yield from stage.tasks.values()

    def _count(self, count: Count) -> int:
        if count.register:
            rows = self.standing.members.rows(count.register)
            return sum(
                1
                for row in rows.values()
                if count.where is None or evaluate(count.where, {"row": row.data}).holds
            )
        spec = self.methodology.artefact(str(count.artefact))
        version = self.standing.papers.latest(spec)
        return int(version.data.get(count.field, 0)) if version else 0
