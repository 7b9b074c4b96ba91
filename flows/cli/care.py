"""`verify` and `doctor`: is everything as it was written, and is the machine fit."""

from __future__ import annotations

from flows.cli import talk
from flows.cli.address import office
from schemas import messages
from schemas.messages import Said
from schemas.problems import Problem, Refusal


def verify() -> int:
    """Check the journal's chain, the rows that it stands for, contents and files."""
    from flows.store.verify import damage

    with office() as (found, _):
        problems, count, anchor = damage(found.store)
        with found.store.read() as view:
            problems += found.people(view).damage()
    if problems:
        raise Refusal(problems)
    talk.say("verified", count=count, anchor=anchor[:16])
    return 0


def doctor(*, json: bool = False) -> int:
    """Check this machine: versions, database, key, disk, clock, port, definitions; each with its mend."""
    from flows.doctor import examine

    found = examine(talk.workspace())
    if json:
        rows = [{"check": each.name, "ok": each.ok, "detail": _shown(each.detail)} for each in found]
        talk.data({"schema": "doctor/v1", "checks": rows})
    else:
        for each in found:
            mark = "✓" if each.ok else "✗"
            print(f"{mark} {talk.word('doctor_' + each.name)}: {_shown(each.detail)}")
            if not each.ok and not isinstance(each.detail, Problem):  # a problem says itself what to do
                print(f"   {talk.word('doctor_' + each.name + '_mend')}")
    return 0 if all(each.ok for each in found) else 6


def _shown(detail: str | Said | Problem) -> str:
    if isinstance(detail, Problem):
        return messages.line(detail, talk.language())
    return talk.word(detail.name, **detail.values) if isinstance(detail, Said) else detail
