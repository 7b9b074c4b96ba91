"""Reads a methodology: a folder (or a stored bundle) becomes a Methodology, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from schemas import parameters, rules, school_days, surveys, texts, validation
from schemas.building import build
from schemas.digests import digest, digest_of_bytes
from schemas.model import Methodology
from schemas.problems import InvalidDefinition, Location, Problem, problem
from schemas.rules.sources import Sources
from schemas.sources import Source, parse_json, parse_yaml
from schemas.validation import Schema
from schemas.word_templates import template_problems

Bundle = Mapping[str, bytes]

_KINDS = {"stages": "stage", "surveys": "survey", "calendar": "calendar"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading gave: a methodology, or the problems that stand in the way."""

    methodology: Methodology | None
    problems: tuple[Problem, ...]
    bundle: Bundle

    def or_refuse(self) -> Methodology:
        """The methodology; InvalidDefinition with all problems where there is none."""
        if self.methodology is None:
            raise InvalidDefinition(self.problems)
        return self.methodology


def collect(folder: Path) -> dict[str, bytes]:
    """The files of a methodology's folder by their name inside it."""
    found: dict[str, bytes] = {}
    yaml = ("methodology.yaml", "calendar/*.yaml", "stages/*.yaml", "surveys/*.yaml")
    for pattern in (*yaml, "documents/*", "artefacts/*.json"):
        for path in sorted(folder.glob(pattern)):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def read_folder(folder: Path, shown: str = "", language: str = "") -> Reading:
    """Read a folder; `shown` is put before file names in problems."""
    return read(collect(folder), shown, language)


def read(content: Bundle, shown: str = "", language: str = "") -> Reading:
    """Read the files of a methodology; the bundle that comes back is complete by itself.

    Texts are in the methodology's language, or in another that is asked for where they have it.
    """
    prefix = f"{shown.rstrip('/')}/" if shown else ""
    found: list[Problem] = []
    if "methodology.yaml" not in content:
        return Reading(None, (problem("R00", Location(f"{prefix}methodology.yaml")),), content)
    parsed: dict[str, dict[str, Source]] = {folder: {} for folder in _KINDS}
    broken: set[str] = set()
    method: Source | None = None
    own = ""
    in_all_languages: dict[str, Source] = {}  # by file: what a task's digest is made of
    for name in sorted(content, key=lambda each: (each != "methodology.yaml", each)):
        folder, _, file = name.rpartition("/")
        kind = "methodology" if name == "methodology.yaml" else _KINDS.get(folder)
        if kind is None:
            continue
        source, problems = parse_yaml(content[name], prefix + name)
        if kind == "methodology":
            own = texts.language_of(source)
        if source is not None:
            source, problems = parameters.resolved(kind, source)
            in_all_languages[name] = source
            source, unsaid = texts.spoken(kind, source, own, language)
            problems += unsaid + parameters.named(source, validation.shape_problems(kind, source))
        if source is None or problems:
            broken.add(file.removesuffix(".yaml"))
        elif kind == "methodology":
            method = source
        else:
            parsed[folder][file.removesuffix(".yaml")] = source
            if source.data.get("id", file.removesuffix(".yaml")) != file.removesuffix(".yaml"):
                found.append(problem("R14", source.at(("id",)), name=source.data["id"], file=file))
        found.extend(problems)
    schemas, files_used, problems = _schemas(content, prefix, parsed["stages"])
    found.extend(problems)
    broken.update(f"{each.at.file.rpartition('/')[2]}" for each in problems)
    for source in parsed["surveys"].values():
        found.extend(surveys.meaning_problems(source))
    for source in parsed["calendar"].values():
        found.extend(school_days.calendar_problems(source))
    documents = {name for name in content if name.startswith("documents/")}
    for name in sorted(documents):
        if name.endswith(".docx"):
            found.extend(template_problems(content[name], prefix + name))
    if method is not None:
        sources = Sources(
            method,
            parsed["stages"],
            parsed["surveys"],
            frozenset(documents),
            schemas,
            frozenset(broken),
            parsed["calendar"],
        )
        found.extend(rules.check(sources))
    if found or method is None:
        return Reading(None, tuple(sorted(set_of(found), key=lambda each: each.order)), content)
    bundle = {**files_used, **content}
    methodology = build(
        method.data,
        {name: source.data for name, source in parsed["stages"].items()},
        {name: source.data for name, source in parsed["surveys"].items()},
        schemas,
        {name: digest_of_bytes(content[name]) for name in documents},
        bundle_digest(bundle),
        {f"calendar/{name}.yaml": source.data for name, source in parsed["calendar"].items()},
        {name: source.data for name, source in in_all_languages.items()},
    )
    return Reading(methodology, (), bundle)


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
    content: Bundle, prefix: str, stages: Mapping[str, Source]
) -> tuple[dict[str, Schema], dict[str, bytes], list[Problem]]:
    """Artefact schemas that the stages use, inlined; the shipped files among them; their problems."""
    found: list[Problem] = []
    own: dict[str, Schema] = {}
    for name in sorted(content):
        if name.startswith("artefacts/") and name.endswith(".schema.json"):
            source, problems = parse_json(content[name], prefix + name)
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
        raw = (files("schemas") / "artefacts" / f"{name}.schema.json").read_bytes()
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
            found.append(problem("J04", Location(f"{prefix}artefacts/{name}.schema.json"), reference="$ref"))
    return schemas, files_used, found
