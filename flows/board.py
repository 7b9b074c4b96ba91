"""What Prefect's UI shows of a programme: a board of its stages, and how far it is. Codes only."""

from __future__ import annotations

import re
from typing import Any

from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact

from flows.engine.steps import Plan
from flows.views.status import status
from schemas.messages import word

MARKS = {"done": "✓", "active": "▶", "waiting": "·", "reopened": "↺", "blocked": "✗"}


async def show(plan: Plan, school: str, year: str) -> None:
    """Put the stage board and the progress of a programme beside its run."""
    if plan.standing is None:
        return
    language = plan.standing.methodology.language
    found = status(plan, plan.standing, language)
    key = re.sub(r"[^a-z0-9]+", "-", f"{school} {year}".lower()).strip("-")
    done = sum(each["state"] == "done" for each in found["stages"])
    await acreate_markdown_artifact(
        markdown=board(found, language), key=f"stages-{key}", description=f"{school} {year}"
    )
    await acreate_progress_artifact(
        progress=round(100 * done / len(found["stages"]), 1),
        key=f"progress-{key}",
        description=f"{school} {year}",
    )


def board(found: dict[str, Any], language: str) -> str:
    """The board as markdown: stages with their gates, then whom the programme waits for."""
    lines = [
        f"# {found['school']} {found['year']}",
        "",
        f"| | {word('column_stage', language)} | {word('column_state', language)} | "
        f"{word('column_passed', language)} | {word('column_gates', language)} |",
        "|---|---|---|---|---|",
    ]
    for stage in found["stages"]:
        gates = stage["checkpoints"].values()
        approved = f"{sum(gate['state'] == 'approved' for gate in gates)} / {len(gates)}"
        passed = f"{stage['passed']} / {stage['of']}" if stage["of"] else ""
        state = word("stage_" + stage["state"], language)
        lines.append(
            f"| {MARKS[stage['state']]} | {stage['number']}. {stage['title']} | {state} | {passed} | {approved} |"
        )
    lines += ["", f"## {word('waiting_for', language)}", ""]
    for each in found["waiting_for"]:
        due = f" – {each['due']}" if each["due"] else ""
        late = f" **{word('late', language)}**" if each["late"] else ""
        count = (
            f" ×{len(each['keys'])}"
            if len(each["keys"]) > 1
            else f" {each['keys'][0]}"
            if each["keys"]
            else ""
        )
        lines.append(f"- {word('action_' + each['action'], language)}: {each['what']}{count}{due}{late}")
    return "\n".join(lines)
