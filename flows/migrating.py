"""Plans of an edit over the programmes of a workspace, and doing what a plan says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flows.engine import migration
from flows.engine.differences import Differences, differences
from flows.office import Office, definitions_of, packed
from flows.perform import LEASE_SECONDS
from flows.post import deliver
from flows.store import records
from flows.store.transaction import Transaction
from flows.views import migration as views
from schemas.digests import digest_of_bytes
from schemas.model import Methodology
from schemas.problems import InvalidDefinition, Problem, Refusal, WrongUsage, problem
from schemas.reader import Reading, set_of

Json = dict[str, Any]
AT_A_TIME = 50  # programmes that are read together and kept in memory


@dataclass(frozen=True)
class Target:
    """The definition that an edit leads to, and the name of its bundle."""

    methodology: Methodology
    bundle: str

    @classmethod
    def of(cls, reading: Reading) -> Target:
        """What was read; InvalidDefinition where it has problems."""
        return cls(reading.or_refuse(), digest_of_bytes(packed(reading)))


@dataclass(frozen=True)
class Applied:
    """What came of a plan for one programme; `problems` say why nothing was done for it."""

    programme: records.Programme
    state: Literal["applied", "already", "untouched", "refused"]
    problems: tuple[Problem, ...] = ()


class Edit:
    """An edited folder: read once for each overlay that schools have on it."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.base = definitions_of(office.workspace, "", folder, school="")
        self._read: dict[tuple[str, str], Reading] = {}  # by overlay and, where there is one, the school

    def target(self, overlay: str, school: str) -> Target:
        """What it leads a school with this overlay to; InvalidDefinition where the two do not fit."""
        place = (overlay, school if overlay else "")  # without one it is the same for all
        if place not in self._read:
            self._read[place] = definitions_of(self.office.workspace, overlay, self.folder, school=school)
        return Target.of(self._read[place])

    def refuse_broken(self, overlays: Iterable[tuple[str, str]]) -> None:
        """Refuse it with the problems of all overlays at once, lost files before broken ones."""
        lost: list[Problem] = []
        broken: list[Problem] = []
        for overlay, school in dict.fromkeys(overlays):
            try:
                self.target(overlay, school)
            except WrongUsage as refusal:
                lost += refusal.problems
            except InvalidDefinition as refusal:
                broken += refusal.problems
        if lost:
            raise WrongUsage(set_of(lost))
        if broken:
            raise InvalidDefinition(set_of(broken))

    def keep(self) -> None:
        """Store what was read, for `apply` to need nothing else."""
        for reading in self._read.values():
            self.office.keep_bundle(reading)


class Planner:
    """Compares definitions once for each pin that programmes have."""

    def __init__(self, office: Office, target: Target, language: str) -> None:
        self.office, self.target, self.language = office, target, language
        self._between: dict[str, Differences] = {}

    def between(self, bundle: str) -> Differences:
        """What differs between a pinned definition and the new one."""
        if bundle not in self._between:
            self._between[bundle] = differences(self.office.methodology(bundle), self.target.methodology)
        return self._between[bundle]

    def effect(self, bundle: str, snapshot: Any, now: datetime) -> Json:
        """The effect on one programme that is pinned to a bundle, as the plan says it."""
        old, new = self.office.methodology(bundle), self.target.methodology
        found = migration.plan(old, new, self.between(bundle), snapshot, now)
        return views.as_json(found, self.language)


def plan(
    office: Office,
    edit: Edit,
    wanted: Sequence[tuple[str, str | None, str]] | None,
    now: datetime,
    language: str,
    as_of: date | None = None,
) -> Json:
    """What an edit would do to programmes, or to all of them; reads only. `as_of` cuts them at a day."""
    base = edit.base.or_refuse()
    as_of = as_of and min(as_of, now.date() + timedelta(days=1))  # a day that has not come asks of now
    planners: dict[str, Planner] = {}  # by overlay
    edits: dict[tuple[str, str], Json] = {}
    programmes: list[Json] = []
    with office.store.read() as view:
        rows = _wanted(view, wanted, base)
        schools = view.schools()  # kept at hand: each snapshot asks for its school
        overlays = {each.id: each.overlay for each in schools}
        edit.refuse_broken(
            (each, row.school if each else "") for row in rows for each in (overlays[row.school],)
        )
        positions = view.positions(rows)
        by_pin = sorted(rows, key=lambda row: (overlays[row.school], row.bundle, row.school, row.year))
        for count, row in enumerate(by_pin):
            if count % AT_A_TIME == 0:
                office.store.forget()
                if as_of is None:
                    view.read_ahead(by_pin[count : count + AT_A_TIME])
            overlay = overlays[row.school]
            if overlay not in planners:
                planners[overlay] = Planner(office, edit.target(overlay, row.school), language)
            planner = planners[overlay]
            past = (row.bundle, view.snapshot(row), now) if as_of is None else _as_of(view, row, as_of)
            if past is None:
                continue
            pin, bundle = past[0], planner.target.bundle
            edits.setdefault((pin, bundle), views.edit(planner.between(pin)))
            about = {"school": row.place, "year": row.year, "pin": pin, "bundle": bundle,
                     "position": positions[row.id or 0]}  # fmt: skip
            programmes.append({**about, "effect": planner.effect(*past)})
    return {
        "schema": "plan/v1",
        "language": language,
        "made_at": now.isoformat(),
        **({"as_of": as_of.isoformat()} if as_of else {}),
        "methodology": base.id,
        "version": base.version,
        "edits": [{"before": pin, "after": bundle, **each} for (pin, bundle), each in edits.items()],
        "programmes": sorted(programmes, key=lambda each: (each["school"], each["year"])),
    }


