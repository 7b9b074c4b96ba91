"""Through a real Prefect server: runs, incidents, names, and what happens when a process is killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import Killer
from workspaces import DIRECTOR, Room, new_room

from flows.environment import environment
from flows.server import Server, alive, starting, using
from flows.settings import Workspace

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
ORDER = "preparation/write_launch_order"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return new_room(tmp_path_factory.mktemp("room") / "workspace")


@pytest.fixture(scope="module")
def server(room: Room) -> Iterator[Server]:
    with starting(Workspace(room.folder)) as found:
        yield found


def run(room: Room, *words: str) -> subprocess.CompletedProcess[str]:
    """`nastavnik run` in a process of its own, as people type it."""
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "--workspace", str(room.folder), "run", "sosh-10", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NASTAVNIK_NOW": "2026-04-02T09:00:00+03:00", "PYTHONUTF8": "1"},
        check=False,
    )


def rows(room: Room, query: str) -> list[tuple[object, ...]]:
    """What Prefect's own database holds."""
    with sqlite3.connect(room.folder / "data" / "prefect" / "prefect.db") as database:
        return database.execute(query).fetchall()


def test_a_killed_task_is_an_incident_until_it_is_tried_again(room: Room, server: Server) -> None:
    """The run fails with a code, `today` shows it, nothing repeats it, `run --retry` clears it."""
    killer = Killer(room.folder)
    killer.start()
    failed = run(room)

    assert killer.killed
    assert failed.returncode == 1
    assert f"задача не выполнилась: {ORDER}" in failed.stderr
    today = json.loads(room.do("today", "sosh-10", "--json").out)["programmes"][0]["waiting_for"]
    assert [(each["action"], each["item"]) for each in today if each["action"] == "retry"] == [
        ("retry", ORDER)
    ]

    again = run(room)

    assert again.returncode == 0  # the incident stands, nobody repeats it for ever
    assert json.loads(room.do("status", "sosh-10", "--json").out)["stages"][0]["state"] == "blocked"

    cleared = run(room, "--retry", ORDER)

    assert cleared.returncode == 0, cleared.stderr
    assert json.loads(room.do("status", "sosh-10", "--json").out)["stages"][0]["state"] == "active"
    assert run(room, "--retry", ORDER).returncode == 6


def test_runs_are_named_and_tagged_by_school_year_and_stage(room: Room, server: Server) -> None:
    """What an operator reads in the UI: codes only."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not rows(room, "SELECT 1 FROM artifact WHERE type = 'progress'"):
        time.sleep(0.5)
    runs = rows(
        room, "SELECT f.name, r.name, r.tags, r.state_name FROM flow_run r JOIN flow f ON f.id = r.flow_id"
    )
    stages = [each for each in runs if each[0] == "stage"]

    assert {each[1] for each in runs if each[0] == "programme"} == {"sosh-10 2026/27"}
    assert {each[1] for each in stages} == {"sosh-10 2026/27 preparation"}
    assert all(set(json.loads(str(each[2]))) == {"sosh-10", "2026/27", "preparation"} for each in stages)
    assert {"Incident", "AwaitingPeople"} <= {each[3] for each in runs}
    boards = rows(room, "SELECT data FROM artifact WHERE key = 'stages-sosh-10-2026-27'")
    assert "Подготовка условий" in json.loads(str(boards[-1][0]))


def test_run_asks_for_people_with_exit_code_5_only_when_asked(room: Room, server: Server) -> None:
    assert run(room).returncode == 0
    assert run(room, "--exit-code").returncode == 5


def test_two_runs_at_once_do_the_work_once(room: Room, server: Server) -> None:
    """The lease lets one work; the other waits and finds nothing left."""
    room.do("reopen", "sosh-10", ORDER, "--by", DIRECTOR, "--reason", "опечатка")
    before = len(printed(room))
    both = [threading.Thread(target=run, args=(room,)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert len(printed(room)) == before + 1


def printed(room: Room) -> list[tuple[object, ...]]:
    with sqlite3.connect(room.folder / "data" / "store.db") as database:
        return database.execute(
            "SELECT seq FROM taskfact WHERE kind = 'printed' AND task = ?", (ORDER,)
        ).fetchall()


def test_a_server_that_died_is_swept_away_and_the_next_command_starts_its_own(tmp_path: Path) -> None:
    room = new_room(tmp_path / "workspace")
    workspace = Workspace(room.folder)
    with starting(workspace) as server:
        assert alive(workspace) == server
        os.kill(server.pid, signal.SIGKILL)
        time.sleep(0.5)
        assert alive(workspace) is None
        assert not workspace.server_file.exists()
    found = run(room)

    assert found.returncode == 0, found.stderr
    assert not workspace.server_file.exists()


def test_two_that_start_servers_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Whoever runs a server is no user of one, and withdraws only its own announcement."""
    workspace = Workspace(new_room(tmp_path / "workspace").folder)
    with using(workspace) as own:
        assert list((workspace.data / "users").iterdir()) == []
        workspace.server_file.write_text(json.dumps({"url": own.url, "pid": os.getpid(), "born": ""}))

    assert workspace.server_file.exists()


def test_a_server_dies_with_the_command_that_started_it(tmp_path: Path) -> None:
    """`kill -9` of our process leaves no server behind that holds the database."""
    room = new_room(tmp_path / "workspace")
    workspace = Workspace(room.folder)
    command = [sys.executable, "-m", "flows.cli", "--workspace", str(room.folder), "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while alive(workspace) is None and time.monotonic() < deadline:
        time.sleep(0.2)
    server = alive(workspace)
    assert server is not None
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30  # it is asked to end, and ends what it was doing
    while Path(f"/proc/{server.pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.2)

    assert not Path(f"/proc/{server.pid}").exists()
    assert alive(workspace) is None


def test_a_worker_runs_what_prefect_yaml_deploys(tmp_path: Path) -> None:
    """`prefect deploy --all` as an operator of many machines types it; the worker's run does the work."""
    room = new_room(tmp_path / "workspace")
    workspace = Workspace(room.folder)
    with starting(workspace) as server:
        found = {**environment(workspace, server.url), "NASTAVNIK_NOW": "2026-04-02T09:00:00+03:00"}

        def prefect(*words: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "prefect", *words], cwd=ROOT, env=found, capture_output=True, text=True,
                encoding="utf-8", check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        prefect("work-pool", "create", "nastavnik", "--type", "process")
        prefect("--no-prompt", "deploy", "--all")
        prefect("deployment", "run", "programme/programme", "--param", "school=sosh-10")
        prefect("worker", "start", "--pool", "nastavnik", "--run-once")

        runs = rows(
            room,
            "SELECT r.state_name FROM flow_run r JOIN flow f ON f.id = r.flow_id WHERE f.name = 'programme'",
        )
        assert runs == [("AwaitingPeople",)]
        deployed = rows(room, "SELECT name FROM deployment ORDER BY name")
        assert deployed == [("programme",), ("sweep",)]
