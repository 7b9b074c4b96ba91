"""A methodology to read: as text, as a Mermaid diagram, as JSON."""

from __future__ import annotations

from schemas.messages import word
from schemas.model import Methodology


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
            required = "*" if spec.required else " "
            each = f"  ({spec.each.register or spec.each.need})" if spec.each else ""
            lines.append(f"   {required} {spec.id}: {spec.title}{each}")
        for task in stage.tasks.values():
            role = methodology.roles[task.role].title if task.role else word("show_engine", language)
            lines.append(f"   > {task.id} ({task.uses}) → {task.writes or '–'}: {role}")
        for gate in stage.checkpoints.values():
            signers = " → ".join(methodology.roles[entry.role].title for entry in gate.sign_off.values())
            each = f" ({gate.register})" if gate.register else ""
            lines.append(f"   # {gate.id}{each}: {gate.title} – {signers}")
    return "\n".join(lines)
