"""Mutants of the shipped definitions: each is refused in words, or says just what was built of it.

A seeded sample runs here; `make fuzz` runs all (NASTAVNIK_TEST_FUZZ=all) and also holds each answer to two seconds.
"""

from __future__ import annotations

import functools
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from mutants import Place, Unreadable, dumped, known, mutant, otherwise, plain, second_reading, word_mutant
from play import SMALL

from schemas import messages, reader
from schemas.model import Methodology
from schemas.sources import load_yaml, parse_yaml
from schemas.validation import Schema, shipped

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "definitions" / "target-model"
ALL = os.environ.get("NASTAVNIK_TEST_FUZZ") == "all"
SEED = 2026
FOLDERS = [TARGET] if ALL else [TARGET, *[SMALL] * 5]  # the small one is read in a tenth of the time

# What the model does not hold, and who reads it instead.
ANNOTATIONS = {"why", "basis", "verified"}  # for people: shown in errors and by `show`, decide nothing
ELSEWHERE = [
    r"dsl",  # has one value a file
    r"overlay(/.*)?",  # which changes an overlay may make: read by schemas.overlay
    r"params/\w+/(title|minimum|maximum|overlay|stricter)",  # the same, of a knob
    r"indicators/\w+/period",  # a label for people
    r"(.*/)?x[_-].*",  # free
]
# What a key stands for where it is not written.
UNSAID = {
    "is": "valid", "optional": False, "blocks": True, "body": False, "on_request": False, "act": "approve",
    "last": False, "personal": False,
    "when_stale": "redo", "next": "rematch", "belongs_to": "programme",
}  # fmt: skip


@functools.cache
def base(folder: Path) -> tuple[dict[str, bytes], Methodology]:
    reading = reader.read_folder(folder)
    assert reading.methodology is not None
    return dict(reading.bundle), reading.methodology


@functools.cache
def written(folder: Path) -> dict[str, Any]:
    """The data of a methodology's own files that the model is built of."""
    content, _ = base(folder)
    return {
        name: load_yaml(text, name).data
        for name, text in content.items()
        if name == "methodology.yaml" or name.startswith("stages/")
    }


def read(content: Mapping[str, bytes]) -> reader.Reading:
    """The reading, in words too; an exception is a failure of the test."""
    started = time.process_time()
    reading = reader.read(content)
    told = [messages.line(each, language) for each in reading.problems for language in messages.LANGUAGES]
    spent = time.process_time() - started

    assert all(told)
    assert reading.methodology is not None or told
    assert not ALL or spent < 2, f"answered after {spent:.1f} s"
    return reading


def changes(before: Any, after: Any, here: Place = ()) -> Iterator[Place]:
    """Where two data differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            if key not in before or key not in after:
                yield (*here, key)
            else:
                yield from changes(before[key], after[key], (*here, key))
    elif json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True):
        yield here


def shows(before: Any, after: Any) -> bool:
    """Whether what changed between two data of a file must be seen in what is built."""
    return any(decides(place, before, after) for place in changes(before, after))


def decides(place: Place, before: Any, after: Any) -> bool:
    """Whether the change at one place must be seen."""
    path = "/".join(map(str, place))
    if ANNOTATIONS.intersection(map(str, place)) or any(re.fullmatch(each, path) for each in ELSEWHERE):
        return False
    if at(after, ("dsl",)) == "calendar/v1" and place[-1] == "title":  # what days are called
        return False
    said = [each for each in (at(before, place), at(after, place)) if each is not None]
    if "reopen" in place and len({str(whole(after["id"], each)) for each in said}) == 1 < len(said):
        return False
    return len(said) != 1 or said[0] not in ({}, [], unsaid(place, after))


def unsaid(place: Place, data: Any) -> Any:
    """What a key stands for where it is not written."""
    *above, key = place
    thing = at(data, tuple(above)) or {}
    if above[:1] == ["tasks"] and key == "title":
        return at(data, ("artefacts", thing.get("writes"), "title"))
    if above[:1] == ["artefacts"] and key == "required":
        return any(above[1] in gate["requires"] for gate in data.get("checkpoints", {}).values())
    if key == "last" and len(at(data, tuple(above[:-1]))) == 1:
        return True  # after all the others, where there are none
    return UNSAID.get(key)


def at(data: Any, place: Place) -> Any:
    for part in place:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and part < len(data)
        data = data[part] if inside else None
    return data


def whole(stage: str, value: Any) -> Any:
    """A path of a task with its stage, and so each path of a list."""
    if isinstance(value, list):
        return [whole(stage, each) for each in value]
    return f"{stage}/{value}" if isinstance(value, str) and "/" not in value else value


def chances(kind: str, total: int, few: int, chunks: int = 8) -> Iterator[Any]:
    """The same mutants at each run: chunks of them, each with a seed of its own."""
    number = total if ALL else few
    for chunk in range(chunks):
        yield pytest.param(f"{SEED} {kind} {chunk}", number // chunks, id=f"{kind}-{chunk}")


@pytest.mark.parametrize(("seed", "number"), list(chances("texts", 6_000, 240)))
def test_an_accepted_text_is_read_as_by_another_reader_and_built_so(seed: str, number: int) -> None:
    """Mutants of bytes, words and lines: what both readers read is the same, and shows where it decides."""
    chance = random.Random(seed)
    for _ in range(number):
        folder = chance.choice(FOLDERS)
        content, built = base(folder)
        name = chance.choice([each for each in content if each.endswith(".yaml")])
        text = mutant(content[name], chance)
        reading = read({**content, name: text})
        if reading.methodology is None:
            continue
        source, _ = parse_yaml(text, name)

        assert source is not None
        assert both_read(text, source.data)
        if name in written(folder):
            before = written(folder)[name]
            seen = plain(reading.methodology) != plain(built)
            assert seen or not shows(before, source.data), list(changes(before, source.data))
            assert not seen or before != source.data
        elif name.startswith("surveys/"):
            assert reading.methodology.surveys[source.data["id"]] == source.data
        assert (reading.methodology.digest != built.digest) == (text != content[name])


def both_read(text: bytes, data: Any) -> bool:
    """Whether the other reader reads the same; it can't read a tab inside a text, so a space stands for it there."""
    try:
        return json.dumps(data) == json.dumps(second_reading(text))
    except Unreadable:
        if b"\t" not in text:
            raise
        return json.dumps(data).replace("\\t", " ") == json.dumps(second_reading(text.replace(b"\t", b" ")))


