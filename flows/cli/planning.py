"""`plan` and `apply`: what an edit of the definitions would do to running schools, and doing it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from flows import migrating
from flows.cli import talk
from flows.cli.address import day, office, split
from flows.cli.definitions import quoted
from flows.engine.renaming import idle_renames
from flows.server import wake
from flows.views import migration as views
from schemas.digests import canonical
from schemas.messages import said
from schemas.problems import NOWHERE, Problem, Refusal, WrongUsage, problem
from schemas.validation import shipped, violations

CHANGES = 5  # the exit code of `plan --exit-code` where there are changes


def plan(
    *schools: str,
    definitions: Annotated[Path, Parameter(help="The folder of the edited methodology.")],
    all: Annotated[bool, Parameter(help="Every programme of this methodology.", negative=())] = False,
    out: Annotated[Path | None, Parameter(help="The file that `apply` will take.")] = None,
    format: Annotated[Literal["text", "json", "markdown"], Parameter(help="Form of the answer.")] = "text",
    exit_code: Annotated[bool, Parameter(help="End with 5 when there are changes.", negative=())] = False,
    as_of: Annotated[str | None, Parameter(help="As the programmes stood on that day.")] = None,
) -> int:
    """What an edit of the definitions would do to running schools."""
    if bool(schools) == all:
        raise WrongUsage(problem("M12"))
    if as_of and out:
        raise WrongUsage(problem("M11"))
    past = day(as_of) if as_of else None
    if not definitions.exists():
        raise WrongUsage(problem("U04", path=definitions))
    if out is not None and not out.parent.is_dir():
        raise WrongUsage(problem("U04", path=out.parent))
    if out is not None and out.is_dir():
        raise WrongUsage(problem("W24", path=out, reason=said("reason_folder")))
    wanted = None if all else [split(each) for each in schools]
    language = talk.language()
    with office() as (found, now):
        edit = migrating.Edit(found, definitions)
        planned = migrating.plan(found, edit, wanted, now, language, past)
        if out is not None:
            edit.keep()
            _write(out, planned)
        pinned = [found.methodology(name) for name in {each["before"] for each in planned["edits"]}]
        idle = idle_renames(pinned, edit.base.or_refuse()) if pinned else []
    for stage, former, name in idle:
        talk.say("rename_leads_nowhere", stage=stage, former=former, name=name)
    if format == "json":
        talk.data(planned)
    else:
        shown = views.text if format == "text" else views.markdown
        print(shown(planned, language), end="")
    if out is not None:
        talk.say("plan_written", path=out, quoted=quoted(out))
    return CHANGES if exit_code and views.has_changes(planned) else 0


def _write(path: Path, planned: dict[str, Any]) -> None:
    """Whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(planned, ensure_ascii=False, indent=1), "utf-8")
    new.replace(path)


def apply(plan: Path) -> int:
    """Do what a plan says, school by school; a school that has moved on since is refused and told."""
    planned = _read(plan)
    with office() as (found, now):
        lost = [each["bundle"] for each in planned["programmes"] if not found.store.files.has(each["bundle"])]
        if lost:
            raise Refusal(problem("M10"))
        count: Counter[str] = Counter(applied=0, already=0, untouched=0, refused=0)
        problems: list[Problem] = []
        for each in migrating.apply(found, planned, now):
            count[each.state] += 1
            problems += each.problems
            if each.state in ("applied", "already"):
                talk.say(f"apply_{each.state}", school=each.programme.place, year=each.programme.year)
            if each.state == "applied":
                wake(found.workspace, each.programme)
    talk.say("apply_done", **count)
    if problems:
        raise Refusal(problems)
    return 0


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise WrongUsage(problem("U04", path=path))
    try:
        found: dict[str, Any] = json.loads(
            path.read_bytes()
        )  # of 1,000 schools it is larger than a paper may be
        canonical(found)
    except (ValueError, RecursionError):
        raise WrongUsage(problem("M09", path=path)) from None
    if violations(shipped("output", "plan"), found, _nowhere) or "as_of" in found:
        raise WrongUsage(problem("M09", path=path))
    return found


def _nowhere(pointer: Any, *, key: bool = False) -> Any:
    return NOWHERE
