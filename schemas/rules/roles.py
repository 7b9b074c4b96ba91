"""Whether those who are named can act: people hand in and sign, bodies decide, members see to their own."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.problems import Problem, problem
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source


def role_problems(sources: Sources) -> Iterator[Problem]:
    """Every role that is asked for what it can never do."""
    for source in sources.stages.values():
        yield from _Acting(sources, source).problems()


class _Acting:
    def __init__(self, sources: Sources, source: Source) -> None:
        self.surveys = sources.surveys
        self.source, self.data = source, source.data
        self.roles = sources.methodology.data["roles"]
        self.registers = sources.methodology.data["registers"]

    def problems(self) -> Iterator[Problem]:
        for name, task in self.data.get("tasks", {}).items():
            yield from self._task(("tasks", name), task)
        for name, gate in self.data.get("checkpoints", {}).items():
            here: Pointer = ("checkpoints", name)
            for key, entry in gate["sign_off"].items():
                yield from self._sign_off((*here, "sign_off", key), entry)
            acts = {entry.get("act", "approve") for entry in gate["sign_off"].values()}
            if acts == {"opinion"}:
                yield problem("R49", self.source.at((*here, "sign_off"), key=True), name=name)
            for key, requirement in gate["requires"].items():
                if isinstance(requirement, dict) and "waive" in requirement:
                    at: Pointer = (*here, "requires", key, "waive", "who")
                    for index, role in enumerate(requirement["waive"]["who"]):
                        yield from self._staff((*at, index), role)
        for index, role in enumerate(self.data.get("may_reopen", [])):
            yield from self._staff(("may_reopen", index), role)

    def _task(self, here: Pointer, task: Data) -> Iterator[Problem]:
        for key in ("ask", "to"):
            for index, role in enumerate(task.get("with", {}).get(key, [])):
                yield from self._person((*here, "with", key, index), role)
        if "who" not in task:
            yield from self._audience(here, task)
            return
        role = task["who"]["role"]
        at = (*here, "who", "role")
        yield from self._person(at, role)
        if role not in self.roles:
            return
        of = self.roles[role].get("of")
        register = self._register(task.get("writes"))
        if of is None and "of" in task["who"]:
            yield problem("R48", self.source.at((*here, "who", "of")), role=role)
        elif of is not None and (register or "of" not in task["who"]) and not self._near(of, register):
            yield problem("R43", self.source.at(at), role=role, of=of, name=task.get("writes", ""))

    def _audience(self, here: Pointer, task: Data) -> Iterator[Problem]:
        """A survey kept for each member of a register is answered by those who have to do with that member."""
        survey = self.surveys.get(task.get("with", {}).get("survey", ""))
        register = self._register(task.get("writes"))
        if task["uses"] != "survey" or survey is None or register is None:
            return
        role = survey.data["audience"]
        of = self.roles.get(role, {}).get("of")
        if of is not None and not self._near(of, register):
            at = self.source.at((*here, "with", "survey"))
            yield problem(
                "R87", at, survey=survey.data["id"], role=role, of=of, name=task["writes"], register=register
            )

    def _register(self, artefact: str | None) -> str | None:
        each = self.data.get("artefacts", {}).get(artefact, {}).get("each") if artefact else None
        return each if isinstance(each, str) else each.get("register") if each else None

    def _near(self, of: str, register: str | None) -> bool:
        """Whether a member of the one register leads to members of the other: by itself, or by a group."""
        if register is None or of not in self.registers or register not in self.registers:
            return register is not None
        groups = (self.registers[register].get("members", {}), self.registers[of].get("members", {}))
        if any(each not in self.registers for group in groups for each in group):
            return True  # which one is meant is asked already
        return of == register or of in groups[0] or register in groups[1]

    def _person(self, at: Pointer, role: str) -> Iterator[Problem]:
        if self.roles.get(role, {}).get("body"):
            yield problem("R45", self.source.at(at), role=role)

    def _staff(self, at: Pointer, role: str) -> Iterator[Problem]:
        yield from self._person(at, role)
        if "of" in self.roles.get(role, {}):
            yield problem("R44", self.source.at(at), role=role)

    def _sign_off(self, here: Pointer, entry: Data) -> Iterator[Problem]:
        role = entry["role"]
        if "of" in self.roles.get(role, {}):
            yield problem("R44", self.source.at((*here, "role")), role=role)
        if "recorded_by" in entry:
            yield from self._staff((*here, "recorded_by"), entry["recorded_by"])
        hand = entry.get("recorded_by", role)
        for index, actor in enumerate(entry.get("not", [])):
            name = actor.split(".")[0]
            task = self.data.get("tasks", {}).get(name)
            if task is None:
                continue
            at = self.source.at((*here, "not", index))
            if "who" not in task:
                yield problem("R47", at, task=name)
            elif task["who"]["role"] == hand:
                yield problem("R46", at, role=hand, task=name)
