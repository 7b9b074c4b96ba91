"""Fixtures: a store on SQLite and on PostgreSQL, a workspace, and rules on what may be skipped."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from play import Play, small
from running_schools import filled, opened
from wander import many

from flows.office import Office
from flows.store.migrate import upgrade
from flows.store.store import Store
from schemas.model import Methodology

POSTGRES = os.environ.get("NASTAVNIK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")

# No timing decides over a test: the first example pays for imports, and machines differ.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the person who runs it."""
    for name in list(os.environ):
        if name.startswith(("NASTAVNIK_", "PREFECT_")) and not name.startswith("NASTAVNIK_TEST_"):
            monkeypatch.delenv(name)


def needed(what: str, error: Exception) -> None:
    """What a test needs and this machine lacks: a failure in CI, a skip with its reason elsewhere."""
    if os.environ.get("CI"):
        raise AssertionError(f"CI lacks {what}") from error
    pytest.skip(f"no {what} here: {type(error).__name__}")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store; the same promises on both databases."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.db'}"
        upgrade(url)
        made = Store(url, tmp_path / "files")
        yield made
        made.close()
        return
    with postgres_schema() as url:
        upgrade(url)
        made = Store(url, tmp_path / "files")
        yield made
        made.close()


class postgres_schema:
    """A schema of its own in the test database, gone afterwards."""

    def __enter__(self) -> str:
        from sqlalchemy import create_engine, text

        self.name = f"nastavnik_{uuid.uuid4().hex[:12]}"
        self.engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with self.engine.begin() as connection:
                connection.execute(text(f"CREATE SCHEMA {self.name}"))
        except Exception as error:
            needed("PostgreSQL", error)
        return f"{POSTGRES}?options=-csearch_path%3D{self.name}"

    def __exit__(self, *_: object) -> None:
        from sqlalchemy import text

        with self.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {self.name} CASCADE"))
        self.engine.dispose()


@pytest.fixture(scope="session")
def methodology() -> Methodology:
    """The small methodology."""
    return small()


@pytest.fixture
def play(methodology: Methodology) -> Play:
    """A school of the small methodology, on its first day."""
    return Play(methodology)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen programmes in all states, each at rest, in one office."""
    return filled(tmp_path_factory.mktemp("few") / "office", many(12, seeds=4, every=18))


@pytest.fixture
def office(few: Path, tmp_path: Path) -> Iterator[Office]:
    """The office of these few, its own for each test."""
    yield from opened(few, tmp_path / "office")
