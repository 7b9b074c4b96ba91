"""The office of a workspace: its store, the methodologies that its programmes are pinned to, and the engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from flows.engine.reconcile import next_steps
from flows.engine.standing import Standing
from flows.engine.steps import CloseYear, FinishStage, Open, Plan, RecordSilence, Run, Tell
from flows.letters import tell
from flows.people import People, refuse_lost_key
from flows.settings import Workspace
from flows.store import records
from flows.store.database import file_of, is_lost
from flows.store.store import Store
from flows.store.transaction import Transaction
from schemas import reader
from schemas.digests import canonical
from schemas.model import Methodology
from schemas.problems import WrongUsage, problem
from schemas.stack import shown

Pinned = tuple[Methodology, Mapping[str, bytes]]
KEPT = 16  # definitions that a process keeps; reading one anew takes 0.1 s
_PINNED: dict[tuple[str, str], Pinned] = {}  # by digest and language, so what is kept is never out of date


class Office:
    """Everything that a command or a flow works with."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store = Store(workspace.database, workspace.files)
        self.made_for = _identity(workspace)

    def people(self, transaction: Transaction) -> People:
        """The people store, in a transaction."""
        return People(transaction, self.workspace.people_key)

    # --- definitions -------------------------------------------------------------------------

    def keep_bundle(self, reading: reader.Reading) -> str:
        """Store a resolved definition and return the name of its bundle."""
        return self.store.files.put(packed(reading))

    def methodology(self, bundle: str, language: str = "") -> Methodology:
        """The methodology of a stored bundle; its texts in a language asked for, where they have it."""
        return self._read(bundle, language)[0]

    def reading(self, bundle: str, language: str = "") -> reader.Reading:
        """A stored bundle read anew, with the layers that its definition was put together from."""
        packed = json.loads(self.store.files.get(bundle))
        return reader.read({name: base64.b64decode(each) for name, each in packed.items()}, language=language)

    def bundle_file(self, bundle: str, name: str) -> bytes:
        """A file of a stored bundle, such as a template."""
        return self._read(bundle)[1][name]

    def _read(self, bundle: str, language: str = "") -> Pinned:
        found = _PINNED.get((bundle, language))
        if found is None:
            packed = json.loads(self.store.files.get(bundle))
            content = {name: base64.b64decode(each) for name, each in packed.items()}
            found = (reader.read(content, language=language).or_refuse(), content)
            while len(_PINNED) >= KEPT:
                _PINNED.pop(next(iter(_PINNED)), None)
            _PINNED[bundle, language] = found
        return found

    # --- the engine --------------------------------------------------------------------------

    def standing(self, transaction: Transaction, programme: records.Programme, now: datetime) -> Standing:
        """Where a programme stands."""
        return Standing(self.methodology(programme.bundle), transaction.snapshot(programme), now)

    def settle(self, transaction: Transaction, programme: records.Programme, now: datetime) -> Plan:
        """Take the engine's own steps – openings, silence, stages done – until only work and people are left.

        What is to be executed stays in the plan as Run steps.
        """
        methodology = self.methodology(programme.bundle)
        for _ in range(100):
            plan = next_steps(methodology, transaction.snapshot(programme), now)
            taken = [
                each
                for each in plan.steps
                if isinstance(each, Open | RecordSilence | Tell | FinishStage | CloseYear)
            ]
            for step in taken:
                match step:
                    case Open(task, key):
                        transaction.fact(programme, task, key, "opened", now)
                    case RecordSilence(task, key):
                        spec = methodology.task(task)
                        path = f"{spec.stage}/{spec.writes}"
                        transaction.accept(
                            programme, path, key, dict(spec.if_silent or {}), now, origin="silent"
                        )
                    case Tell():
                        tell(transaction, programme, methodology, step, now)
                    case FinishStage(stage):
                        transaction.stage_done(programme, stage, now)
                    case CloseYear():
                        transaction.stage_done(programme, "", now)
            if not taken:
                return plan
        raise RuntimeError("the engine does not come to rest")

    def runs(self, plan: Plan) -> list[Run]:
        """What a plan leaves to execute."""
        return [step for step in plan.steps if isinstance(step, Run)]


def definitions_of(
    workspace: Workspace, overlay: str = "", folder: Path | None = None, *, school: str
) -> reader.Reading:
    """The workspace's definitions as they are now – or those of a folder – with a school's overlay on them.

    An overlay that is written for another school has that as its problem.
    """
    where = folder or workspace.methodology
    file = workspace.folder / overlay if overlay else None
    if file is not None and not file.is_file():
        raise WrongUsage(problem("O16", path=overlay))
    reading = reader.read_folder(where, shown(where), file)
    own = reading.layers[-1].source if file and reading.layers else None
    if own is not None and (name := own.data.get("school", school)) != school:
        told = problem("O15", own.at(("school",)), name=name, school=school)
        return reader.Reading(None, (*reading.problems, told), reading.bundle)
    return reading


def packed(reading: reader.Reading) -> bytes:
    """A resolved definition as it is stored: its digest is the name of the bundle."""
    return canonical({name: base64.b64encode(each).decode() for name, each in reading.bundle.items()})


def open_office(workspace: Workspace) -> Office:
    """The office of a workspace whose database is of this version and whose key to the names is there."""
    known = _OFFICES.get(workspace.folder)
    if known is not None and known.made_for == _identity(workspace):
        return known
    refuse_unfinished(workspace)
    office = Office(workspace)
    office.store.check_version()
    if not workspace.people_key.is_file():
        with office.store.read() as view:
            refuse_lost_key(view, workspace.people_key)
        raise WrongUsage(problem("W31", path=workspace.folder))
    _OFFICES[workspace.folder] = office
    return office


def refuse_unfinished(workspace: Workspace) -> None:
    """Refuse a workspace that has no database yet, and nothing that tells of a lost one."""
    file = file_of(workspace.database)
    if not workspace.data.is_dir() or (file and is_lost(file) and not workspace.is_lived_in):
        raise WrongUsage(problem("W31", path=workspace.folder))


_OFFICES: dict[Path, Office] = {}  # one a process: what it has read of a programme it need not read again


def _identity(workspace: Workspace) -> tuple[int, ...]:
    """Tells the files of a workspace from others that were put in their place."""
    found: list[int] = []
    for path in (file_of(workspace.database), workspace.people_key):
        about = path.stat() if path is not None and path.exists() else None
        found += (about.st_ino, about.st_dev, int(about.st_size == 0)) if about else (0, 0, 0)
    return tuple(found)
