"""Reads a methodology: a folder (or a stored bundle) becomes a Methodology, or every problem in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas import parameters, rules, school_days, surveys, texts, validation
from schemas.layers import apart, whole
from schemas.messages import is_warning
from schemas.overlay import lay
from schemas.problems import InvalidDefinition, Location, Problem, problem
from schemas.profile import profile_problems
from schemas.rules.scenarios import scenario_problems
from schemas.rules.sources import Sources
from schemas.shapes import broken_parts, part_problems
from schemas.sources import Source, parse_json, parse_yaml
from schemas.stack import APPLIED, FILES, Layer, overlays_of, stack, stack_problems
from schemas.strays import stray_problems
from schemas.validation import Schema
from schemas.word_templates import template_problems

if TYPE_CHECKING:
    from schemas.model import Methodology

Bundle = Mapping[str, bytes]

_ID = re.compile(r"[a-z][a-z0-9_]*")
_KINDS = {"stages": "stage", "surveys": "survey", "scenarios": "scenario", "calendar": "calendar"}


@dataclass(frozen=True)
class Reading:
    """What reading gave: sound sources with their warnings, or the problems that stand in the way.

    `sources` speak one language, `files` all, by the name of each file that a methodology is built of.
    `layers` are the overlays that lie on the methodology, first to last, each with what it changes.
    The bundle is what a programme is pinned to; the scenarios, which only test it, are no part of it.
    """

    sources: Sources | None
    problems: tuple[Problem, ...]
    bundle: Bundle
    layers: tuple[Layer, ...] = ()
    scenarios: Mapping[str, Source] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shapes_only: bool = False  # what stands in one file was not held against another

    @cached_property
    def methodology(self) -> Methodology | None:
        """The methodology; None where problems stand in the way."""
        if self.sources is None:
            return None
        from schemas.building import build  # what only checks does not wait for it

        return build(self.sources, self.bundle, self.files, tuple(layer.name for layer in self.layers))

    def or_refuse(self) -> Methodology:
        """The methodology; InvalidDefinition with all problems where there is none."""
        if self.methodology is None:
            raise InvalidDefinition(self.problems)
        return self.methodology


@dataclass
class _Files:
    """The files that could be read, and what is wrong with any of them."""

    method: Source | None = None
    stages: dict[str, Source] = field(default_factory=dict)
    surveys: dict[str, Source] = field(default_factory=dict)
    scenarios: dict[str, Source] = field(default_factory=dict)
    calendars: dict[str, Source] = field(default_factory=dict)
    broken: set[str] = field(
        default_factory=set
    )  # stages, surveys and schema files with problems of their own
    problems: list[Problem] = field(default_factory=list)

    def folder(self, name: str) -> dict[str, Source]:
        """The files of a folder by their names without the suffix."""
        return {
            "stages": self.stages,
            "surveys": self.surveys,
            "scenarios": self.scenarios,
            "calendar": self.calendars,
        }[name]

    def settled(self, wanted: str) -> tuple[_Files, dict[str, Mapping[str, Any]]]:
        """The files with their params in place and their texts in one language; by name, all languages."""
        own = texts.language_of(self.method)
        all_languages: dict[str, Mapping[str, Any]] = {}

        def settle(kind: str, name: str, source: Source) -> Source:
            if source.plain:
                all_languages[name] = source.data
                return source
            whole, _ = parameters.resolved(kind, source)
            all_languages[name] = whole.data
            return texts.spoken(kind, whole, own, wanted)[0]

        def folder(name: str) -> dict[str, Source]:
            return {
                key: settle(_KINDS[name], f"{name}/{key}.yaml", source)
                for key, source in self.folder(name).items()
            }

        method = settle("methodology", "methodology.yaml", self.method) if self.method else None
        settled = replace(
            self,
            method=method,
            stages=folder("stages"),
            surveys=folder("surveys"),
            scenarios=folder("scenarios"),
            calendars=folder("calendar"),
        )
        return settled, all_languages


def collect(folder: Path) -> dict[str, bytes]:
    """The files of a methodology's folder by their name inside it."""
    found: dict[str, bytes] = {}
    for pattern in (*FILES, "scenarios/*.yaml"):
        for path in sorted(folder.glob(pattern)):
            if path.is_file():  # a folder may be called so too
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def read_folder(folder: Path, shown: str = "", overlay: Path | None = None, language: str = "") -> Reading:
    """Read a folder, with an overlay on it; `shown` is put before file names in problems."""
    content = collect(folder)
    if overlay is None:
        return read(content, shown, language=language)
    stacked = stack(content, folder, overlay)
    if stacked.problems:
        return Reading(None, stacked.problems, content)
    return read(stacked.content, shown, stacked.names, language=language)


