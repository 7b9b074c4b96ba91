"""The engine's own steps taken in memory: where a programme comes to rest, without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flows.engine.reconcile import next_steps
from flows.engine.snapshot import Fact, Snapshot, Version
from flows.engine.steps import CloseYear, FinishStage, Open, Plan, RecordSilence
from schemas.digests import digest
from schemas.model import Methodology

Places = Mapping[str, Mapping[str, Sequence[Any]]]
ROUNDS = 100


def settled(methodology: Methodology, snapshot: Snapshot, now: datetime, seq: int) -> Plan:
    """The plan once openings, silence and stages done are recorded, numbered from `seq` on."""
    for _ in range(ROUNDS):
        plan = next_steps(methodology, snapshot, now)
        taken = [
            each for each in plan.steps if isinstance(each, Open | RecordSilence | FinishStage | CloseYear)
        ]
        if not taken:
            return plan
        for step in taken:
            seq += 1
            match step:
                case Open(task, key):
                    fact = Fact(seq, "opened", now)
                    snapshot = replace(snapshot, facts=_with(snapshot.facts, task, key, fact))
                case RecordSilence(task, key):
                    spec = methodology.task(task)
                    data = dict(spec.if_silent or {})
                    version = Version(seq, digest(data), data, now, origin="silent")
                    path = f"{spec.stage}/{spec.writes}"
                    snapshot = replace(snapshot, versions=_with(snapshot.versions, path, key, version))
                case FinishStage(stage):
                    snapshot = replace(snapshot, stages_done={**snapshot.stages_done, stage: seq})
                case CloseYear():
                    snapshot = replace(snapshot, closed=seq, closed_at=now)
    raise RuntimeError("the engine does not come to rest")


def _with(places: Places, path: str, key: str, event: object) -> Places:
    keys = places.get(path, {})
    return {**places, path: {**keys, key: (*keys.get(key, ()), event)}}
