"""The overlays that lie on a methodology: which files they are, in which order, and whether they fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.judge import Judgement
from schemas.layers import Layered
from schemas.messages import hint
from schemas.problems import Location, Problem, problem
from schemas.sources import Source, parse_yaml
from schemas.validation import shape_problems, shipped_names

APPLIED = "applied/"  # where the overlays of a bundle lie, numbered in their order
FILES = (
    "methodology.yaml",
    "stages/*.yaml",
    "calendar/*.yaml",
    "surveys/*.yaml",
    "documents/*",
    "artefacts/*.json",
)
_ADDED = FILES[2:]  # what may lie beside an overlay that has a folder of its own


@dataclass(frozen=True, slots=True)
class Layer:
    """An overlay, the document that it was laid on and the one that it made, and each of its changes."""

    source: Source
    before: Layered
    after: Layered
    judgements: tuple[Judgement, ...]

    @property
    def name(self) -> str:
        """`id@version`."""
        return f"{self.source.data['id']}@{self.source.data['version']}"


@dataclass(frozen=True, slots=True)
class Stacked:
    """The files of a methodology with its overlays, what to call them, and what is missing."""

    content: dict[str, bytes]
    names: dict[str, str]
    problems: tuple[Problem, ...] = ()


def stack(content: Mapping[str, bytes], folder: Path, overlay: Path) -> Stacked:
    """The files of a methodology with an overlay and those below it, which lie in `overlays/` or beside it."""
    result = Stacked(dict(content), {})
    source, problems = _read(overlay)
    if source is None or problems:
        return Stacked({}, {}, tuple(problems))
    known, found = _known([*overlays_of(folder), *overlay.parent.glob("*.yaml")], source.data["extends"])
    paths: list[Path] = []
    for index, reference in enumerate(source.data["extends"][1:], start=1):
        name = reference.partition("@")[0]
        if name in known:
            paths.append(known[name])
        else:
            others = set(known) - {source.data["id"]}
            found.append(problem("O01", source.at(("extends", index)), name=name, nearest=hint(name, others)))
    for number, path in enumerate([*paths, overlay], start=1):
        name = f"{APPLIED}{number:02}-{path.stem if path.name != 'overlay.yaml' else path.parent.name}.yaml"
        result.content[name] = path.read_bytes()
        result.names[name] = shown(path)
        if path.name == "overlay.yaml":
            found += _add_files(result, path.parent)
    return Stacked(result.content, result.names, tuple(found))


def overlays_of(folder: Path) -> list[Path]:
    """The overlays of a methodology: in its folder, such as those of regions, and of the schools beside it."""
    own = sorted([*folder.glob("overlays/*.yaml"), *folder.glob("overlays/*/overlay.yaml")])
    schools = sorted(folder.resolve().parent.glob("schools/*/overlay.yaml"))
    beside = _ids_beside(folder) if schools else {}
    return own + [path for path in schools if lies_on(path, folder, beside)]


def lies_on(overlay: Path, folder: Path, beside: Mapping[str, str] | None = None) -> bool:
    """Whether an overlay lies on the methodology of a folder: it says so, or what it says lies nowhere beside it.

    `beside` are the ids of the methodologies beside the folder, and its own, by the folder's name.
    """
    ids = _ids_beside(folder) if beside is None else beside
    source, _ = parse_yaml(overlay.read_bytes(), overlay.name)
    extends = source.data.get("extends") if source and isinstance(source.data, Mapping) else None
    if not isinstance(extends, list) or not extends:
        return True
    wanted = str(extends[0]).partition("@")[0]
    return ids.get(folder.resolve().name, wanted) == wanted or wanted not in ids.values()


def _ids_beside(folder: Path) -> dict[str, str]:
    """Ids of the methodologies that can be read, by folder."""
    found = {}
    for path in folder.resolve().parent.glob("*/methodology.yaml"):
        method, _ = parse_yaml(path.read_bytes(), path.name)
        if method and isinstance(method.data, Mapping):
            found[path.parent.name] = str(method.data.get("id"))
    return found


def shown(path: Path) -> str:
    """A path as it is told: from the current folder on where it lies below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def _read(path: Path) -> tuple[Source | None, list[Problem]]:
    source, problems = parse_yaml(path.read_bytes(), shown(path))
    return source, problems or (shape_problems("overlay", source) if source else [])


def _known(paths: Iterable[Path], extends: Sequence[str]) -> tuple[dict[str, Path], list[Problem]]:
    """The overlays among some files, by id; a file that can't be read is told when it is asked for.

    One that is asked for and there twice is a problem: nobody can say which of the two lies below.
    """
    known: dict[str, Path] = {}
    found: list[Problem] = []
    asked = {reference.partition("@")[0] for reference in extends}
    for path in sorted({path.resolve() for path in paths}):
        source, problems = _read(path)
        if source is None or problems:
            continue
        name = source.data["id"]
        other = known.setdefault(name, path)
        if other != path and name in asked:
            found.append(problem("O21", source.at(("id",)), name=name, file=shown(other), other=shown(path)))
    return known, found


def _add_files(result: Stacked, folder: Path) -> list[Problem]:
    """Surveys, templates and schemas that an overlay brings; one of the methodology's own is not replaced."""
    found: list[Problem] = []
    for pattern in _ADDED:
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            schema = path.name.removesuffix(".schema.json")
            if name.startswith("artefacts/") and schema in shipped_names("artefacts"):
                own = f"{schema}_own.schema.json"
                found.append(problem("O24", Location(shown(path)), name=name, own=own))
            elif name in result.content:
                found.append(problem("O13", Location(shown(path)), name=name))
            else:
                result.content[name] = path.read_bytes()
                result.names[name] = shown(path)
    return found


def stack_problems(source: Source, method: Source, below: Sequence[Source], top: str) -> list[Problem]:
    """Whether an overlay lies on what it says it extends: the methodology first, then the overlays in their order.

    `top` is the overlay that names them all.
    """
    there = {method.data["id"]: method.data["version"]}
    there |= {each.data["id"]: each.data["version"] for each in below}
    found: list[Problem] = []
    for index, reference in enumerate(source.data["extends"]):
        name, _, version = reference.partition("@")
        at = source.at(("extends", index))
        if index == 0 and name != method.data["id"]:
            found.append(problem("O02", at, name=name, base=method.data["id"]))
        elif name not in there:
            found.append(problem("O27", at, name=name, top=top))
        elif not _matches(str(there[name]), version):
            found.append(problem("O14", at, name=name, wanted=version, version=there[name]))
    return found


def _matches(version: str, wanted: str) -> bool:
    """`1` is met by 1, 1.0 and 1.2.3; `1.2` by 1.2 and 1.2.3."""
    return version.split(".")[: wanted.count(".") + 1] == wanted.split(".")
