"""README and definitions/README.md say what is true: their examples are run."""

from __future__ import annotations

import re
from pathlib import Path

from schemas import reader, sources

ROOT = Path(__file__).parent.parent


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", path.read_text("utf-8"), flags=re.DOTALL)


def test_the_methodology_in_the_guide_passes_its_check() -> None:
    """A methodologist who copies the examples has a methodology without problems."""
    content: dict[str, bytes] = {}
    folders = {"methodology/v1": "", "stage/v1": "stages/", "survey/v1": "surveys/"}
    for block in blocks(ROOT / "definitions" / "README.md", "yaml"):
        data = sources.load_yaml(block.encode(), "guide").data
        folder = folders[data["dsl"]]
        content[f"{folder}{data['id']}.yaml" if folder else "methodology.yaml"] = block.encode()

    assert len(content) == 4
    assert reader.read(content).problems == ()


def test_the_first_edit_of_the_guide_is_possible() -> None:
    """The line that the guide tells to change stands in the stage, letter by letter."""
    guide = (ROOT / "definitions" / "README.md").read_text("utf-8")
    line = next(each.strip() for each in guide.splitlines() if each.strip().startswith("hours_required:"))
    stage = ROOT / "definitions" / "target-model" / "stages" / "mentor_training.yaml"

    assert line in stage.read_text("utf-8")
    content = reader.collect(stage.parent.parent)
    content["stages/mentor_training.yaml"] = content["stages/mentor_training.yaml"].replace(
        b"default: 16", b"default: 24"
    )
    found = reader.read(content).or_refuse()
    assert found.stages["mentor_training"].params["hours_required"] == 24
