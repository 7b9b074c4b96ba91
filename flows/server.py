"""Prefect's server as a process of ours: found when it lives, swept away when it died, started when wanted.

`data/server.json` tells every command its process and address; `data/users/` who is using it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.environment import environment
from flows.settings import Workspace
from flows.store.processes import born
from schemas.problems import Refusal, problem

if TYPE_CHECKING:
    from flows.store import records

START_SECONDS = 120
_PR_SET_PDEATHSIG = 1


class ServerGone(Refusal):
    """Prefect's server stopped answering: a fault of ours, mended by doing it again."""

    exit_code = 1


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    pid: int
    serving: bool  # whether the deployments are served, so that a changed programme can be woken


def alive(workspace: Workspace) -> Server | None:
    """The server that answers, or None; what a dead one left behind is removed."""
    try:
        said: dict[str, Any] = json.loads(workspace.server_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    pid = int(said["pid"])
    running = born(pid) == said["born"] if said["born"] else True
    if running and answers(said["url"]):
        return Server(said["url"], pid, bool(said.get("serving")))
    if running and said["born"]:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    workspace.server_file.unlink(missing_ok=True)
    return None


def answers(url: str) -> bool:
    """Whether a server says that it is well."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


@contextmanager
def using(workspace: Workspace) -> Iterator[Server]:
    """The server that lives, or one of our own for as long as it is used."""
    with _user(workspace):
        found = alive(workspace)
        if found:
            yield found
            return
    with starting(workspace) as server:  # no longer a user: two that start at once would wait for each other
        yield server


@contextmanager
def starting(workspace: Workspace, port: int = 0, *, serving: bool = False) -> Iterator[Server]:
    """A server of our own; it ends with us, but not while another command still uses it."""
    if port:
        _refuse_taken(port)
    port = port or _free_port()
    url = f"http://127.0.0.1:{port}/api"
    workspace.prefect_home.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = workspace.data / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env={**environment(workspace), "PREFECT_UI_API_URL": url},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=workspace.folder,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            start_new_session=True,  # Ctrl+C is for our command, which then ends the server; so on Windows:
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    try:
        _await(process, url, log)
        _announce(workspace, url, process.pid, serving)
        yield Server(url, process.pid, serving)
        _await_users(workspace)
    finally:
        _forget(workspace, process.pid)
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _announce(workspace: Workspace, url: str, pid: int, serving: bool) -> None:
    said = {"url": url, "pid": pid, "born": born(pid), "serving": serving}
    new = workspace.server_file.with_suffix(".new")
    new.write_text(json.dumps(said))
    new.replace(workspace.server_file)


def _forget(workspace: Workspace, pid: int) -> None:
    """Withdraw the announcement of our server, not that of another one."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        if json.loads(workspace.server_file.read_text())["pid"] == pid:
            workspace.server_file.unlink(missing_ok=True)


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        if answers(url):
            return
        time.sleep(0.1)
    process.kill()
    raise ServerGone(problem("W10", log=str(log)))


def _die_with_parent() -> None:  # in the child, before it becomes the server
    # at once: a server that is still shutting down would be taken for one that lives
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.umask(0o077)


def _refuse_taken(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        raise Refusal(problem("W25", port=port, other=_free_port())) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _user(workspace: Workspace) -> Iterator[None]:
    folder = workspace.data / "users"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = folder / str(os.getpid())
    mark.write_text(born(os.getpid()))
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _await_users(workspace: Workspace, seconds: float = 60) -> None:
    """Wait until no other living command uses our server."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and _others(workspace):
        time.sleep(0.2)


def _others(workspace: Workspace) -> bool:
    for mark in (workspace.data / "users").glob("*"):
        if mark.name != str(os.getpid()):
            if mark.exists() and born(int(mark.name)) == mark.read_text():
                return True
            mark.unlink(missing_ok=True)
    return False


def wake(workspace: Workspace, programme: records.Programme) -> bool:
    """Ask a serving server to reconcile a programme; False where nobody serves (the sweep will come)."""
    server = alive(workspace)
    if server is None or not server.serving:
        return False
    which = {"school": programme.school, "year": programme.year, "name": programme.name}
    try:
        deployment = _call(f"{server.url}/deployments/name/programme/programme")
        _call(
            f"{server.url}/deployments/{deployment['id']}/create_flow_run",
            {"parameters": which, "state": {"type": "SCHEDULED"}},
        )
    except OSError:
        return False
    return True


def _call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        found: dict[str, Any] = json.loads(reply.read())
        return found
