"""Brings a database to the newest form of the tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from flows.store.database import faults_told, file_of, is_lost, server_engine
from flows.store.store import Store
from schemas.problems import WrongUsage


def upgrade(url: str) -> None:
    """Make or upgrade the tables; a new SQLite file appears whole or not at all, a damaged one is refused."""
    file = file_of(url)
    if file is not None and is_lost(file):
        new = file.with_name(f"{file.name}.new")
        for rest in (new, *new.parent.glob(f"{new.name}-*")):
            rest.unlink(missing_ok=True)
        _upgrade(f"sqlite:///{new}")
        new.replace(file)
    elif _is_older(url):
        _upgrade(url)


def _is_older(url: str) -> bool:
    store = Store(url, Path())
    try:
        store.check_version()
    except WrongUsage:
        return True
    finally:
        store.close()
    return False


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(url) if url.startswith("sqlite") else server_engine(url)
    with faults_told(url):
        if url.startswith("sqlite"):  # its write-ahead log is set here, once, before anybody else opens it
            with engine.connect() as connection:
                connection.execute(text("PRAGMA journal_mode=WAL"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    engine.dispose()