def _wanted(
    view: Transaction, wanted: Sequence[tuple[str, str | None, str]] | None, methodology: Methodology
) -> list[records.Programme]:
    if wanted is None:
        return [row for row in view.programmes() if row.methodology == methodology.id]
    rows = {row.id: row for row in (view.programme(*place) for place in wanted)}
    foreign = [row for row in rows.values() if row.methodology != methodology.id]
    if foreign:
        raise Refusal(
            problem("M05", school=row.place, pinned=row.methodology, wanted=methodology.id) for row in foreign
        )
    return list(rows.values())


def _as_of(view: Transaction, row: records.Programme, day: date) -> tuple[str, Any, datetime] | None:
    """The pin, the snapshot and the last moment of a day; None where the programme had not begun."""
    zone = ZoneInfo(view.school(row.school).timezone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    if row.started_at >= records.moment(end):
        return None
    seq = view.seq_at(row.school, end)
    pins = view.pins(row)
    past = [pin for pin in pins if pin.seq <= seq]
    bundle = past[-1].bundle if past else pins[0].before if pins else row.bundle
    return bundle, view.snapshot(row, seq), end - timedelta(seconds=1)


def follow_names(office: Office, transaction: Transaction, row: records.Programme, now: datetime) -> None:
    """Let a new programme know the papers of its school by their names in its definition."""
    earlier = [each for each in transaction.programmes() if each.school == row.school and each.id != row.id]
    if earlier and earlier[-1].bundle != row.bundle and earlier[-1].methodology == row.methodology:
        old, new = office.methodology(earlier[-1].bundle), office.methodology(row.bundle)
        moves = differences(old, new).moves
        if moves.renamed() or moves.reshaped:
            transaction.pin(row, row.bundle, moves.as_json(), now)


# --- doing it --------------------------------------------------------------------------------------


def apply(office: Office, planned: Mapping[str, Any], now: datetime) -> Iterator[Applied]:
    """Do what a plan says, one programme a transaction; what has aged is refused and left as it is.

    Stopped anywhere and called again it goes on: a programme that follows already is only told.
    """
    planners: dict[str, Planner] = {}
    for each in planned["programmes"]:
        bundle = each["bundle"]
        if bundle not in planners:
            planners[bundle] = Planner(
                office, Target(office.methodology(bundle), bundle), planned["language"]
            )
        yield _one(office, planners[bundle], each, now)


def _one(office: Office, planner: Planner, each: Mapping[str, Any], now: datetime) -> Applied:
    place, year, bundle = each["school"], each["year"], each["bundle"]
    school, _, name = place.partition("/")
    with office.store.read() as view:
        row = view.programme(school, year, name)
    if row.bundle == bundle:
        return Applied(row, "already")
    if each["effect"]["class"] == "untouched":
        return Applied(row, "untouched")
    if row.bundle == each["pin"]:
        deliver(office, row)  # letters that wait are written by the templates that they were made for
    with office.store.write() as transaction:
        row = transaction.programme(school, year, name)
        if row.bundle == bundle:  # another `apply` was faster
            return Applied(row, "already")
        refused = _aged(transaction, row, each)
        if refused is None and _means_another(
            planner.effect(row.bundle, transaction.snapshot(row), now), each["effect"]
        ):
            refused = problem("M08", school=place, year=year)
        token = transaction.acquire(row, LEASE_SECONDS) if refused is None else None
        if token is None:
            return Applied(row, "refused", (refused or problem("W09", school=place),))
        moves = planner.between(row.bundle).moves.as_json()
        transaction.pin(row, bundle, moves, now)
        settled = office.settle(transaction, row, now)
        row.dirty = False
        transaction.release(row, token, settled.wake_at)
        row.dirty = bool(office.runs(settled))
    return Applied(row, "applied")


def _means_another(now: Json, then: Json) -> bool:
    """Whether an edit does something else by now; how much it leaves alone does not count."""
    return {**now, "kept": None} != {**then, "kept": None}


def _aged(transaction: Transaction, row: records.Programme, each: Mapping[str, Any]) -> Problem | None:
    if row.bundle != each["pin"]:
        return problem("M06", school=row.place, year=row.year)
    if transaction.positions([row])[row.id or 0] != each["position"]:
        return problem("M07", school=row.place, year=row.year)
    return None
