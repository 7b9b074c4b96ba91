"""Runs one function of the catalogue in a process of its own: JSON in on stdin, JSON out on stdout.

A parent can kill it, whatever it hangs in: a C call does not listen to an exception.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from schemas.problems import Refusal
from tasks.catalogue import function

MEMORY = 4 << 30  # bytes of address space; OR-tools alone maps over one


class ChildFailed(Exception):
    """The child ended without an answer: `args[0]` is a code, `timeout` or `killed` among them."""


def call(kind: str, values: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Execute a kind in a child process within `seconds`; raises ChildFailed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tasks.child", kind, str(int(seconds) + 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUTF8": "1"},
        start_new_session=True,  # Ctrl+C is for the command: a task that it hits would be an incident
    )
    try:
        answer, _ = child.communicate(json.dumps(values, ensure_ascii=False).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ChildFailed("timeout") from None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if child.returncode not in (0, 3):
        raise ChildFailed("killed")
    result: dict[str, Any] = json.loads(answer)
    if child.returncode == 3:
        raise ChildFailed(result["code"])
    return result


def _limit(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's timeout is the only limit
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> int:
    """Answer one call; exit 3 with a code where the function refuses."""
    kind, seconds = sys.argv[1], int(sys.argv[2])
    _limit(seconds)
    values = json.loads(sys.stdin.buffer.read())
    try:
        result, status = function(kind)(values), 0
    except Refusal as refusal:
        result, status = {"code": refusal.problems[0].code}, 3
    sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False).encode())
    return status


if __name__ == "__main__":
    sys.exit(main())
