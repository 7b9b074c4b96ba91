"""Files beside a methodology that look like a part of it and are read by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from schemas.messages import said
from schemas.problems import Location, Problem, problem

FOLDERS = ("stages", "surveys", "calendar", "scenarios", "overlays", "documents", "artefacts")
_LIKE_DEFINITIONS = (".yaml", ".yml", ".json")


def stray_problems(folder: Path, shown: str = "") -> Iterator[Problem]:
    """A warning for each, with where it belongs or what it should be called."""
    prefix = f"{shown.rstrip('/')}/" if shown else ""
    for path in sorted({*folder.glob("*"), *folder.glob("*/*"), *folder.glob("*/*/*")}):
        name = path.relative_to(folder)
        hidden = any(part.startswith((".", "~")) for part in name.parts)
        looks = any(f"{suffix}." in f"{path.name.casefold()}." for suffix in _LIKE_DEFINITIONS)
        if hidden or not looks or not path.is_file() or _is_read(name):
            continue
        yield problem("R89", Location(prefix + name.as_posix()), advice=_advice(name))


def _is_read(name: Path) -> bool:
    match name.parts:
        case ("methodology.yaml",) | ("documents", _):
            return True
        case (file,) if file.endswith(".json"):  # a plan or a certificate that was written here
            return True
        case ("artefacts", file):
            return file.endswith(".schema.json")
        case ("overlays", *_):
            return name.suffix == ".yaml" or (len(name.parts) > 2 and name.parts[2] in FOLDERS)
        case (folder, file):
            return folder in FOLDERS and file.endswith(".yaml")
    return False


def _advice(name: Path) -> object:
    suffix = ".schema.json" if name.parts[0] == "artefacts" else ".yaml"
    right = name.name.split(".")[0] + suffix
    if len(name.parts) == 2 and name.parts[0] in FOLDERS:
        return said("stray_name", name=right)
    close = get_close_matches(name.parts[0], FOLDERS, n=1) if len(name.parts) > 1 else []
    inside = [part for part in name.parts[:-1] if part in FOLDERS]
    if close or inside:
        return said("stray_folder", name=(inside or close)[0])
    return said("stray_anywhere", names=list(FOLDERS))
