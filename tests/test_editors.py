"""Editors: what `init` writes lets them complete and check as one types, and leaves alone what is not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from jsonschema import Draft7Validator
from play import SMALL
from test_definitions import CASES, TARGET
from workspaces import Room

from flows import editors
from schemas import editor, reader
from schemas.sources import parse_yaml
from schemas.validation import shape_problems, shipped_names

# Rules that ours tells among the problems of shape, and that a schema of one file can't know.
MEANING_TOLD_AS_SHAPE = {
    "param-of-another-type": "a default is of the type that stands beside it",
    "survey-meaning": "a matrix has rows",
    "two-writers": "a task that is no letter writes a paper",
}


@cache
def validator(kind: str) -> Draft7Validator:
    return Draft7Validator(editor.schema(kind))


def kind_of(name: str) -> str | None:
    found = [kind for kind in editor.kinds() for each in editors.places(kind) if Path(name).match(each)]
    return found[0] if found else None


def bad_shapes() -> Iterator[tuple[str, str]]:
    """The case folders and their files that have a problem of shape."""
    for case in sorted(CASES.iterdir()):
        for line in (case / "expected.txt").read_text("utf-8").splitlines():
            name = line.partition(":")[0]
            if (
                line.endswith("]")
                and line.rpartition("[")[2].startswith(("S0", "S1"))
                and (case / name).is_file()
            ):
                yield case.name, name


@pytest.mark.parametrize(
    "kind", [*editor.kinds(), *(f"uses/{each}" for each in sorted(shipped_names("definition/uses")))]
)
def test_every_key_has_its_text(kind: str) -> None:
    """Whoever adds a key to the language says in `messages/keys.yaml` what it means."""
    written = editor.schema(kind)

    Draft7Validator.check_schema(written)
    assert list(untold(written, ())) == []


def untold(node: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Keys without a text; what only narrows a key, or asks about it, needs none."""
    if not isinstance(node, dict):
        return
    keys = {**node.get("properties", {}), "*": node.get("additionalProperties")}
    for name, inner in keys.items():
        if isinstance(inner, dict):
            if "description" not in inner and set(inner) != {"const"}:
                yield ".".join((*path, name))
            yield from untold(inner, (*path, name))
    for name in ("items", "then", "else"):
        yield from untold(node.get(name), path)
    for inner in (*node.get("allOf", ()), *node.get("anyOf", ())):
        yield from untold(inner, path)


@pytest.mark.parametrize("folder", [TARGET, SMALL], ids=lambda folder: folder.name)
def test_what_is_right_is_right_in_an_editor_too(folder: Path) -> None:
    for name, content in reader.collect(folder).items():
        kind = kind_of(name)
        if kind:
            source, _ = parse_yaml(content, name)
            assert source is not None
            assert [error.message for error in validator(kind).iter_errors(source.data)] == [], name


@pytest.mark.parametrize(("case", "name"), sorted(set(bad_shapes())))
def test_what_is_wrong_in_shape_is_wrong_in_an_editor_too(case: str, name: str) -> None:
    kind = kind_of(name)
    source, _ = parse_yaml((CASES / case / name).read_bytes(), name)
    assert kind is not None
    assert source is not None

    refused = not validator(kind).is_valid(source.data)

    assert refused is (case not in MEANING_TOLD_AS_SHAPE)


def test_the_exceptions_are_none_of_the_schemas() -> None:
    """What is told as shape although no schema tells it: each still is."""
    for case in MEANING_TOLD_AS_SHAPE:
        for name in {each for other, each in bad_shapes() if other == case}:
            kind = kind_of(name)
            source, _ = parse_yaml((CASES / case / name).read_bytes(), name)
            assert kind is not None
            assert source is not None
            assert shape_problems(kind, source) == []


def test_an_overlay_is_completed_as_the_definition_that_it_changes() -> None:
    """`set` knows the keys of stages and surveys, asks for none of them, and lets null delete."""
    gate = {"sign_off": {"parents": {"role": "parents_council", "act": "opinion", "recorded_by": "curator"}}}
    patch = {"stages": {"preparation": {"title": None, "checkpoints": {"regulation_approved": gate}}}}
    head = {"dsl": "overlay/v1", "id": "sosh_10", "version": "1", "extends": ["target_model@1.0"]}

    assert validator("overlay").is_valid({**head, "set": patch})
    gate["sign_off"]["parents"]["rolle"] = gate["sign_off"]["parents"].pop("role")
    assert not validator("overlay").is_valid({**head, "set": patch})


