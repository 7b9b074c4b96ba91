"""Is this machine fit: each check says what it found, and the words say what to do."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from flows.server import alive
from flows.settings import Workspace
from schemas.messages import Said, said
from schemas.problems import Problem, Refusal, problem

if TYPE_CHECKING:
    from flows.store.transaction import Transaction


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str | Said | Problem


def examine(workspace: Workspace) -> list[Check]:
    """All checks, in the order in which they are to be mended."""
    checks: list[Callable[[Workspace], Check]] = [
        _python, _pair, _database, _key, _disk, _clock, _server, _definitions, _encoding,
    ]  # fmt: skip
    return [check(workspace) for check in checks]


def _python(workspace: Workspace) -> Check:
    found = sys.version.split()[0]
    return Check("python", sys.version_info >= (3, 11), found)


def _pair(workspace: Workspace) -> Check:
    """Prefect's server breaks with a FastAPI that it does not refuse itself."""
    try:
        prefect, fastapi = version("prefect"), version("fastapi")
    except PackageNotFoundError as error:
        return Check("pair", False, str(error))
    wanted = {each.name: each.specifier for each in map(Requirement, requires("nastavnik") or ())}
    fit = prefect in wanted["prefect"] and fastapi in wanted["fastapi"]
    return Check("pair", fit, f"prefect {prefect}, fastapi {fastapi}")


def _database(workspace: Workspace) -> Check:
    from flows.store.store import HEAD

    try:
        with _opened(workspace) as view:
            kind = {"sqlite": "SQLite"}.get(view.store.engine.dialect.name, "PostgreSQL")
            found = said("doctor_database_found", kind=kind, version=HEAD, schools=len(view.schools()))
            return Check("database", True, found)
    except Refusal as refusal:
        return Check("database", False, refusal.problems[0])


def _key(workspace: Workspace) -> Check:
    """Whether the key opens the people of this database, and nobody else can read it."""
    from flows.people import People

    path = workspace.people_key
    if not path.is_file():
        return Check("key", False, problem("W20", path=path))
    try:
        with _opened(workspace) as view:
            People(view, path)
    except Refusal as refusal:
        if refusal.problems[0].code == "W21":  # what is wrong with the database, its own check tells
            return Check("key", False, refusal.problems[0])
    private = sys.platform == "win32" or path.stat().st_mode & 0o077 == 0
    return Check("key", private, str(path))


@contextmanager
def _opened(workspace: Workspace) -> Iterator[Transaction]:
    from flows.office import Office, refuse_unfinished

    refuse_unfinished(workspace)
    store = Office(workspace).store
    try:
        store.check_version()
        with store.read() as view:
            yield view
    finally:
        store.close()


def _disk(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.folder).free >> 20
    return Check("disk", free > 500, said("doctor_disk_found", count=free))


def _clock(workspace: Workspace) -> Check:
    return Check("clock", time.time() > 1_767_225_600, time.strftime("%Y-%m-%d %H:%M"))


def _server(workspace: Workspace) -> Check:
    server = alive(workspace)
    if server:
        return Check("server", True, server.url)
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", 4200)) != 0
    return Check("server", free, "4200")


def _definitions(workspace: Workspace) -> Check:
    from schemas.messages import is_warning
    from schemas.reader import read_folder

    found = sum(not is_warning(each) for each in read_folder(workspace.methodology).problems)
    return Check("definitions", found == 0, f"{workspace.methodology.name}: {found}")


def _encoding(workspace: Workspace) -> Check:
    encoding = (sys.stdout.encoding or "utf-8").lower()  # what has none takes any letter
    return Check("encoding", encoding.startswith("utf"), encoding)
