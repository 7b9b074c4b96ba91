"""Connections to SQLite and PostgreSQL, set up so that a transaction is one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import create_engine


def engine_of(url: str) -> Engine:
    """The database of a URL; on SQLite a write takes the lock at its beginning, never half way."""
    if not url.startswith("sqlite"):
        return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    made = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Any) -> None:
        write = connection.get_execution_options().get("nastavnik_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return made
