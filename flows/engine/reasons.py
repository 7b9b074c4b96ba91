"""Why something is as it is: a code that the talk has words for, its values, and what is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.messages import Said


@dataclass(frozen=True)
class Reason:
    """A node of the reason tree; `item` is the path that it speaks of."""

    code: str
    item: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    because: tuple[Reason, ...] = ()


def reason(code: str, item: str = "", /, *, because: tuple[Reason, ...] = (), **values: Any) -> Reason:
    """Make a Reason."""
    return Reason(code, item, values, because)


def place(path: str, key: str = "") -> str:
    """`stage/item` or `stage/item/key`."""
    return f"{path}/{key}" if key else path


def parted(item: str) -> tuple[str, str]:
    """`stage/item/key` as its path and its key, empty where there is none."""
    stage, name, *key = item.split("/")
    return f"{stage}/{name}", key[0] if key else ""


def said_of(why: Reason) -> Said:
    """A reason as a text in two languages, without what lies behind it."""
    values = dict(why.values)
    if isinstance(values.get("keys"), list):
        values["keys"] = short(values["keys"])
    return Said(f"why_{why.code}", values)


def short(keys: list[str], limit: int = 6) -> str:
    """Keys after a colon, the first few of many; nothing where there are none."""
    if not any(keys):
        return ""
    rest = f" … (+{len(keys) - limit})" if len(keys) > limit else ""
    return ": " + ", ".join(keys[:limit]) + rest
