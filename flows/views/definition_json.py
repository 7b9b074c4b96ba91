"""A methodology as data: `show/v1`."""

from __future__ import annotations

from typing import Any

from schemas.model import Methodology


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
