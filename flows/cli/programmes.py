"""Commands that move a programme: `start`, `submit`, `decide`, `waive`, `reopen`, `run`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows import checkpoints, intake
from flows.cli import talk
from flows.cli.address import By, check_name, check_year, day, office, opened, split
from flows.engine.decisions import Request
from flows.engine.reasons import said_of
from flows.intake import Receipt
from flows.migrating import follow_names
from flows.office import Office, definitions_of
from flows.server import wake
from flows.settings import request_key
from flows.store import records
from schemas.messages import word
from schemas.problems import Refusal, WrongUsage, problem

FARTHEST = 5  # years between a programme and today: more is a slip of the pen


def start(
    school: str,
    *,
    year: Annotated[str, Parameter(help="2026/27")],
    as_: Annotated[str, Parameter(name="--as", help="A name, where the school runs two in one year.")] = "",
) -> int:
    """Start a school's programme for a year, pinned to the definitions as they are now."""
    check_year(year)
    check_name(as_)
    with office() as (found, now):
        if abs(int(year[:4]) - now.year) > FARTHEST:
            raise WrongUsage(problem("W34", year=year, now=now.year))
        with found.store.read() as view:
            overlay = view.school(school).overlay
        reading = definitions_of(found.workspace, overlay, school=school)
        methodology = reading.or_refuse()
        bundle = found.keep_bundle(reading)
        with found.store.write() as transaction:
            row = transaction.start(school, year, bundle, methodology.id, now, as_)
            follow_names(found, transaction, row, now)
            found.settle(transaction, row, now)
    talk.say("started", school=row.place, year=year, title=methodology.title)
    if not methodology.school_days.covers_all(*methodology.year(year)):
        first, last = methodology.school_days.covers or (None, None)
        talk.say("calendar_short", first=first, last=last)
    return 0


def submit(school: str, paper: str, file: Path, *, by: By) -> int:
    """Hand in a file for STAGE/ARTEFACT[/KEY]: YAML, JSON, CSV, XLSX, DOCX or PDF."""
    if not file.is_file():
        raise WrongUsage(problem("U04", path=file))
    with opened(school) as (found, programme, now):
        receipt = intake.submit(found, programme, paper, file.name, file.read_bytes(), by, now, request_key())
        for each in (receipt, *receipt.parts):
            _told(each)
        if any(each.accepted for each in (receipt, *receipt.parts)):
            _woken(found, programme, receipt.work)
    return 0


def _told(receipt: Receipt) -> None:
    """What came of handing in, to stderr."""
    if receipt.new_people:
        talk.say(
            "new_people" if len(receipt.new_people) > 1 else "new_person",
            count=len(receipt.new_people),
            first=receipt.new_people[0],
            last=receipt.new_people[-1],
        )
    if receipt.unused:
        talk.say("unused_columns", columns=receipt.unused)
    if receipt.not_owed:
        talk.say("not_owed", keys=receipt.not_owed)
    if receipt.not_asked:
        talk.say("not_asked", keys=receipt.not_asked)
    if receipt.accepted:
        count, key = len(receipt.accepted), receipt.accepted[0]
        item = f"{receipt.path}/{key}" if key and count == 1 else receipt.path
        talk.say("accepted_many" if count > 1 else "accepted", item=item, count=count)
        if receipt.unchanged:
            talk.say("unchanged_some", count=len(receipt.unchanged))
    elif receipt.unchanged:
        talk.say("unchanged", item=receipt.path)
    language = talk.language()
    for key, record in receipt.doubts:
        texts = [word(said.name, language, **said.values) for said in map(said_of, record.reasons)]
        talk.say("not_valid", item=f"{receipt.path}/{key}" if key else receipt.path, reasons=texts)