# --- the workspace -------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = Room(tmp_path / "workspace")
    room.do("init", str(room.folder))
    return room


def again(room: Room) -> str:
    return room.do("init", str(room.folder)).err


def settings(room: Room) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((room.folder / ".vscode" / "settings.json").read_text("utf-8"))
    return found


def test_every_definition_of_a_workspace_points_to_its_schema(room: Room) -> None:
    files = [*(room.folder / "definitions").rglob("*.yaml"), room.folder / "nastavnik.yaml"]
    for path in files:
        first = path.read_text("utf-8").splitlines()[0]
        target = path.parent / first.removeprefix(editor.MODELINE)

        assert first.startswith(editor.MODELINE), path
        assert json.loads(target.read_text("utf-8"))["$schema"] == editor.DRAFT
    assert len(files) > 15
    assert room("check").code == 0


def test_both_editors_know_every_kind(room: Room) -> None:
    """Each kind of file has its schema in the settings, at a place that exists."""
    named = [room.folder / path for path in settings(room)["yaml.schemas"]]
    project = Xml.parse(room.folder / ".idea" / "jsonSchemas.xml")
    listed = [each.get("value", "") for each in project.iterfind(".//option[@name='relativePathToSchema']")]

    assert [path.name for path in named] == [f"{kind}.schema.json" for kind in editor.kinds()]
    assert sorted(named) == sorted(room.folder / each for each in listed)
    assert all(path.is_file() for path in named)


def test_a_second_init_refreshes_the_schemas_and_nothing_else(room: Room) -> None:
    """An upgraded program has new keys; what lies there otherwise stays byte for byte."""
    schema = room.folder / editors.SCHEMAS / "stage.schema.json"
    right = schema.read_bytes()
    schema.write_text("{}")
    before = contents(room)
    again(room)

    assert schema.read_bytes() == right
    assert {name for name, content in contents(room).items() if before[name] != content} <= {
        "data/store.db",
        str(schema.relative_to(room.folder)),
    }


def contents(room: Room) -> dict[str, bytes]:
    return {
        path.relative_to(room.folder).as_posix(): path.read_bytes()
        for path in room.folder.rglob("*")
        if path.is_file()
    }


def test_settings_of_the_user_are_kept_and_completed(room: Room) -> None:
    """What stands in them stays, also where it differs from ours; what is lacking comes in."""
    own = {
        "editor.fontSize": 16,
        "yaml.schemaStore.enable": True,
        "yaml.schemas": {"./mine.json": ["a.yaml"]},
    }
    (room.folder / ".vscode" / "settings.json").write_text(json.dumps(own))
    (room.folder / ".vscode" / "extensions.json").write_text('{"recommendations": ["one.mine"]}')
    ours = (room.folder / ".idea" / "jsonSchemas.xml").read_text("utf-8")
    (room.folder / ".idea" / "jsonSchemas.xml").write_text(
        '<project version="4"><component name="Other"/><component name="JsonSchemaMappingsProjectConfiguration">'
        '<state><map><entry key="mine"/></map></state></component></project>'
    )
    again(room)
    found = settings(room)

    assert found | own | {"yaml.schemas": found["yaml.schemas"]} == found
    assert found["yaml.schemas"]["./mine.json"] == ["a.yaml"]
    assert len(found["yaml.schemas"]) == len(editor.kinds()) + 1
    assert json.loads((room.folder / ".vscode" / "extensions.json").read_text())["recommendations"] == [
        "one.mine",
        "redhat.vscode-yaml",
    ]
    merged = (room.folder / ".idea" / "jsonSchemas.xml").read_text("utf-8")
    assert [word for word in ("Other", 'key="mine"', 'key="Nastavnik: stage"') if word not in merged] == []
    assert merged.count("<entry") == ours.count("<entry") + 1


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (".vscode/settings.json", '{\n  // мой шрифт\n  "editor.fontSize": 16\n}\n'),
        (".vscode/settings.json", '{"yaml.schemas": []}'),
        (".idea/jsonSchemas.xml", "<project>"),
    ],
)
def test_settings_that_can_not_be_read_are_left_alone_with_a_word(room: Room, name: str, own: str) -> None:
    (room.folder / name).write_text(own, "utf-8")
    said = again(room)

    assert (room.folder / name).read_text("utf-8") == own
    assert str(room.folder / name) in said
    assert editors.SCHEMAS in said
