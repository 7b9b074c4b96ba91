"""`check --watch`: a change of a file is answered by a new check, until Ctrl+C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from play import SMALL

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


@pytest.fixture
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The command as it is typed; everything that it says in one stream."""
    command = [sys.executable, "-u", "-m", "flows.cli", "check", str(folder), "--watch"]
    found = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"}, preexec_fn=_heed_interrupts,
    )  # fmt: skip
    yield found
    found.kill()
    found.wait()


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background of a shell


def heard(process: subprocess.Popen[str], word: str) -> list[str]:
    """The lines up to the one with a word in it; the test's own time limit ends a silence."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(lines)


@pytest.mark.timeout(90)  # a silence is told soon
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Windows signals otherwise")
def test_each_change_is_answered(folder: Path, process: subprocess.Popen[str]) -> None:
    """Broken, mended, a file more: each is seen, and Ctrl+C is the way to end."""
    stage, more = folder / "stages" / "start.yaml", folder / "stages" / "more.yaml"
    right = stage.read_text("utf-8")
    heard(process, "Замечаний нет")

    stage.write_text(right.replace("title:", "titel:", 1), "utf-8")
    told = heard(process, "Замечаний:")
    assert [line for line in told if "start.yaml" in line and "titel" in line]

    new = stage.with_suffix(".new")
    new.write_text(right, "utf-8")
    new.replace(stage)  # as editors save
    heard(process, "Замечаний нет")

    more.write_text("dsl: stage/v1\nid: more\ntitle: Ещё\n", "utf-8")
    heard(process, "[R85]")
    more.unlink()
    heard(process, "Замечаний нет")

    overlay = folder.parent / "schools" / "one" / "overlay.yaml"
    overlay.parent.mkdir(parents=True)
    overlay.write_text("dsl: overlay/v1\nid: one\nversion: '1'\nextends: [small@1.0]\nsett: {}\n", "utf-8")
    told = heard(process, "Замечаний:")
    assert [line for line in told if "overlay.yaml" in line and "sett" in line]

    process.send_signal(signal.SIGINT)
    heard(process, "Проверка закончена.")
    assert process.wait(timeout=30) == 0
