"""Schools with stored programmes, and what is said of them before and after an edit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edits import WHOLE, written
from wander import Moment, new_office, store

from flows import migrating
from flows.engine.reconcile import next_steps
from flows.engine.steps import Plan
from flows.office import Office
from flows.settings import Workspace
from flows.views import status

NOW = datetime.fromisoformat("2027-09-01T12:00:00+03:00")
COUNT = 200
RESTING = {"ended", "withdrawn", "rejected"}


def filled(folder: Path, moments: Sequence[Moment], now: datetime = NOW) -> Path:
    office = new_office(folder)
    with office.store.write() as tx:
        for number, moment in enumerate(moments):
            office.settle(tx, store(office, tx, f"s{number:03}", moment), now)
    office.store.close()
    return folder


def opened(schools: Path, folder: Path) -> Iterator[Office]:
    shutil.copytree(schools, folder)
    found = Office(Workspace(folder))
    yield found
    found.store.close()


def planned(office: Office, folder: Path, replacements: Any = WHOLE, **rest: Any) -> dict[str, Any]:
    edit = migrating.Edit(office, written(folder / "edited", replacements))
    found = migrating.plan(office, edit, rest.pop("wanted", None), NOW, "ru", **rest)
    edit.keep()
    return found


def states(office: Office) -> dict[str, tuple[Plan, dict[str, Any]]]:
    """What `status --keys` says of each programme."""
    found = {}
    with office.store.read() as view:
        for row in view.programmes():
            plan = next_steps(office.methodology(row.bundle), view.snapshot(row), NOW)
            assert plan.standing is not None
            found[row.school] = plan, status.status(plan, plan.standing, "ru", keys=True)
    return found


def places(answer: dict[str, Any], name: Any = str) -> dict[tuple[str, str, str], str]:
    """State by kind, path and key."""
    found = {}
    for stage in answer["stages"]:
        found["stages", name(stage["id"]), ""] = stage["state"]
        kinds = (("artefacts", "papers"), ("tasks", "tasks"), ("checkpoints", "checkpoints"))
        for group, kind in kinds:
            for part, each in stage[group].items():
                keys = each.get("keys", {} if "counts" in each else {"": each})
                for key, one in keys.items():
                    if one["state"] not in RESTING:
                        found[kind, name(f"{stage['id']}/{part}"), key] = one["state"]
    return found


def shifts(effect: dict[str, Any]) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """What a plan says, place by place."""
    return {
        (kind, each["item"], key): (each["before"], each["after"])
        for kind in ("stages", "papers", "tasks", "checkpoints")
        for each in effect.get(kind, ())
        for key in each["keys"] or [""]
        if each["before"] != each["after"] and not {each["before"], each["after"]} <= {*RESTING, None}
    }


def asked(answer: dict[str, Any], name: Any = str) -> set[tuple[str, ...]]:
    return {
        (each["action"], name(each["item"]), each["role"], key)
        for each in answer["waiting_for"]
        for key in each["keys"] or [""]
    }


def dues(answer: dict[str, Any], name: Any = str) -> dict[tuple[str, str], Any]:
    return {
        (name(f"{stage['id']}/{part}"), key): one["due"]
        for stage in answer["stages"]
        for part, each in stage["tasks"].items()
        for key, one in each.get("keys", {"": each}).items()
        if one["state"] == "open"
    }


def some(office: Office, plan: dict[str, Any], count: int) -> dict[str, Any]:
    """The plan for a few programmes that it touches."""
    touched = [each for each in plan["programmes"] if each["effect"]["class"] != "untouched"]
    return {**plan, "programmes": touched[:count]}
