"""Files named by their sha256: written whole or not at all, checked at every reading."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from schemas.digests import digest_of_bytes
from schemas.problems import Refusal, problem


class Files:
    """A folder of immutable files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where a file lies."""
        return self.folder / digest[:2] / digest

    def put(self, content: bytes) -> str:
        """Store a file and return its digest; on return it is on disk under its final name."""
        digest = digest_of_bytes(content)
        target = self.path(digest)
        if target.exists():
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)  # noqa: PTH105 -- the temporary name is a text
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        _sync(target.parent)
        _sync(self.folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Read a file; a damaged or missing one is refused, never returned."""
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise Refusal(problem("V02", digest=digest)) from None
        if digest_of_bytes(content) != digest:
            raise Refusal(problem("V03", digest=digest))
        return content

    def has(self, digest: str) -> bool:
        """Whether there is such a file."""
        return self.path(digest).is_file()

    def digests(self) -> Iterator[str]:
        """Names of all files."""
        for path in sorted(self.folder.glob("??/*")):
            if not path.name.startswith("."):
                yield path.name


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows has no fsync of a folder; its rename is durable with the file's own flush
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
