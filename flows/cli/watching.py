"""Doing something again whenever a file changes, until Ctrl+C."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from flows.cli import talk

SECONDS = 0.3  # between two looks: at once for a person, nothing for the machine

Stamps = dict[str, tuple[int, int]]


def stamps(folders: Iterable[Path]) -> Stamps:
    """When each file under some folders was written, and how long it is; hidden ones are left out."""
    found: Stamps = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if any(part.startswith(".") for part in path.relative_to(folder).parts):
                continue
            with contextlib.suppress(OSError):  # gone between two looks: an editor saves by renaming
                stat = path.stat()
                if path.is_file():
                    found[str(path)] = (stat.st_mtime_ns, stat.st_size)
    return found


def watch(folders: Sequence[Path], do: Callable[[], object]) -> int:
    """Do it now and after every change in one of the folders; 0 when interrupted, which is how it ends."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            before = stamps(folders)
            _clear()
            talk.say("watch_time", time=time.strftime("%H:%M:%S"), folder=folders[0])
            with contextlib.suppress(FileNotFoundError):  # saved just now: the next look sees it whole
                do()
            sys.stdout.flush()
            while stamps(folders) == before:
                time.sleep(SECONDS)
    talk.say("watch_ends")
    return 0


def _clear() -> None:
    if sys.stdout.isatty():
        from rich.console import Console

        Console().clear()  # also where a console of Windows knows no escapes
