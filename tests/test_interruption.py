"""Ctrl+C: the command ends at once, says how to go on, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import BaseModel, field_serializer
from workspaces import Room, new_room

from flows.server import alive
from flows.settings import Workspace

ROOT = Path(__file__).parent.parent


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return new_room(tmp_path / "workspace")


def _heed_interrupts() -> None:
    """As in a terminal: whoever runs the tests in the background of a shell hands on that they are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_command_says_how_to_go_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "database", property(stop))
    answer = room("status", "sosh-10")

    assert answer.code == 130
    assert answer.err == "Прервано. Запустите команду ещё раз: она продолжит с этого места.\n"


def test_an_interruption_inside_pydantic_is_one_too(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pydantic, which Prefect's settings go through, raises an error of its own in the place of Ctrl+C."""

    class Settings(BaseModel):
        name: str = ""

        @field_serializer("name")
        def stop(self, _: str) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "database", property(lambda _: Settings().model_dump()))

    assert room("status", "sosh-10").code == 130


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Windows signals otherwise")
@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_ctrl_c_in_a_terminal_ends_the_command_and_leaves_no_server(room: Room, seconds: float) -> None:
    """A terminal signals the whole process group; a moment after the server answers, and later."""
    command = [sys.executable, "-m", "flows.cli", "--workspace", str(room.folder), "run", "sosh-10"]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heed_interrupts,
        env={**os.environ, "NASTAVNIK_NOW": "2026-04-02T09:00:00+03:00", "PYTHONUTF8": "1"},
    )  # fmt: skip
    until = time.monotonic() + 120
    while (server := alive(Workspace(room.folder))) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (room.folder / "data").iterdir()}
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert (process.returncode, said.splitlines()[-1][:9]) == (130, "Прервано."), said
    assert "Traceback" not in said
    assert alive(Workspace(room.folder)) is None
    assert not Path(f"/proc/{server.pid}").exists()
    assert not [path for path, mode in modes.items() if mode & 0o077]
