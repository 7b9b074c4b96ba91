"""A gate's decisions read in order: who has signed, what was sent back, whether all have ever signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.engine.snapshot import Decision
from schemas.stage import Checkpoint


@dataclass(frozen=True)
class History:
    """A gate's decisions read in order: what a return or a reject leaves standing."""

    signed: Mapping[str, Decision]
    returned: Decision | None
    rejected: Decision | None
    completed: bool
    completed_at: int | None = None  # seq at which every signature was there for the first time

    @classmethod
    def of(cls, checkpoint: Checkpoint, decisions: Any) -> History:
        """Read decisions, oldest first."""
        signed: dict[str, Decision] = {}
        returned = rejected = completed_at = None
        completed = False
        for decision in decisions:
            opinion = checkpoint.is_opinion(decision.sign_off)
            if decision.verdict == "reject":
                rejected = decision
            elif decision.verdict == "return" and not opinion:
                signed, returned, completed = {}, decision, False
            elif decision.sign_off in checkpoint.sign_off:  # else a signature that is asked for no more
                signed.pop(decision.sign_off, None)
                signed[decision.sign_off] = decision
            completed = completed or decision.completes
            if completed_at is None and (completed or signed.keys() == checkpoint.sign_off.keys()):
                completed_at = decision.seq
        return cls(signed, returned, rejected, completed, completed_at)
