"""Brings a database to the newest form of the tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text


def upgrade(url: str) -> None:
    """Make or upgrade the tables; SQLite gets its write-ahead log here, once, before anybody else opens it."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if url.startswith("sqlite"):
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
