"""Prefect's UI in a real browser: runs by school and stage, the stage board, a run started there, an incident."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import browser_page
from killing import Killer
from test_prefect import run
from workspaces import DIRECTOR, Room, new_room

from flows.server import Server, alive
from flows.settings import Workspace

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
ORDER = "preparation/write_launch_order"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return new_room(tmp_path_factory.mktemp("room") / "workspace")


@pytest.fixture(scope="module")
def serving(room: Room) -> Iterator[Server]:
    """`nastavnik serve` as an operator starts it, and its end by Ctrl+C."""
    command = [sys.executable, "-m", "flows.cli", "--workspace", str(room.folder), "serve", "--port", "0"]
    environment = {**os.environ, "NASTAVNIK_NOW": "2026-04-02T09:00:00+03:00", "PYTHONUTF8": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "http://" in line:
            break
    found = alive(Workspace(room.folder))
    assert found is not None
    yield found
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)

    assert process.returncode == 0
    assert not Path(f"/proc/{found.pid}").exists()


@pytest.fixture(scope="module")
def page(serving: Server) -> Iterator[object]:
    """A page of Debian's Chromium."""
    with browser_page() as opened:
        yield opened


def site(server: Server) -> str:
    return server.url.removesuffix("/api")


def printed(room: Room) -> int:
    with sqlite3.connect(room.folder / "data" / "store.db") as database:
        query = "SELECT count(*) FROM taskfact WHERE kind = 'printed' AND task = ?"
        return int(database.execute(query, (ORDER,)).fetchone()[0])


def start_from_the_ui(page, server: Server) -> None:
    """Fill the form of the deployment and press Submit."""
    with urllib.request.urlopen(f"{server.url}/deployments/name/programme/programme") as reply:
        deployment = json.loads(reply.read())["id"]
    page.goto(f"{site(server)}/deployments/deployment/{deployment}/run")
    page.get_by_label("school").or_(page.locator("textarea").first).first.fill("sosh-10")
    page.get_by_role("button", name="Submit").click()


def wait_for(what, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.5)


def test_a_run_started_in_the_ui_does_its_work(page, room: Room, serving: Server) -> None:
    start_from_the_ui(page, serving)
    wait_for(lambda: printed(room) == 1)


def test_runs_are_shown_by_school_and_stage(page, room: Room, serving: Server) -> None:
    page.goto(f"{site(serving)}/runs")
    page.get_by_text("sosh-10 2026/27 preparation").first.wait_for(
        timeout=60_000
    )  # the page looks again every half minute

    assert page.get_by_text("AwaitingPeople").count() >= 1


def test_the_stage_board_is_an_artifact(page, room: Room, serving: Server) -> None:
    page.goto(f"{site(serving)}/artifacts/key/stages-sosh-10-2026-27")
    page.get_by_text("sosh-10 2026/27").first.wait_for(timeout=20_000)
    page.locator('a[href*="/artifacts/artifact/"]').first.click()
    page.get_by_text("Подготовка условий для запуска программы").first.wait_for(timeout=20_000)
    page.get_by_text("Кого ждём").first.wait_for()


def test_a_task_that_fails_is_an_incident_until_retry_clears_it(page, room: Room, serving: Server) -> None:
    killer = Killer(room.folder)
    killer.start()
    # the change wakes the server that serves: nobody types `run`
    room.do("reopen", "sosh-10", ORDER, "--by", DIRECTOR, "--reason", "опечатка")
    wait_for(lambda: "retry" in {each["action"] for each in waited(room)})
    page.goto(f"{site(serving)}/runs")
    page.get_by_text("Incident").first.wait_for(timeout=20_000)

    assert killer.killed
    done = run(room, "--retry", ORDER)

    assert done.returncode == 0, done.stderr
    assert "retry" not in {each["action"] for each in waited(room)}
    wait_for(lambda: printed(room) == 2)


def waited(room: Room) -> list[dict[str, object]]:
    """What `today` asks for."""
    found = json.loads(room.do("today", "sosh-10", "--json").out)
    lines: list[dict[str, object]] = found["programmes"][0]["waiting_for"]
    return lines
