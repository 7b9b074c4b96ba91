"""A workspace: where its parts lie, how it is set up, and what time it is there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.messages import said
from schemas.problems import Location, WrongUsage, problem
from schemas.sources import read_yaml

FILE = "nastavnik.yaml"
DEFINITIONS = Path(__file__).resolve().parent.parent / "definitions"  # those that are shipped


@dataclass(frozen=True)
class Workspace:
    """A folder with `nastavnik.yaml`; everything that Nastavnik writes lies below it."""

    folder: Path

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What `nastavnik.yaml` says."""
        source, found = read_yaml(self.folder / FILE, str(self.folder / FILE))
        if source is None:
            raise WrongUsage(found)
        return dict(source.data or {})

    @property
    def data(self) -> Path:
        """The folder of everything that is not edited by hand."""
        return self.folder / "data"

    @property
    def database(self) -> str:
        """The URL of the store."""
        url = str(self.settings.get("database", "sqlite"))
        return f"sqlite:///{self.data / 'store.db'}" if url == "sqlite" else url

    @property
    def files(self) -> Path:
        """Files by their sha256."""
        return self.data / "files"

    @property
    def outbox(self) -> Path:
        """Letters that are ready to be sent."""
        return self.data / "outbox"

    @property
    def people_key(self) -> Path:
        """The key that wraps the keys of people; kept outside the database."""
        return self.data / "people.key"

    @property
    def prefect_home(self) -> Path:
        """Prefect's own folder."""
        return self.data / "prefect"

    @property
    def prefect_database(self) -> str:
        """The URL of Prefect's own database."""
        url = str(self.settings.get("prefect_database", "sqlite"))
        return f"sqlite+aiosqlite:///{self.prefect_home / 'prefect.db'}" if url == "sqlite" else url

    @property
    def server_file(self) -> Path:
        """Where a running Prefect server leaves its process and address."""
        return self.data / "server.json"

    @property
    def methodology(self) -> Path:
        """The folder of the definitions that new programmes start from."""
        return self.folder / str(self.settings.get("methodology", "definitions/target-model"))

    @property
    def language(self) -> str:
        """The language of messages."""
        return str(self.settings.get("language", "ru"))


def debugging() -> bool:
    """Whether tracebacks are wanted on the screen."""
    return bool(os.environ.get("NASTAVNIK_DEBUG"))


def find(folder: str | None) -> Workspace:
    """The workspace named, else that of $NASTAVNIK_WORKSPACE, else the nearest above the current folder."""
    named = folder or os.environ.get("NASTAVNIK_WORKSPACE")
    if named:
        path = Path(named).resolve()
        if not (path / FILE).is_file():
            raise WrongUsage(problem("W01", Location(str(named))))
        return Workspace(path)
    here = Path.cwd().resolve()
    for path in (here, *here.parents):
        if (path / FILE).is_file():
            return Workspace(path)
    raise WrongUsage(problem("W01", Location(str(here))))


def request_key() -> str:
    """A caller's own key of what it asks for ($NASTAVNIK_REQUEST): the same key is done once."""
    return os.environ.get("NASTAVNIK_REQUEST", "")


def clock() -> datetime:
    """Now; $NASTAVNIK_NOW (ISO 8601 with a zone) stands in for it in demonstrations and tests."""
    text = os.environ.get("NASTAVNIK_NOW")
    if not text:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        now = datetime.min
    if now.tzinfo is None:
        advice = said("advice_example", example="2026-05-25T09:00:00+03:00")
        raise WrongUsage(problem("U01", text=f"NASTAVNIK_NOW={text}", advice=advice))
    return now