def decide(
    school: str,
    gate: str,
    verdict: Literal["approve", "return", "reject"],
    *,
    as_: Annotated[str, Parameter(name="--as", help="The role that decides.")],
    by: By,
    all_ready: Annotated[
        bool, Parameter(help="All members that wait for this signature.", negative=())
    ] = False,
    number: Annotated[str, Parameter(help="Number of the protocol or order.")] = "",
    date: Annotated[str, Parameter(help="Its date.")] = "",
    certificate: Annotated[str, Parameter(help="Number of the signing certificate.")] = "",
    reason: Annotated[str, Parameter(help="Why; needed to return and to reject.")] = "",
    choice: Annotated[str, Parameter(help="Which way of sending back.")] = "",
) -> int:
    """Decide on STAGE/CHECKPOINT[/KEY…] on the evidence as it stands."""
    request = Request(verdict, as_, by, number, day(date) if date else None, certificate, reason, choice)
    with opened(school) as (found, programme, now):
        decided = checkpoints.decide(
            found, programme, gate, request, now, all_ready=all_ready, key=request_key()
        )
        keys = _listed([key for key in decided.keys if key])
        if decided.signed < decided.of:
            talk.say("signed_in_part", item=decided.gate, keys=keys, signed=decided.signed, of=decided.of)
        else:
            talk.say("decided", item=decided.gate, verdict=talk.word(f"verdict_{verdict}"), keys=keys)
        _woken(found, programme, decided.work)
    return 0


def waive(
    school: str,
    gate: str,
    requirement: str,
    *,
    as_: Annotated[str, Parameter(name="--as", help="The role that may let it go.")],
    by: By,
    reason: Annotated[str, Parameter(help="Why.")],
) -> int:
    """Let a requirement of STAGE/CHECKPOINT[/KEY] go."""
    with opened(school) as (found, programme, now):
        decided = checkpoints.waive(
            found, programme, gate, requirement, as_, by, reason, now, key=request_key()
        )
        talk.say(
            "waived",
            item=decided.gate,
            requirement=decided.title,
            keys=_listed([key for key in decided.keys if key]),
        )
        _woken(found, programme, decided.work)
    return 0


def reopen(school: str, place: str, *, by: By, reason: Annotated[str, Parameter(help="Why.")]) -> int:
    """Open the tasks of STAGE[/TASK[/KEY]] again, where the definition allows it."""
    with opened(school) as (found, programme, now):
        opened_again = checkpoints.reopen(found, programme, place, by, reason, now, key=request_key())
        talk.say("reopened", places=_listed(opened_again.keys))
        _woken(found, programme, opened_again.work)
    return 0


def run(
    school: str | None = None,
    *,
    all: Annotated[bool, Parameter(help="Every programme in which something is due.", negative=())] = False,
    retry: Annotated[
        str | None, Parameter(help="STAGE/TASK[/KEY] whose failure is to be tried again.")
    ] = None,
    exit_code: Annotated[bool, Parameter(help="End with 5 when people are waited for.", negative=())] = False,
) -> int:
    """Reconcile through Prefect: do everything that can be done now."""
    if (school is None) == (not all):
        raise WrongUsage(problem("U07"))
    with office() as (found, now):
        with found.store.read() as view:
            programmes = list(view.due(now)) if school is None else [view.programme(*split(school))]
        if retry:
            for programme in programmes:
                keys = checkpoints.clear(found, programme, retry, now)
                talk.say("cleared", item=retry, count=len(keys))
        worst = 0
        if programmes:
            worst = max(_reconciled(found, programmes, now, exit_code))
    return worst


def _reconciled(
    found: Office, programmes: list[records.Programme], now: datetime, exit_code: bool
) -> list[int]:
    from flows.environment import apply
    from flows.server import using

    codes = []
    with using(found.workspace) as server:
        apply(found.workspace, server.url)
        from flows.programme import reconcile

        for row in programmes:
            state = reconcile(row.school, row.year, now, row.name)
            codes.append(_ended(row, str(state.name), state.message or "", exit_code))
    return codes


def _ended(row: records.Programme, name: str, message: str, exit_code: bool) -> int:
    if name == "Incident":
        talk.problems([problem("W15", items=message)])
        return 1
    if name == "Busy":
        raise Refusal(problem("W09", school=row.place))
    waits = name == "AwaitingPeople"
    talk.say("run_waits" if waits else "run_closed", school=row.place, year=row.year)
    return 5 if waits and exit_code else 0


def _listed(keys: list[str], limit: int = 8) -> str:
    rest = f" … (+{len(keys) - limit})" if len(keys) > limit else ""
    return ": " + ", ".join(keys[:limit]) + rest if keys else ""


def _woken(found: Office, programme: records.Programme, work: bool) -> None:
    """Let a serving server go on; without one, `run` is the next step where there is work for it."""
    if not wake(found.workspace, programme) and work:
        talk.say("next_run", school=programme.school)
