"""The rules of `methodology.yaml` and of the stages among themselves."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.conditions import RESERVED
from schemas.messages import hint, unknown
from schemas.problems import Problem, problem
from schemas.rules.graph import find_cycle
from schemas.rules.sources import Data, Sources, basis_problems, calendar_name
from schemas.sources import Pointer, Source


def methodology_problems(sources: Sources) -> Iterator[Problem]:
    """Every problem of the methodology as a whole."""
    source, data = sources.methodology, sources.methodology.data
    files = set(sources.stages) | sources.broken
    for name in data["stages"]:
        if name not in files:
            yield problem("R01", source.at(("stages", name), key=True), stage=name)
    for name, stage in sources.stages.items():
        if name not in data["stages"]:
            yield _unlisted(sources, stage, name, data["stages"])
    numbers: dict[int, str] = {}
    for name, entry in data["stages"].items():
        other = numbers.setdefault(entry["number"], name)
        if other != name:
            yield problem("R18", source.at(("stages", name, "number")), number=entry["number"], stage=other)
    for group in ("roles", "registers", "forms", "stages"):
        for name in data.get(group, {}):
            if name in RESERVED:
                yield problem("R03", source.at((group, name), key=True), name=name)
    for name, role in data["roles"].items():
        if "of" in role and role["of"] not in data["registers"]:
            yield unknown(source.at(("roles", name, "of")), "register", role["of"], data["registers"])
    for name, register in data["registers"].items():
        yield from _register(sources, name, register)
    for name, indicator in data.get("indicators", {}).items():
        for side in ("numerator", "denominator"):
            yield from _count(sources, indicator[side], ("indicators", name, side))
    yield from basis_problems(sources, source, data, ())
    holidays = data["calendar"].get("holidays")
    if holidays and (name := calendar_name(holidays)) not in sources.calendars and name not in sources.broken:
        known = [f"calendar/{each}.yaml" for each in sources.calendars]
        yield unknown(source.at(("calendar", "holidays")), "calendar", holidays, known)
    for calendar in sources.calendars.values():
        yield from basis_problems(sources, calendar, calendar.data, ())
    yield from _stage_cycle(sources)
    yield from _audiences(sources)


def _unlisted(sources: Sources, stage: Source, name: str, listed: Data) -> Problem:
    """A stage that is new, or one whose name is misspelt: then a listed one has no file."""
    at = stage.at(("id",))
    lacking = [each for each in listed if each not in sources.stages and each not in sources.broken]
    if hint(name, lacking).name not in ("nearest_none", "nearest_nothing"):
        return unknown(at, "stage", name, lacking)
    number = max((each["number"] for each in listed.values()), default=0) + 1
    return problem("R85", at, stage=name, number=number)


def _audiences(sources: Sources) -> Iterator[Problem]:
    roles = sources.methodology.data["roles"]
    for survey in sources.surveys.values():
        if survey.data["audience"] not in roles:
            yield unknown(survey.at(("audience",)), "role", survey.data["audience"], roles)


def _register(sources: Sources, name: str, register: Data) -> Iterator[Problem]:
    source, here = sources.methodology, ("registers", name)
    for member in register.get("members", {}):
        if member not in source.data["registers"]:
            yield unknown(
                source.at((*here, "members", member), key=True), "register", member, source.data["registers"]
            )
    spec = sources.artefact(register["rows"])
    if spec is None:
        if register["rows"].split("/")[0] not in sources.broken:
            yield unknown(
                source.at((*here, "rows")), "artefact", register["rows"], sources.paths("artefacts")
            )
        return
    row = sources.row_schema(spec["schema"])
    if row is None:
        return
    for key, field_name in [("key", register["key"]), *register.get("members", {}).items()]:
        if field_name not in row.get("properties", {}):
            at = (*here, key) if key == "key" else (*here, "members", key)
            yield unknown(source.at(at), "field", field_name, row.get("properties", {}))
    yield from _intake(sources, name, register)


def _intake(sources: Sources, name: str, register: Data) -> Iterator[Problem]:
    stage, table = register["rows"].split("/")
    for checkpoint in sources.stages[stage].data.get("checkpoints", {}).values():
        dated = any(
            each.get("document", {}).get("date") == "required" for each in checkpoint["sign_off"].values()
        )
        if "each" not in checkpoint and table in checkpoint["requires"] and dated:
            return
    yield problem("R10", sources.stages[stage].at(("artefacts", table), key=True), register=name, table=table)


def _count(sources: Sources, count: Data, here: Pointer) -> Iterator[Problem]:
    source = sources.methodology
    if "register" in count and count["register"] not in source.data["registers"]:
        yield unknown(source.at((*here, "register")), "register", count["register"], source.data["registers"])
    if "artefact" in count and count["artefact"].split("/")[0] not in sources.broken:
        spec = sources.artefact(count["artefact"])
        if spec is None:
            yield unknown(
                source.at((*here, "artefact")), "artefact", count["artefact"], sources.paths("artefacts")
            )
        elif (schema := sources.schemas.get(spec["schema"])) and count.get("field") not in schema[
            "properties"
        ]:
            yield unknown(source.at((*here, "field")), "field", str(count.get("field")), schema["properties"])


def _stage_cycle(sources: Sources) -> Iterator[Problem]:
    edges: dict[str, dict[str, Pointer]] = {}
    for name, source in sources.stages.items():
        out = edges.setdefault(name, {})
        for key, need in source.data.get("needs", {}).items():
            spec = sources.artefact(need["artefact"])
            # what belongs to the school comes from the year before; an optional need waits for nothing
            if not need.get("optional") and not (spec and spec.get("belongs_to") == "school"):
                out.setdefault(need["artefact"].split("/")[0], ("needs", key))
        for index, other in enumerate(source.data.get("after", [])):
            out.setdefault(other, ("after", index))
    cycle = find_cycle({name: list(out) for name, out in edges.items()})
    if cycle:
        first, second = cycle[0], cycle[1]
        at = sources.stages[first].at(edges[first][second])
        yield problem("R07", at, cycle=" → ".join(cycle))
