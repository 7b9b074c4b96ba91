"""Connections to SQLite and PostgreSQL, set up so that a transaction is one; what is wrong with them is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlmodel import create_engine

from schemas.messages import said
from schemas.problems import Refusal, WrongUsage, problem

_UNREACHABLE = (
    "",
    "08",
    "28",
    "3D",
    "53",
    "57",
)  # how an SQLSTATE of a server that can't be talked to begins

_REASONS = {
    "READONLY": "reason_read_only",
    "CANTOPEN": "reason_denied",
    "PERM": "reason_denied",
    "IOERR": "reason_disk",
    "FULL": "reason_full",
}


def engine_of(url: str) -> Engine:
    """The database of a URL; on SQLite a write takes the lock at its beginning, never half way."""
    if not url.startswith("sqlite"):
        return server_engine(url)
    made = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("nastavnik_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return made


def server_engine(url: str) -> Engine:
    """A PostgreSQL; WrongUsage where its address or its driver is no good."""
    try:
        return create_engine(
            url.replace("postgresql://", "postgresql+psycopg://"), connect_args={"connect_timeout": 10}
        )
    except ImportError as error:
        raise Refusal(problem("W26", name=error.name or "psycopg")) from None
    except (sqlalchemy.exc.ArgumentError, ValueError):
        advice = said("advice_example", example="postgresql+psycopg://user@host/name")
        raise WrongUsage(problem("U01", text="database", advice=advice)) from None


def file_of(url: str) -> Path | None:
    """The file of an SQLite database; None where a server keeps it."""
    return Path(make_url(url).database or "") if url.startswith("sqlite") else None


def is_lost(file: Path) -> bool:
    """Whether there is nothing in the place of a database's file."""
    return not file.exists() or (file.is_file() and file.stat().st_size == 0)


@contextmanager
def faults_told(url: str) -> Iterator[None]:
    """What goes wrong with the database itself becomes a Refusal; the rest stays a fault of ours."""
    try:
        yield
    except sqlalchemy.exc.DBAPIError as error:
        refusal = _refusal(error, url)
        if refusal is None:
            raise
        raise refusal from None


def _refusal(error: sqlalchemy.exc.DBAPIError, url: str) -> Refusal | None:
    file, cause = file_of(url), error.orig
    if file is None:
        state = getattr(cause, "sqlstate", None) or ""
        if not isinstance(error, sqlalchemy.exc.OperationalError) or state[:2] not in _UNREACHABLE:
            return None
        address = make_url(url).set(username=None, password=None, query={}).render_as_string()
        return Refusal(problem("W28", address=address))
    kind = str(getattr(cause, "sqlite_errorname", "")).removeprefix("SQLITE_").partition("_")[0]
    if kind in ("BUSY", "LOCKED"):
        return Refusal(problem("W03"))
    if kind in ("NOTADB", "CORRUPT"):
        return Refusal(problem("W23", path=file))
    return Refusal(problem("W24", path=file, reason=said(_REASONS[kind]))) if kind in _REASONS else None
