"""What lets an editor complete and check definitions: schemas and settings, written into a workspace."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from schemas import editor

SCHEMAS = ".nastavnik/schemas"
VSCODE, JETBRAINS = Path(".vscode"), Path(".idea")
_PLACES = {  # where the files of a kind lie; of any other kind: in a folder of its name
    "methodology": ["methodology.yaml"],
    "overlay": ["overlay.yaml", "overlays/*.yaml"],
    "calendar": ["calendar/*.yaml"],
    "workspace": ["nastavnik.yaml"],
}
_EXTENSION = "redhat.vscode-yaml"


def places(kind: str) -> list[str]:
    """Patterns of the files of a kind, wherever their folder lies."""
    return _PLACES.get(kind, [f"{kind}s/*.yaml"])


def modeline(kind: str, up: str = "") -> str:
    """The first line of a definition file, by which any editor with the YAML language server finds its schema."""
    return f"{editor.MODELINE}{up}{SCHEMAS}/{kind}.schema.json\n"


def point(folder: Path, later: Path, workspace: Path) -> None:
    """Put the modeline into the definitions in `folder`, which will lie at `later` in the workspace."""
    for kind in editor.kinds():
        for path in (each for pattern in places(kind) for each in folder.glob(pattern)):
            home = (later / path.relative_to(folder)).parent
            up = Path(os.path.relpath(workspace, home)).as_posix() + "/"
            path.write_bytes(modeline(kind, up).encode() + path.read_bytes())


def write(workspace: Path) -> list[Path]:
    """Write schemas and settings, anew where they are ours; the users' own files that had to be left alone."""
    folder = workspace / SCHEMAS
    folder.mkdir(parents=True, exist_ok=True)
    for kind in editor.kinds():
        _put(folder / f"{kind}.schema.json", _json(editor.schema(kind)))
    return [*_vscode(workspace), *_jetbrains(workspace)]


def _put(path: Path, text: str) -> None:
    """The whole file or none of it, and only where it changes: editors watch it."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


# --- VS Code -------------------------------------------------------------------------------------


def _vscode(workspace: Path) -> Iterator[Path]:
    for name, ours in (
        ("settings.json", _settings()),
        ("extensions.json", {"recommendations": [_EXTENSION]}),
    ):
        path = workspace / VSCODE / name
        try:
            theirs = json.loads(path.read_text("utf-8")) if path.exists() else {}
            merged = _with(theirs, ours)
        except (ValueError, TypeError):  # with comments, or not what an editor would read
            yield path
            continue
        if merged != theirs:
            _put(path, _json(merged))


def _settings() -> dict[str, Any]:
    return {
        "yaml.schemas": {
            f"./{SCHEMAS}/{kind}.schema.json": [f"**/{each}" for each in places(kind)]
            for kind in editor.kinds()
        },
        "yaml.customTags": [],
        "yaml.schemaStore.enable": False,  # a file called so elsewhere in the world is none of ours
    }


def _with(theirs: Any, ours: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what is lacking in them; whatever stands there already stays. TypeError: of another kind."""
    merged = {**ours, **theirs}
    for key in ours.keys() & theirs.keys():
        own, found = ours[key], theirs[key]
        if type(own) is not type(found):
            if isinstance(own, dict | list):
                raise TypeError(key)
        elif isinstance(own, dict):
            merged[key] = {**own, **found}
        elif isinstance(own, list):
            merged[key] = [*found, *(each for each in own if each not in found)]
    return merged


# --- JetBrains -----------------------------------------------------------------------------------


def _jetbrains(workspace: Path) -> Iterator[Path]:
    path = workspace / JETBRAINS / "jsonSchemas.xml"
    try:
        project = Xml.fromstring(path.read_bytes()) if path.exists() else Xml.Element("project", version="4")
    except Xml.ParseError:
        yield path
        return
    component = _child(project, "component", name="JsonSchemaMappingsProjectConfiguration")
    entries = _child(_child(component, "state"), "map")
    known = {each.get("key") for each in entries}
    new = [kind for kind in editor.kinds() if f"Nastavnik: {kind}" not in known]
    for kind in new:
        entries.append(_mapping(kind))
    if new:
        Xml.indent(project)
        _put(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(project, "unicode")}\n')


def _mapping(kind: str) -> Xml.Element:
    name = f"Nastavnik: {kind}"
    entry = Xml.Element("entry", key=name)
    schema = Xml.SubElement(Xml.SubElement(entry, "value"), "SchemaInfo")
    _option(schema, "name", name)
    _option(schema, "relativePathToSchema", f"{SCHEMAS}/{kind}.schema.json")
    _option(schema, "schemaVersion", "JSON Schema version 7")
    patterns = Xml.SubElement(Xml.SubElement(schema, "option", name="patterns"), "list")
    for each in places(kind):
        item = Xml.SubElement(patterns, "Item")
        _option(item, "pattern", "true")
        _option(item, "path", each)
        _option(item, "mappingKind", "Pattern")
    return entry


def _option(parent: Xml.Element, name: str, value: str) -> None:
    Xml.SubElement(parent, "option", name=name, value=value)


def _child(parent: Xml.Element, tag: str, **attributes: str) -> Xml.Element:
    """The child of that tag and those attributes, made where there is none."""
    for each in parent.findall(tag):
        if attributes.items() <= each.attrib.items():
            return each
    return Xml.SubElement(parent, tag, attributes)
