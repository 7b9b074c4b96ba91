"""Edits of the small methodology, written as somebody would write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas import reader
from schemas.model import Methodology
from tests.play import SMALL

Replacements = Mapping[str, tuple[tuple[str, str], ...]]

# a stage, a paper and a task renamed; a paper added that a gate requires; a due date moved; a task removed
WHOLE: Replacements = {
    "methodology.yaml": (("pairing/pairs", "matching/pairs"), ("  pairing: {", "  matching: {")),
    "stages/start.yaml": (
        ("  plan: {title: План, schema: paper}", "  roadmap: {title: План, schema: paper}"),
        ("  note: {title: Записка, schema: paper}\n", ""),
        ("  write_plan: {", "  draw_roadmap: {"),
        ("writes: plan,", "writes: roadmap,"),
        ("reads: [plan], with", "reads: [roadmap], with"),
        (
            "  annotate: {uses: form, on_request: true, who: {role: curator}, reads: [plan], writes: note}\n",
            "",
        ),
        ("requires: {rules: valid, plan: valid}", "requires: {rules: valid, roadmap: valid}"),
        ("reopen: [write_plan]", "reopen: [draw_roadmap]"),
        ("      plan: approved", "      roadmap: approved"),
        ("size(plan.items)", "size(roadmap.items)"),
        (
            "may_reopen: [director]",
            "may_reopen: [director]\nrenamed: {plan: roadmap, write_plan: draw_roadmap}",
        ),
    ),
    "stages/base.yaml": (
        ("{artefact: start/plan, is", "{artefact: start/roadmap, is"),
        ("  letters: {", "  memo: {title: Памятка, schema: paper}\n  letters: {"),
        (
            "  write_letter: {",
            "  write_memo: {uses: form, who: {role: curator}, writes: memo}\n  write_letter: {",
        ),
        ("    requires: {mentees: valid}\n", "    requires: {mentees: valid, memo: valid}\n"),
        ("due: {within: P7D}", "due: {within: P12D}"),
    ),
    "stages/pairing.yaml": (
        ("id: pairing", "id: matching"),
        ("title: Пары\nneeds", "title: Пары\nrenamed: {pairing: matching}\nneeds"),
    ),
    "stages/work.yaml": (
        ("pairing/pairs, passed: pairing/", "matching/pairs, passed: matching/"),
        ("[pairing/confirm]", "[matching/confirm]"),
    ),
    "stages/end.yaml": (("pairing/pairs, passed: pairing/", "matching/pairs, passed: matching/"),),
}
NAMES = {"start/plan": "start/roadmap", "start/write_plan": "start/draw_roadmap"}


def edited(replacements: Replacements) -> dict[str, bytes]:
    """The files of the small methodology with some texts replaced, each of which must be there."""
    content = reader.collect(SMALL)
    for name, pairs in replacements.items():
        text = content[name].decode()
        for old, new in pairs:
            assert old in text, (name, old)
            text = text.replace(old, new)
        content[name] = text.encode()
        if "id: matching" in text:
            content["stages/matching.yaml"] = content.pop(name)
    return content


def read(replacements: Replacements) -> Methodology:
    """The edited methodology."""
    return reader.read(edited(replacements)).or_refuse()


def written(folder: Path, replacements: Replacements) -> Path:
    """The edited files in a folder."""
    for name, body in edited(replacements).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


def now_named(path: str) -> str:
    """What the whole edit calls a path now."""
    return NAMES.get(path, path.replace("pairing", "matching", 1) if path.startswith("pairing") else path)
