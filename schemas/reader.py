"""Reads a methodology: a folder (or a stored bundle) becomes a Methodology, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas import rules, surveys, validation
from schemas.building import build
from schemas.digests import digest, digest_of_bytes
from schemas.layers import apart, whole
from schemas.model import Methodology
from schemas.overlay import lay
from schemas.problems import InvalidDefinition, Location, Problem, problem
from schemas.rules.sources import Sources
from schemas.sources import Source, parse_json, parse_yaml
from schemas.stack import APPLIED, FILES, Layer, overlays_of, stack, stack_problems
from schemas.validation import Schema
from schemas.word_templates import template_problems

Bundle = Mapping[str, bytes]

_KINDS = {"stages": "stage", "surveys": "survey"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading gave: a methodology, or the problems that stand in the way.

    `layers` are the overlays that lie on the methodology, first to last, each with what it changes.
    """

    methodology: Methodology | None
    problems: tuple[Problem, ...]
    bundle: Bundle
    layers: tuple[Layer, ...] = ()

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
    broken: set[str] = field(
        default_factory=set
    )  # stages, surveys and schema files with problems of their own
    problems: list[Problem] = field(default_factory=list)

    def folder(self, name: str) -> dict[str, Source]:
        """The files of a folder by their names without the suffix."""
        return self.stages if name == "stages" else self.surveys


def collect(folder: Path) -> dict[str, bytes]:
    """The files of a methodology's folder by their name inside it."""
    found: dict[str, bytes] = {}
    for pattern in FILES:
        for path in sorted(folder.glob(pattern)):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def read_folder(folder: Path, shown: str = "", overlay: Path | None = None) -> Reading:
    """Read a folder, with an overlay on it; `shown` is put before file names in problems."""
    content = collect(folder)
    if overlay is None:
        return read(content, shown)
    stacked = stack(content, folder, overlay)
    if stacked.problems:
        return Reading(None, stacked.problems, content)
    return read(stacked.content, shown, stacked.names)


def read_all(folder: Path, shown: str = "") -> tuple[Reading, tuple[Problem, ...]]:
    """Read a folder alone, and every overlay on it: its own, and those of the schools beside it.

    The problems are of all of them; a param without a value is none here, where no school starts.
    """
    reading = read(collect(folder), shown, complete=False)
    found = list(reading.problems)
    if reading.methodology is not None:
        for path in overlays_of(folder):
            found += read_folder(folder, shown, path).problems
    return reading, tuple(sorted(set_of(found), key=lambda each: each.order))


def read(
    content: Bundle, shown: str = "", names: Mapping[str, str] | None = None, *, complete: bool = True
) -> Reading:
    """Read the files of a methodology; the bundle that comes back is complete by itself.

    `names` are what to call files in problems that do not lie in the methodology's folder; `complete` asks for
    a value of each param, without which no programme can start.
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
    found = files.problems
    schemas, own, problems = _schemas(content, called, files.stages)
    found.extend(problems)
    files.broken.update(f"{each.at.file.rpartition('/')[2]}" for each in problems)
    for source in files.surveys.values():
        found.extend(surveys.meaning_problems(source))
    documents = {name for name in content if name.startswith("documents/")}
    for name in sorted(documents):
        if name.endswith(".docx"):
            found.extend(template_problems(content[name], called[name]))
    method = files.method
    if method is not None:
        known = Sources(
            method,
            files.stages,
            files.surveys,
            frozenset(documents),
            schemas,
            frozenset(files.broken),
            complete,
        )
        found.extend(rules.check(known))
    if found or method is None:
        return Reading(None, tuple(sorted(set_of(found), key=lambda each: each.order)), content, layers)
    bundle = {**own, **content}
    methodology = build(
        method.data,
        {name: source.data for name, source in files.stages.items()},
        {name: source.data for name, source in files.surveys.items()},
        schemas,
        {name: digest_of_bytes(content[name]) for name in documents},
        bundle_digest(bundle),
        tuple(layer.name for layer in layers),
    )
    return Reading(methodology, (), bundle, layers)


def _parsed(content: Bundle, called: Mapping[str, str]) -> _Files:
    """Every file of the methodology itself that has the right shape."""
    files = _Files()
    for name in sorted(content):
        folder, _, file = name.rpartition("/")
        kind = "methodology" if name == "methodology.yaml" else _KINDS.get(folder)
        if kind is None:
            continue
        source, problems = parse_yaml(content[name], called[name])
        if source is not None:
            problems = validation.shape_problems(kind, source)
        if source is None or problems:
            files.broken.add(file.removesuffix(".yaml"))
        elif kind == "methodology":
            files.method = source
        else:
            files.folder(folder)[file.removesuffix(".yaml")] = source
            if source.data["id"] != file.removesuffix(".yaml"):
                files.problems.append(problem("R14", source.at(("id",)), name=source.data["id"], file=file))
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
        problems = problems or (stack_problems(source, files.method, layers, top) if source else [])
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
    parts = [
        *(("stage", *each) for each in stages.items()),
        *(("survey", *each) for each in surveys_found.items()),
    ]
    for kind, name, part in () if sound else (*parts, ("methodology", "", method)):
        if validation.shape_problems(kind, part):  # they are told already, with the overlay that made them
            files.broken.add(name)
    files.method = None if "" in files.broken else method
    files.stages = {name: part for name, part in stages.items() if name not in files.broken}
    files.surveys = {name: part for name, part in surveys_found.items() if name not in files.broken}
    return tuple(layers)


def bundle_digest(bundle: Bundle) -> str:
    """The digest of a resolved definition: of its file names and their contents."""
    return digest({name: digest_of_bytes(content) for name, content in bundle.items()})


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
            problems = problems or (validation.profile_problems(source) if source else [])
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
        source, problems = parse_json(raw, path)
        found.extend(problems)
        own[path] = source.data if source else {}
        return own[path]

    schemas: dict[str, Schema] = {}
    for name in sorted(used):
        try:
            path = f"artefacts/{name}"
            schemas[name] = validation.inline(look(path), path, look)
        except validation.UnknownSchema:
            continue  # told by the rules, at the artefact that asks for it
        except (KeyError, RecursionError):
            file = f"artefacts/{name}.schema.json"
            found.append(problem("J04", Location(called.get(file, file)), reference="$ref"))
    return schemas, files_used, found
