"""The store: the only code that opens a database. What happened is appended, never changed.

One write at a time: SQLite by BEGIN IMMEDIATE, PostgreSQL by an advisory lock, for the journal is one chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import text
from sqlmodel import Session, col, select

from flows.store import records
from flows.store.database import engine_of, faults_told, file_of, is_lost
from flows.store.files import Files
from flows.store.history import History
from flows.store.transaction import Transaction
from schemas.problems import Refusal, WrongUsage, problem

HEAD = "0006"  # the newest migration; a test holds it equal to the folder
_LOCK = 0x6E617374  # "nast": the advisory lock of writers on PostgreSQL


class Store:
    """A database and the files beside it."""

    def __init__(self, url: str, files: Path) -> None:
        self.url, self.files = url, Files(files)
        self.engine = engine_of(url)
        self.histories: dict[int, History] = {}  # what was read of a programme, by its number
        self._contents: dict[str, Any] = {}

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()

    def check_version(self) -> None:
        """Refuse a database that is lost, damaged, out of reach or was made by another version."""
        file = file_of(self.url)
        if file is not None and is_lost(file):  # SQLite itself would make an empty one
            raise Refusal(problem("W22", path=file))
        with faults_told(self.url):
            found = self._version()
        if found is None and file is not None:
            raise Refusal(problem("W23", path=file))
        if found is not None and found > HEAD:
            raise Refusal(problem("W30", found=found, wanted=HEAD))
        if found != HEAD:
            raise WrongUsage(problem("W02", found=found or "–", wanted=HEAD))

    def _version(self) -> str | None:
        try:
            with self.engine.connect() as connection:
                found: str | None = connection.execute(
                    text("SELECT version_num FROM alembic_version")
                ).scalar()
                return found
        except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.ProgrammingError) as error:
            if "alembic_version" in str(error.orig):  # there is no such table
                return None
            raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view."""
        with self._session(write=False) as session:
            yield Transaction(self, session)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """All or nothing."""
        with self._session(write=True) as session:
            if self.engine.dialect.name == "postgresql":
                session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield Transaction(self, session)
            session.commit()

    @contextmanager
    def _session(self, *, write: bool) -> Iterator[Session]:
        with (
            faults_told(self.url),
            self.engine.connect().execution_options(nastavnik_write=write) as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session

    def forget(self) -> None:
        """Give back what was read, where many programmes are read once."""
        self.histories.clear()
        self._contents.clear()

    def drop_remains(self) -> None:
        """Let nothing of what was overwritten lie on in SQLite's write-ahead log."""
        if self.engine.dialect.name == "sqlite":
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def content(self, session: Session, digests: set[str]) -> Mapping[str, Any]:
        """Data of papers by digest, read once a process."""
        missing = sorted(digests - self._contents.keys())
        for start in range(0, len(missing), 500):
            chunk = missing[start : start + 500]
            found = session.exec(select(records.Content).where(col(records.Content.digest).in_(chunk)))
            for each in found:
                self._contents[each.digest] = json.loads(each.body)
        lost = digests - self._contents.keys()
        if lost:
            raise Refusal([problem("V02", digest=each) for each in sorted(lost)])
        return self._contents
