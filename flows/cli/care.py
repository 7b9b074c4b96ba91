"""`verify` and `doctor`: is everything as it was written, and is the machine fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli import talk
from flows.cli.address import office
from schemas import messages
from schemas.messages import Said
from schemas.problems import Problem, Refusal, WrongUsage, problem
from schemas.sources import parse_json


def verify(
    *, certificate: Annotated[Path | None, Parameter(help="A certificate of `show --certificate`.")] = None
) -> int:
    """Check the journal, its rows, contents and files; or a certificate by itself."""
    if certificate is not None:
        return _verify_certificate(certificate)
    from flows.store.verify import damage

    with office() as (found, _):
        problems, count, anchor = damage(found.store)
        with found.store.read() as view:
            problems += found.people(view).damage()
    if problems:
        raise Refusal(problems)
    talk.say("verified", count=count, anchor=anchor[:16])
    return 0


def _verify_certificate(path: Path) -> int:
    from schemas.certificate import certificate_problems

    if not path.is_file():
        raise WrongUsage(problem("U04", path=path))
    source, found = parse_json(path.read_bytes(), str(path))
    if source is not None:
        found = certificate_problems(source.data, str(path))
    if source is None or found:
        raise Refusal(found)
    about = source.data
    names = [f"{each['id']}@{each['version']}" for each in about["overlays"]]
    talk.say(
        "certificate_verified", methodology=about["methodology"]["id"], version=about["methodology"]["version"],
        digest=about["methodology"]["digest"][:12], overlays=names, rules=len(about["core"]),
        changes=len(about["changes"]),
    )  # fmt: skip
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