def read_all(folder: Path, shown: str = "") -> tuple[Reading, tuple[Problem, ...]]:
    """Read a folder alone, and every overlay on it: its own, and those of the schools beside it.

    The problems are of all of them; a param without a value is none here, where no school starts.
    """
    reading = read(collect(folder), shown, complete=False)
    found = [*reading.problems, *stray_problems(folder, shown)]
    if reading.sources is not None:
        for path in overlays_of(folder):
            found += read_folder(folder, shown, path).problems
    return reading, tuple(sorted(set_of(found), key=lambda each: each.order))


def read(
    content: Bundle,
    shown: str = "",
    names: Mapping[str, str] | None = None,
    *,
    complete: bool = True,
    language: str = "",
) -> Reading:
    """Read the files of a methodology; the bundle that comes back is complete by itself.

    `names` are what to call files in problems that do not lie in the methodology's folder; `complete` asks for
    a value of each param, without which no programme can start. Texts are in the methodology's language, or in
    another that is asked for where they have it.
    """
    prefix = f"{shown.rstrip('/')}/" if shown else ""
    called = {name: prefix + name for name in content} | dict(names or {})
    if "methodology.yaml" not in content:
        return Reading(None, (problem("R00", Location(f"{prefix}methodology.yaml")),), content)
    files = _parsed(content, called)
    layers: tuple[Layer, ...] = ()
    applied = [name for name in sorted(content) if name.startswith(APPLIED)]
    if applied and files.method is not None and not files.broken:
        sources = {name: parse_yaml(content[name], called[name]) for name in applied}
        layers = _overlaid(files, sources)
    files, all_languages = files.settled(language)
    found = files.problems
    schemas, own, problems = _schemas(content, called, files.stages)
    found.extend(problems)
    files.broken.update(f"{each.at.file.rpartition('/')[2]}" for each in problems)
    for source in files.surveys.values():
        found.extend(surveys.meaning_problems(source))
    for source in files.calendars.values():
        found.extend(school_days.calendar_problems(source))
    documents = {name for name in content if name.startswith("documents/")}
    templates: dict[str, tuple[str, bytes]] = {}
    for name in sorted(documents):
        if name.endswith((".docx", ".txt")):
            faults = template_problems(content[name], called[name])
            found.extend(faults)
            if not faults:
                templates[name] = called[name], content[name]
    known: Sources | None = None
    if files.method is not None:
        known = Sources(
            files.method,
            files.stages,
            files.surveys,
            frozenset(documents),
            schemas,
            frozenset(files.broken),
            complete,
            templates,
            files.calendars,
        )
        found.extend(rules.check(known))
        found.extend(scenario_problems(known, files.scenarios))
    errors = [each for each in found if not is_warning(each)]
    told = sorted(set_of(errors or found), key=lambda each: each.order)  # an error brings false warnings
    if errors or known is None:
        return Reading(None, tuple(told), content, layers, shapes_only=known is None)
    bundle = {**own, **{name: each for name, each in content.items() if not name.startswith("scenarios/")}}
    return Reading(known, tuple(told), bundle, layers, files.scenarios, all_languages)


