"""A workspace: where its parts lie, how it is set up, and what time it is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.messages import said
from schemas.problems import Location, Problem, WrongUsage, problem
from schemas.sources import Source, read_yaml

FILE = "nastavnik.yaml"
DEFINITIONS = Path(__file__).resolve().parent.parent / "definitions"  # those that are shipped
_DATABASES = {  # what each of the two may be: its pattern, and an example of one on a server
    "database": (r"sqlite(:///.+)?|postgresql(\+psycopg)?://.+", "postgresql+psycopg://user@host/name"),
    "prefect_database": (
        r"sqlite(\+aiosqlite:///.+)?|postgresql\+asyncpg://.+",
        "postgresql+asyncpg://user@host/name",
    ),
}


@dataclass(frozen=True)
class Workspace:
    """A folder with `nastavnik.yaml`; everything that Nastavnik writes lies below it."""

    folder: Path

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What `nastavnik.yaml` says; WrongUsage with all its problems where it can't be followed."""
        with _readable(self.folder / FILE):
            source, found = read_yaml(self.folder / FILE, str(self.folder / FILE))
        if source is not None and source.data is not None:
            from schemas.validation import shape_problems

            found = shape_problems("workspace", source) or _meaning_problems(source)
        if source is None or found:
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
        if url == "sqlite":
            return f"sqlite:///{self.data / 'store.db'}"
        file = url.removeprefix("sqlite:///")
        return url if file == url else f"sqlite:///{self.folder / file}"

    @property
    def is_lived_in(self) -> bool:
        """Whether something was made here that belongs to one database: files, or the key to its people."""
        return self.people_key.exists() or any(self.files.glob("??/*"))

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


def _meaning_problems(source: Source) -> list[Problem]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    found = []
    for name, (pattern, example) in _DATABASES.items():
        url = str(source.data.get(name, "sqlite"))
        if not re.fullmatch(pattern, url):  # the scheme alone is told: an address may hold a password
            scheme = url.partition(":")[0]
            found.append(problem("W27", source.at((name,)), scheme=scheme, example=example))
    zone = source.data.get("timezone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(problem("W13", source.at(("timezone",)), zone=zone))
    return found


def debugging() -> bool:
    """Whether tracebacks are wanted on the screen."""
    return bool(os.environ.get("NASTAVNIK_DEBUG"))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise WrongUsage(problem("W24", path=path, reason=said("reason_denied"))) from None


def _has_settings(folder: Path) -> bool:
    with _readable(folder / FILE):
        return (folder / FILE).is_file()


def find(folder: str | None) -> Workspace:
    """The workspace named, else that of $NASTAVNIK_WORKSPACE, else the nearest above the current folder."""
    named = folder or os.environ.get("NASTAVNIK_WORKSPACE")
    if named:
        path = Path(named).resolve()
        if not _has_settings(path):
            raise WrongUsage(problem("W01", Location(str(named))))
        return Workspace(path)
    here = Path.cwd().resolve()
    for path in (here, *here.parents):
        if _has_settings(path):
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
