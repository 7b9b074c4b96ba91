"""Names become codes: what a paper says of people, before anything of it is kept.

A cell holds a code or the name of one known person. New people of a base get a code here; their names and
contacts leave the paper for the people store.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flows.drafts import Draft
from flows.engine.standing import Standing
from flows.people import People, make_code, mistyped_code, person_fields, plain_name, read_code
from schemas import surveys
from schemas.messages import cut
from schemas.problems import Location, Problem, problem
from schemas.sources import Pointer
from schemas.stage import ArtefactSpec, TaskSpec

NOBODY = make_code(0)  # stands in a row whose person is not known, so that the rest of the row can be checked


def read_key(spec: ArtefactSpec, key: str) -> str:
    """A key as somebody typed it, in its one spelling where it is a code."""
    return key.strip() if spec.each is None or spec.each.register is None else member_key(key)


def member_key(text: str) -> str:
    """A member's key as somebody typed it, in its one spelling."""
    return read_code(text) or text.strip().upper().replace("G-", "Г-")


class Naming:
    """Puts codes in the place of names, draft by draft; `problems` and `new_people` grow with each."""

    def __init__(self, standing: Standing, people: People, spec: ArtefactSpec, task: TaskSpec) -> None:
        self.standing, self.people, self.spec, self.task = standing, people, spec, task
        self.methodology, self.school = standing.methodology, standing.snapshot.school
        self.problems: list[Problem] = []
        self.new_people: list[str] = []

    def name(self, draft: Draft) -> None:
        """Replace the names in a draft, and name its key."""
        schema = self.methodology.schema_of(self.spec)
        rows = schema.get("properties", {}).get("rows", {}).get("items", {})
        if person_fields(rows) and has_rows(draft.data):  # a base, or a list beside it: next year's mentors
            self._enter_base(draft, rows)
        if self.task.uses == "survey":
            schema = surveys.answer_schema(self.methodology.surveys[self.task.options["survey"]])
        draft.data = self._coded(draft.data, schema, draft, ())
        if self.spec.each:
            draft.key = self._key(draft)
        elif self.task.uses == "survey" and not draft.source:
            draft.key = self._code(draft.key or draft.name, draft.at_key or draft.at())

    # --- whose record it is ------------------------------------------------------------------

    def _key(self, draft: Draft) -> str:
        register = self.spec.each.register if self.spec.each else None
        at = draft.at_key or draft.at()
        if register is None or self.methodology.registers[register].members:
            key = self._item(draft.key) if register is None else read_key(self.spec, draft.key)
            known = (
                self.standing.members.rows(register) if register else self.standing.papers.items(self.spec)
            )
            if key not in known:
                self.problems.append(problem("D20", at, key=key or "–", known=cut(list(known), 12)))
            return key
        code = self._code(draft.key or draft.name, at)
        if code and code in self._known_codes and code not in self.standing.members.rows(register):
            title = self.methodology.registers[register].title
            self.problems.append(problem("D21", at, code=code, register=title))
        return code

    def _item(self, text: str) -> str:
        """An item of a list by its id, or by the title of the form that it names."""
        for form in self.methodology.forms.values():
            if plain_name(text).replace("–", "-") == plain_name(form.title).replace("–", "-"):
                return form.id
        return text

    # --- who is named in a cell --------------------------------------------------------------

    def _coded(self, data: Any, schema: Mapping[str, Any], draft: Draft, pointer: Pointer) -> Any:
        if schema.get("x-person") and isinstance(data, str):
            return self._code(data, draft.at(pointer))
        if isinstance(data, list):
            inner = schema.get("items", {})
            inner = {**inner, "x-person": True} if schema.get("x-person") else inner
            return [self._coded(each, inner, draft, (*pointer, index)) for index, each in enumerate(data)]
        if isinstance(data, Mapping):
            fields = schema.get("properties", {})
            return {
                name: self._coded(value, fields.get(name, {}), draft, (*pointer, name))
                for name, value in data.items()
            }
        return data

    def _code(self, text: str, at: Location) -> str:
        """A code for what stands in a cell: a code, or the name of one known person."""
        text = text.strip()
        if not text:
            self.problems.append(problem("P03", at))
            return ""
        if any(sign.isdigit() for sign in text):
            return self._written_code(text, at)
        found = self.people.find(self.school, text)
        if len(found) != 1:
            self.problems.append(problem("P05" if found else "P07", at, codes=found))
            return ""
        return found[0]

    def _written_code(self, text: str, at: Location) -> str:
        """A code as it stands in a cell, in its one spelling; never quoted unless it is surely a code."""
        code = read_code(text)
        if not code:
            slip = mistyped_code(text)
            self.problems.append(problem("P11", at, code=slip) if slip else problem("P04", at))
        elif code != NOBODY and code not in self._known_codes:
            self.problems.append(problem("P02", at, code=code))
        return code

    @cached_property
    def _known_codes(self) -> set[str]:
        return self.people.codes(self.school)

    # --- a base ------------------------------------------------------------------------------

    def _enter_base(self, draft: Draft, schema: Mapping[str, Any]) -> None:
        fields = person_fields(schema)
        seen: dict[str, Location] = {}
        plan: list[tuple[dict[str, Any], dict[str, str], str]] = []
        before = len(self.problems)
        for index, row in enumerate(draft.data["rows"]):
            card = {kind: str(row.pop(name)) for name, kind in fields.items() if name in row}
            at = draft.at(("rows", index))
            code = self._entered_code(row, card, at)
            name = plain_name(card.get("name", ""))
            if name and not code and name in seen:
                self.problems.append(problem("P08", at, first=str(seen[name])))
            if code and code in seen:
                self.problems.append(problem("P09", at, code=code, first=str(seen[code])))
            seen.setdefault(name, at)
            seen.setdefault(code, at)
            plan.append((row, card, code))
        broken = len(self.problems) > before
        for row, card, code in plan:
            row["code"] = code or (NOBODY if broken else self._enter(card))
            if code and not broken:
                self.people.update(self.school, code, card)
        if not broken:
            self.__dict__.pop("_known_codes", None)

    def _enter(self, card: Mapping[str, str]) -> str:
        code = self.people.add(self.school, card)
        self.new_people.append(code)
        return code

    def _entered_code(self, row: Mapping[str, Any], card: Mapping[str, str], at: Location) -> str:
        """The code of a row of a base: as written, or of the one person known by that name."""
        written = str(row.get("code", "")).strip()
        if written:
            return self._written_code(written, at)
        if not card.get("name"):
            self.problems.append(problem("P03", at))
            return ""
        found = self.people.find(self.school, card["name"])
        if len(found) > 1:
            self.problems.append(problem("P05", at, codes=found))
        return found[0] if len(found) == 1 else ""


def has_rows(data: Any) -> bool:
    """Whether data are a table: rows, each of them fields."""
    rows = data.get("rows") if isinstance(data, Mapping) else None
    return isinstance(rows, list) and all(isinstance(each, dict) for each in rows)
