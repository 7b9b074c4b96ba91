"""The house: catalogues agree, imports stay light, no module shadows the standard library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from schemas.profile import profile_problems
from schemas.validation import shipped, shipped_names
from tasks.catalogue import CATALOGUE, function

ROOT = Path(__file__).parent.parent
HEAVY = ("prefect", "sqlmodel", "sqlalchemy", "fastapi", "ortools", "scipy", "pandas", "docx", "httpx")


def test_the_catalogue_and_the_schemas_of_uses_are_one_list() -> None:
    assert set(CATALOGUE) == shipped_names("definition/uses")


def test_every_kind_of_task_has_its_function() -> None:
    for kind in CATALOGUE:
        assert callable(function(kind))


def test_check_loads_nothing_heavy() -> None:
    """`nastavnik check` answers at once: it imports neither Prefect nor the database."""
    code = (
        "import sys; from flows import cli; code = cli.run(['check', 'definitions/target-model']);"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "0 []"


def test_one_file_speaks_to_cel() -> None:
    """The language of conditions can be changed in one place."""
    parts = [path for name in ("schemas", "tasks", "flows") for path in (ROOT / name).rglob("*.py")]

    assert [path.name for path in parts if "cel_expr_python" in path.read_text("utf-8")] == ["conditions.py"]


def test_no_module_of_flows_has_the_name_of_a_standard_one() -> None:
    """A path entry point would put `flows/` first on the path, and break everything that imports it."""
    assert {path.stem for path in (ROOT / "flows").glob("*.py")} & sys.stdlib_module_names == set()


def test_every_shipped_schema_keeps_to_the_profile() -> None:
    from schemas.sources import parse_json

    for path in (ROOT / "schemas").rglob("*.schema.json"):
        source, problems = parse_json(path.read_bytes(), path.name)
        assert problems == []
        assert source is not None
        if "definition" in path.parts:
            continue  # read by nobody but us, with formats of its own
        assert profile_problems(source) == [], path.name


def test_every_artefact_schema_is_used_by_the_target_model() -> None:
    from schemas.reader import read_folder

    found = read_folder(ROOT / "definitions" / "target-model").or_refuse()

    assert set(found.schemas) == shipped_names("artefacts") - {"common"}
    assert len(found.schemas) >= 40
    assert shipped("output", "status")["properties"]["schema"] == {"const": "status/v1"}


def test_nothing_of_this_machine_stands_in_the_tree() -> None:
    """No registry host, no path of a developer's machine."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    words = ["py" + "pi.org", "python" + "hosted", "npm" + "js.org", "/wo" + "rk/", "/op" + "t/py"]
    for name in tracked:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".txt", ".json", "") and path.is_file():
            text = path.read_text("utf-8", errors="ignore")
            assert not [word for word in words if word in text], name
