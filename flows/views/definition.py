"""A methodology to read: as text, as a Mermaid diagram, as JSON."""

from __future__ import annotations

from typing import Any

from schemas.messages import word
from schemas.model import Methodology
from schemas.stage import ArtefactSpec, Stage


def text(methodology: Methodology, language: str) -> str:
    """Stage by stage: what it needs, its papers, tasks and gates."""
    lines = [f"{methodology.title} {methodology.version} ({methodology.digest[:12]})"]
    for stage in methodology.stages.values():
        lines += ["", f"{stage.number}. {stage.title}  [{stage.id}]"]
        if stage.needs:
            lines.append(
                f"   {word('show_needs', language)}: "
                + ", ".join(need.artefact for need in stage.needs.values())
            )
        for spec in stage.artefacts.values():
            if spec.part_of is None:
                lines.append(f"   {_paper(spec)}")
                lines.extend(f"       {_paper(part)}" for part in methodology.parts.get(spec.path, ()))
        for task in stage.tasks.values():
            role = methodology.roles[task.role].title if task.role else word("show_engine", language)
            lines.append(f"   > {task.id} ({task.uses}) → {task.writes or '–'}: {role}")
        for gate in stage.checkpoints.values():
            signers = " → ".join(methodology.roles[entry.role].title for entry in gate.sign_off.values())
            each = f" ({gate.register})" if gate.register else ""
            lines.append(f"   # {gate.id}{each}: {gate.title} – {signers}")
    return "\n".join(lines)


def _paper(spec: ArtefactSpec) -> str:
    required = "*" if spec.required else " "
    each = f"  ({spec.each.register or spec.each.need})" if spec.each else ""
    return f"{required} {spec.id}: {spec.title}{each}"


def mermaid(methodology: Methodology) -> str:
    """The stages as a flowchart: what is passed on, and where work may be sent back to."""
    lines = ["flowchart LR"]
    for stage in methodology.stages.values():
        lines.append(f'  {stage.id}["{stage.number}. {stage.title}"]')
    for stage in methodology.stages.values():
        for other in sorted(_before(methodology, stage)):
            lines.append(f"  {other} --> {stage.id}")
        for other in sorted(_back(stage)):
            lines.append(f"  {stage.id} -.-> {other}")
    return "\n".join(lines)


def _before(methodology: Methodology, stage: Stage) -> set[str]:
    needs = [need for need in stage.needs.values() if not need.optional]
    gates = {need.passed.split("/")[0] for need in needs if need.passed}
    return (gates | {need.artefact.split("/")[0] for need in needs} | set(stage.after)) - {stage.id}


def _back(stage: Stage) -> set[str]:
    paths = [
        path
        for gate in stage.checkpoints.values()
        for choice in gate.on_return.values()
        for path in choice.reopen
    ]
    paths += [path for task in stage.tasks.values() for path in task.then.reopen]
    return {path.split("/")[0] for path in paths} - {stage.id}


def as_json(methodology: Methodology) -> dict[str, Any]:
    """The definition as data: `methodology/v1` of the outputs."""
    return {
        "schema": "show/v1",
        "id": methodology.id,
        "version": methodology.version,
        "title": methodology.title,
        "digest": methodology.digest,
        "stages": [
            {
                "id": stage.id,
                "number": stage.number,
                "title": stage.title,
                "params": dict(stage.params),
                "needs": [need.artefact for need in stage.needs.values()],
                "artefacts": [
                    {
                        "id": spec.id,
                        "title": spec.title,
                        "schema": spec.schema,
                        "required": spec.required,
                        "each": spec.each.register if spec.each else None,
                        **({"part_of": spec.part_of} if spec.part_of else {}),
                    }
                    for spec in stage.artefacts.values()
                ],
                "tasks": [
                    {"id": task.id, "uses": task.uses, "role": task.role, "writes": task.writes}
                    for task in stage.tasks.values()
                ],
                "checkpoints": [
                    {
                        "id": gate.id,
                        "title": gate.title,
                        "each": gate.register,
                        "requires": [requirement.id for requirement in gate.requires],
                        "sign_off": [entry.role for entry in gate.sign_off.values()],
                    }
                    for gate in stage.checkpoints.values()
                ],
            }
            for stage in methodology.stages.values()
        ],
    }
