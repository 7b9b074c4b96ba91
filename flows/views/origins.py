"""Where each value of a resolved definition comes from: the methodology, or an overlay on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.judge import dotted
from schemas.layers import ABSENT
from schemas.messages import word
from schemas.reader import Reading
from schemas.sources import Pointer
from schemas.validation import written


def text(reading: Reading, language: str) -> str:
    """What the overlays change, line by line, and on which line each says so; nothing where there are none."""
    lines: list[str] = []
    for layer in reading.layers:
        title = layer.source.data.get("title", layer.source.data["id"])
        lines += ["", word("show_overlay", language, title=title, name=layer.name)]
        for each in layer.judgements:
            change = each.change
            values = {
                "path": dotted(change.path),
                "before": _short(change.before),
                "after": _short(change.after),
                "place": layer.source.at(change.at),
            }
            name = "added" if change.before is ABSENT else "removed" if change.after is ABSENT else "changed"
            lines.append("   " + word(f"show_{name}", language, **values))
    return "\n" + "\n".join(lines) if lines else ""


def as_json(reading: Reading) -> dict[str, dict[str, str]]:
    """For every value of the resolved definition who says it and where; empty where no overlay lies on it."""
    if not reading.layers:
        return {}
    document = reading.layers[-1].after
    names = {id(layer.source): layer.name for layer in reading.layers}
    base = f"{document.data['id']}@{document.data['version']}"
    found = {}
    for path in _leaves(document.data, ()):
        source, _ = document.origin(path)
        found[dotted(path)] = {"from": names.get(id(source), base), "at": str(document.at(path))}
    return found


def _leaves(data: Any, path: Pointer) -> Iterator[Pointer]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path


def _short(value: Any) -> str:
    text = "" if value is ABSENT else written(value)
    return text if len(text) <= 80 else text[:79] + "…"