@pytest.mark.parametrize(("seed", "number"), list(chances("keys", 3_000, 240)))
def test_no_key_is_accepted_and_ignored(seed: str, number: int) -> None:
    """One value changed, put in or taken out: it is refused, or seen in what is built, or on the lists above."""
    chance = random.Random(seed)
    for _ in range(number):
        folder = chance.choice(FOLDERS)
        content, built = base(folder)
        name = chance.choice(sorted(written(folder)))
        before = written(folder)[name]
        kind = "methodology" if name == "methodology.yaml" else "stage"
        place, after = otherwise(before, shape(kind), values(folder), chance)
        reading = read({**content, name: dumped(after)})
        if reading.methodology is None:
            continue

        seen = plain(reading.methodology) != plain(built)
        assert seen or not shows(before, after), f"{folder.name}/{name}: {place}"


def shape(kind: str) -> Schema:
    return shipped("definition", kind)


@functools.cache
def values(folder: Path) -> Mapping[Any, list[Any]]:
    return known(written(folder))


@pytest.mark.parametrize(("seed", "number"), list(chances("files", 1_000, 60, 4)))
def test_a_mutant_of_a_schema_or_a_template_is_told_or_kept(seed: str, number: int) -> None:
    """Artefact schemas and Word templates: nothing falls over, and what is accepted stands in the bundle."""
    chance = random.Random(seed)
    for _ in range(number):
        content, built = base(chance.choice(FOLDERS))
        name = chance.choice([each for each in content if each.endswith((".docx", ".json"))])
        change = word_mutant if name.endswith(".docx") else mutant
        text = change(content[name], chance)
        reading = read({**content, name: text})
        if reading.methodology is None:
            continue

        assert reading.bundle[name] == text
        if name.endswith(".json"):
            before, after = json.loads(content[name]), json.loads(text)
            seen = {str(place[0]) for place in changes(before, after) if not in_common(before, place)}
            seen -= {"$defs", "$id", "$schema"}
            used = name.removeprefix("artefacts/").removesuffix(".schema.json") in built.schemas
            assert (reading.methodology.schemas != built.schemas) or not (seen and used), text


def in_common(schema: Any, place: Place) -> bool:
    """Whether what is written at a place beside a `$ref` stands word for word in what is referred to, too."""
    reference = str((at(schema, place[:-1]) or {}).get("$ref", ""))
    _, _, name = reference.partition("common.schema.json#/$defs/")
    common = json.loads(base(TARGET)[0]["artefacts/common.schema.json"])
    return bool(name) and at(schema, place) == common["$defs"][name].get(place[-1])


def test_each_key_of_a_survey_and_of_the_options_of_tasks_is_read_by_the_code() -> None:
    """A key that no code names can decide nothing; the list is exact, so that none is added to it unseen."""
    files = [path for each in ("schemas", "tasks", "flows") for path in (ROOT / each).rglob("*.py")]
    code = "".join(path.read_text("utf-8") for path in files if path.parent.name != "rules")
    schemas = [
        shape("survey"),
        *(
            shipped("definition", f"uses/{path.name.removesuffix('.schema.json')}")
            for path in (ROOT / "schemas/definition/uses").iterdir()
        ),
    ]
    keys = {key for schema in schemas for key in named(schema)}

    unread = {key for key in keys if not re.search(f"[\"']{key}[\"']", code)} - ANNOTATIONS
    assert unread == {
        "adapted",  # where a survey comes from: for people
        "consent", "validity", "straight_line", "duplicate_by",  # not built yet
    }  # fmt: skip


def named(schema: Any) -> Iterator[str]:
    """The names of all properties inside a schema."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", {}) if isinstance(schema.get("properties"), Mapping) else ()
        for each in schema.values():
            yield from named(each)


def test_the_command_answers_mutants_in_words(tmp_path: Path) -> None:
    """`nastavnik check` as a process of its own: it ends with 0 or 3 and never with a traceback."""
    chance = random.Random(f"{SEED} process")
    for number in range(200 if ALL else 6):
        folder = tmp_path / str(number)
        content, _ = base(SMALL)
        name = chance.choice(sorted(content))
        for each, text in content.items():
            (folder / each).parent.mkdir(parents=True, exist_ok=True)
            (folder / each).write_bytes(mutant(text, chance) if each == name else text)
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "check", str(folder)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
        )

        assert done.returncode in (0, 3), done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout or done.stderr
