"""Processes that hold a lease: told apart from later ones with the same number."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def owner() -> str:
    """This process, told apart from a later one with the same number."""
    return f"{socket.gethostname()}:{os.getpid()}:{born(os.getpid())}"


def dead(name: str) -> bool:
    """Whether the owner of that name is known to have ended."""
    host, number, began = name.rsplit(":", 2)
    if host != socket.gethostname() or not Path("/proc/self/stat").exists():
        return False  # of another machine, or where a process cannot be told: wait for the lease to run out
    return born(int(number)) != began


def born(number: int) -> str:
    """When a process began, as its system counts it; empty for one that is not there or cannot be told."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[19]
