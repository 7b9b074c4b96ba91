"""`plan` of an edit over 1,000 programmes of the target model, each read from the store."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from flows import migrating
from flows.engine.steps import Ask, MayWaive, Sign
from flows.office import Office
from flows.settings import Workspace
from flows.store import records
from flows.store.migrate import upgrade
from schemas import reader
from tests.benchmarks.school import STAFF, TARGET, Year
from tests.benchmarks.table import Row, own_cpu

COUNT = 1000
ARRIVALS = (4, 12, 20, 28)  # how far the programmes are: so many papers and signatures came in
TABLES = ("artefact", "taskfact", "stagefact", "decision", "waiver", "journal")
EDIT = {
    "stages/mentee_base.yaml": (("within: P7D", "within: P12D"),),
    "stages/mentor_training.yaml": (("integer, default: 16, minimum", "integer, default: 24, minimum"),),
}


def rows() -> Iterator[Row]:
    """One row: the whole plan, definitions read once, each programme's history read and decided twice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        office, now = filled(folder / "office")
        edit = migrating.Edit(office, edited(folder / "edited"))
        found: list[Any] = []
        seconds = own_cpu(lambda: found.append(migrating.plan(office, edit, None, now, "ru")))
        office.store.close()
    programmes = found[0]["programmes"]
    assert len(programmes) == COUNT
    classes = Counter(each["effect"]["class"] for each in programmes)
    yield Row(
        "plan of 1,000", seconds, seconds=10,
        note=f"one mentee each, after {', '.join(map(str, ARRIVALS))} arrivals; a date and a param edited: "
        + ", ".join(f"{name} {count}" for name, count in classes.most_common()),
    )  # fmt: skip


def edited(folder: Path) -> Path:
    """The target model with a later date and a higher threshold."""
    shutil.copytree(TARGET, folder)
    for name, pairs in EDIT.items():
        body = (folder / name).read_text("utf-8")
        for old, new in pairs:
            assert old in body, (name, old)
            body = body.replace(old, new)
        (folder / name).write_text(body, "utf-8")
    return folder


def filled(folder: Path) -> tuple[Office, datetime]:
    """A store with so many schools: a few that were played, the rest copied from them row by row."""
    from tests.wander import Moment, frozen, put

    (folder / "data" / "files").mkdir(parents=True)
    (folder / "nastavnik.yaml").write_text("language: ru\n", "utf-8")
    (folder / "data" / "people.key").write_bytes(b"0" * 32)
    office = Office(Workspace(folder))
    upgrade(office.workspace.database)
    reading = reader.read_folder(TARGET)
    now = None
    with office.store.write() as tx:
        for number, arrivals in enumerate(ARRIVALS):
            year = played(arrivals)
            now = max(now or year.now, year.now)
            put(office, tx, f"s{number:04}", Moment(year.now, frozen(year.snapshot)), reading)
        last = tx.session.connection().execute(text("SELECT max(seq) FROM journal")).scalar_one()
        for number in range(len(ARRIVALS), COUNT):
            _copy(tx, number, number % len(ARRIVALS), last)
    assert now is not None
    return office, now


def played(arrivals: int) -> Year:
    """A year after so many papers and signatures."""
    year = Year()
    plan = year.settle()
    while year.arrivals.total() < arrivals:
        step = next((each for each in plan.steps if isinstance(each, Ask | Sign | MayWaive)), None)
        if step is None:
            assert plan.wake_at is not None
            year.now = plan.wake_at
            plan = year.settle()
        else:
            plan = year.answer(step, plan)
    return year


def _copy(tx: Any, number: int, of: int, last: int) -> None:
    """Another school with the same history; its journal is there to be counted, not to be verified."""
    connection = tx.session.connection()
    school, programme = f"s{number:04}", number + 1
    tx.session.add(records.School(id=school, title=school, timezone="Europe/Moscow", added_at=""))
    for role, codes in STAFF.items():
        tx.session.add_all(records.Assignment(school=school, code=code, role=role) for code in codes)
    tx.session.flush()
    values = {
        "offset": last * number,
        "programme": programme,
        "of": of + 1,
        "school": school,
        "from": f"s{of:04}",
    }
    columns = [name for name in records.Programme.model_fields if name not in ("id", "school")]
    connection.execute(
        text(
            f"INSERT INTO programme (id, school, {', '.join(columns)}) "
            f"SELECT :programme, :school, {', '.join(columns)} FROM programme WHERE id = :of"
        ),
        values,
    )
    for table in TABLES:
        model = next(
            each for each in (*records.CHAINED.values(), records.Entry) if each.__tablename__ == table
        )
        own = {
            "seq": "seq + :offset",
            "programme": "CASE programme WHEN 0 THEN 0 ELSE :programme END",
            "school": ":school",
        }
        fields = list(model.model_fields)
        chosen = ", ".join(own.get(name, f'"{name}"') for name in fields)
        where = "programme = :of" + (" OR (programme = 0 AND school = :from)" if table == "artefact" else "")
        names = ", ".join(f'"{name}"' for name in fields)
        connection.execute(
            text(f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} WHERE {where}"), values
        )
