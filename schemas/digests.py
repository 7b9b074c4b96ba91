"""Digests: sha256 of bytes, and of JSON data in its one canonical form."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8: equal data give equal bytes."""
    return json.dumps(
        data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest_of_bytes(content: bytes) -> str:
    """sha256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest(data: Any) -> str:
    """sha256 of the canonical form of JSON data."""
    return digest_of_bytes(canonical(data))