def _parsed(content: Bundle, called: Mapping[str, str]) -> _Files:
    """Every file of the methodology itself that has the right shape."""
    files = _Files()
    own = ""
    for name in sorted(content, key=lambda each: (each != "methodology.yaml", each)):
        folder, _, file = name.rpartition("/")
        kind = "methodology" if name == "methodology.yaml" else _KINDS.get(folder)
        if kind is None:
            continue
        source, problems = parse_yaml(content[name], called[name])
        if kind == "methodology":
            own = texts.language_of(source)
        if source is not None:
            problems = part_problems(kind, source, own)
        if source is None or problems:
            if folder != "scenarios":  # nothing is built on them
                files.broken.add(file.removesuffix(".yaml"))
        elif kind == "methodology":
            files.method = source
        else:
            stem = file.removesuffix(".yaml")
            if (id := source.data.get("id", stem)) != stem:
                files.problems.append(problem("R14", source.at(("id",)), name=id, file=file))
            if id == stem or _ID.fullmatch(stem):
                files.folder(folder)[stem] = source
            else:  # a copy: nothing can be said of it but that its name is none
                files.broken.add(stem)
        files.problems.extend(problems)
    return files


def _overlaid(files: _Files, applied: Mapping[str, tuple[Source | None, list[Problem]]]) -> tuple[Layer, ...]:
    """Lay the overlays over the files, in place; the layers, as far as they could be laid."""
    assert files.method is not None
    document = whole(files.method, files.stages, files.surveys)
    layers: list[Layer] = []
    sound = True
    last, _ = list(applied.values())[-1]
    top = str(last.data.get("id", "")) if last and isinstance(last.data, Mapping) else ""
    for source, problems in applied.values():
        problems = problems or (validation.shape_problems("overlay", source) if source else [])
        problems = problems or (
            stack_problems(source, files.method, [layer.source for layer in layers], top) if source else []
        )
        files.problems.extend(problems)
        if source is None or problems:
            break
        laid = lay(document, source)
        layers.append(Layer(source, document, laid.document, laid.judgements))
        files.problems.extend(laid.problems)
        document = laid.document
        sound = laid.sound
        if not sound:
            break
    method, stages, surveys_found = apart(document)
    if not sound:  # what is wrong is told already, with the overlay that made it so
        files.broken |= {name for name, _ in broken_parts(document)}
    files.method = None if "" in files.broken else method
    files.stages = {name: part for name, part in stages.items() if name not in files.broken}
    files.surveys = {name: part for name, part in surveys_found.items() if name not in files.broken}
    return tuple(layers)


def set_of(problems: list[Problem]) -> list[Problem]:
    """The problems without those told twice."""
    seen: dict[tuple[object, ...], Problem] = {}
    for each in problems:
        seen.setdefault((each.code, each.at, str(sorted(each.values.items(), key=str))), each)
    return list(seen.values())


def _schemas(
    content: Bundle, called: Mapping[str, str], stages: Mapping[str, Source]
) -> tuple[dict[str, Schema], dict[str, bytes], list[Problem]]:
    """Artefact schemas that the stages use, inlined; the shipped files among them; their problems."""
    found: list[Problem] = []
    own: dict[str, Schema] = {}
    for name in sorted(content):
        if name.startswith("artefacts/") and name.endswith(".schema.json"):
            source, problems = parse_json(content[name], called[name])
            problems = problems or (profile_problems(source) if source else [])
            found.extend(problems)
            if source and not problems:
                own[name.removesuffix(".schema.json")] = source.data
    used = {
        each["schema"] for source in stages.values() for each in source.data.get("artefacts", {}).values()
    }
    shipped = validation.shipped_names("artefacts")
    files_used: dict[str, bytes] = {}

    def look(path: str) -> Schema:
        if path in own:
            return own[path]
        name = path.removeprefix("artefacts/")
        if name not in shipped:
            raise validation.UnknownSchema(path)
        raw = (validation.SHIPPED / "artefacts" / f"{name}.schema.json").read_bytes()
        files_used[f"artefacts/{name}.schema.json"] = raw
        own[path] = json.loads(raw)  # that ours are sound is tested
        return own[path]

    schemas: dict[str, Schema] = {}
    for name in sorted(used):
        path = f"artefacts/{name}"
        try:
            schema = look(path)
        except validation.UnknownSchema:
            continue  # told by the rules, at the artefact that asks for it
        try:
            schemas[name] = validation.inline(schema, path, look)
        except (LookupError, RecursionError) as error:
            file = f"{path}.schema.json"
            found.append(
                problem(
                    "J04",
                    Location(called.get(file, file)),
                    reference=error.args[0] if isinstance(error, LookupError) else "$ref",
                )
            )
    return schemas, files_used, found
