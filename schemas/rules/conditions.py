"""The rules of conditions: each is typed against the schemas of what it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.conditions import Checker, Condition, Mistyped
from schemas.message_types import MessageTypes
from schemas.messages import LOOKALIKES, foreign, hint, said
from schemas.problems import Problem, problem
from schemas.rules.constants import Values
from schemas.rules.slips import FUNCTIONS, called, foreign_slip
from schemas.rules.sources import Data, Sources
from schemas.sources import Pointer, Source


def condition_problems(sources: Sources) -> Iterator[Problem]:
    """Every condition that cannot be read or names what it may not."""
    types = MessageTypes(sources.schemas)
    checker = Checker(types)
    contexts = _Contexts(sources, types)
    jobs: list[tuple[Source, Pointer, dict[str, str]]] = []
    for name, source in sources.stages.items():
        for pointer, register in _condition_places(source.data):
            jobs.append((source, pointer, contexts.names(name, register)))
    method = sources.methodology
    for name, form in method.data.get("forms", {}).items():
        for side in ("mentor", "mentee"):
            if form.get(side, {}).get("where"):
                jobs.append((method, ("forms", name, side, "where"), contexts.row(side)))
    for name, indicator in method.data.get("indicators", {}).items():
        for side in ("numerator", "denominator"):
            if "where" in indicator[side]:
                names = contexts.row(indicator[side].get("register", ""))
                jobs.append((method, ("indicators", name, side, "where"), names))
    errors = checker.check_all([(Condition.of(_text(source, at)), names) for source, at, names in jobs])
    for (source, pointer, names), error in zip(jobs, errors, strict=True):
        text = _text(source, pointer)
        if error:
            yield _told(error, source, pointer, text, names)
        else:
            yield from Values(names, types).problems(source, pointer, text)


def _told(error: Mistyped, source: Source, pointer: Pointer, text: str, names: Mapping[str, str]) -> Problem:
    """What is wrong with a condition in words that help: the parser's own where there are no better ones."""
    slip = foreign_slip(text) if error.kind in ("C01", "C02") else None
    if slip:
        at = source.inside(pointer, slip.line, slip.column)
        if slip.right:
            return problem("C12", at, wrong=slip.wrong, right=slip.right)
        plain = slip.wrong.translate(LOOKALIKES)
        known = [*names, plain] if plain.isascii() else names
        return problem("C13", at, name=slip.wrong, nearest=hint(slip.wrong, known))
    at = source.inside(pointer, error.line, error.column)
    name = error.detail.split(".")[0]
    if error.kind == "C02":
        return problem("C02", at, detail=name, nearest=hint(name, FUNCTIONS if called(text, name) else names))
    if error.kind == "C03":
        return problem("C03", at, detail=said(_CEL_TYPES[name]) if name in _CEL_TYPES else name)
    if error.kind == "C04":
        return problem("C04", at, detail=error.detail, nearest=hint(error.detail, error.known))
    return problem(error.kind, at, detail=foreign(error.detail))


def _text(source: Source, pointer: Pointer) -> str:
    text = source.data
    for part in pointer:
        text = text[part]
    return str(text)


_CEL_TYPES = {"INT": "type_integer", "DOUBLE": "type_number", "STRING": "type_string", "LIST": "type_array"}


def _condition_places(stage: Data) -> Iterator[tuple[Pointer, str | None]]:
    """Each condition of a stage with the register whose member is at hand."""
    for name, entry in stage.get("enter", {}).items():
        if "check" in entry:
            yield ("enter", name, "check"), None
    for name, artefact in stage.get("artefacts", {}).items():
        each = artefact.get("each")
        register = each if isinstance(each, str) else (each or {}).get("register")
        if isinstance(each, Mapping) and "where" in each:
            yield ("artefacts", name, "each", "where"), register
        for key in artefact.get("checks", {}):
            yield ("artefacts", name, "checks", key, "check"), register
    for name, task in stage.get("tasks", {}).items():
        if "when" in task:
            written = stage.get("artefacts", {}).get(task.get("writes"), {}).get("each")
            register = written if isinstance(written, str) else (written or {}).get("register")
            yield ("tasks", name, "when"), register
    for name, gate in stage.get("checkpoints", {}).items():
        for key, requirement in gate["requires"].items():
            if isinstance(requirement, Mapping) and "check" in requirement:
                yield ("checkpoints", name, "requires", key, "check"), gate.get("each")


class _Contexts:
    """What each name means inside a condition, by stage and register at hand."""

    def __init__(self, sources: Sources, types: MessageTypes) -> None:
        self.sources, self.types = sources, types
        self.registers = sources.methodology.data["registers"]
        self.tables = {register["rows"]: name for name, register in self.registers.items()}
        for source in sources.stages.values():
            for artefact in source.data.get("artefacts", {}).values():
                if artefact["schema"] in sources.schemas:
                    types.artefact(artefact["schema"])
        self.params = {
            name: types.record(
                f"params_{name}", {key: param["type"] for key, param in source.data.get("params", {}).items()}
            )
            for name, source in sources.stages.items()
        }

    def row(self, register: str) -> dict[str, str]:
        spec = self.sources.artefact(self.registers.get(register, {}).get("rows", ""))
        known = spec and spec["schema"] in self.sources.schemas
        return {"row": self.types.row(spec["schema"]) if spec and known else "dyn"}

    def names(self, stage: str, register: str | None) -> dict[str, str]:
        data = self.sources.stages[stage].data
        names = {"params": self.params[stage], **(self.row(register) if register else {})}
        recurring = {task.get("writes") for task in data.get("tasks", {}).values() if "every" in task}
        for name, artefact in data.get("artefacts", {}).items():
            names[name] = self._type(f"{stage}/{name}", artefact, register, name in recurring)
        for name, need in data.get("needs", {}).items():
            artefact = self.sources.artefact(need["artefact"])
            names[name] = self._type(need["artefact"], artefact, register, recurring=False)
        return names

    def _type(self, path: str, artefact: Data | None, register: str | None, recurring: bool) -> str:
        if artefact is None or artefact["schema"] not in self.sources.schemas:
            return "dyn"  # its own problem is told already
        own = self.types.artefact(artefact["schema"])
        each = artefact.get("each")
        keyed = each if isinstance(each, str) else (each or {}).get("register")
        if register and self.tables.get(path) == register:
            return self.types.row(artefact["schema"])
        if keyed is None and not each:
            return own
        if keyed == register and not recurring:
            return own
        return f"list:{own}"
