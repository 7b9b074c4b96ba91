"""Files that look like a part of a methodology and are read by nobody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from play import SMALL

from schemas import messages
from schemas.reader import read_all
from schemas.strays import stray_problems


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("stages/club.yml", "назовите его club.yaml"),
        ("surveys/club.yaml.txt", "назовите его club.yaml"),
        ("artefacts/club_log.json", "назовите его club_log.schema.json"),
        ("scenarious/club.yaml", "перенесите его прямо в папку scenarios"),
        ("scenarios/mine/club.yaml", "перенесите его прямо в папку scenarios"),
        ("club.yaml", "файлы методики лежат в папках"),
    ],
)
def test_a_file_that_nobody_reads_is_told_with_its_place(name: str, advice: str, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    shutil.copytree(SMALL, folder)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id: club\n", "utf-8")
    reading, found = read_all(folder)

    assert reading.sources is not None
    assert [(each.code, each.at.file) for each in found] == [("R89", name)]
    assert advice in messages.line(found[0])
    assert messages.is_warning(found[0])


@pytest.mark.parametrize(
    "name", ["README.md", ".vscode/settings.json", "plan.json", "overlays/region.yaml", "documents/a.json"]
)
def test_what_belongs_beside_a_methodology_is_left_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", "utf-8")

    assert list(stray_problems(tmp_path)) == []


def test_the_shipped_methodologies_have_none() -> None:
    root = Path(__file__).parent.parent
    folders = [root / "definitions" / "target-model", *(root / "tests" / "methodologies").iterdir()]

    assert [told for folder in folders for told in stray_problems(folder)] == []
