"""The task kind `form`: somebody hands something in. The engine helps with a form that is filled in already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def prefill(values: Mapping[str, Any]) -> dict[str, Any]:
    """A form filled in with what is there and what is proposed beside it.

    `values` holds `current` and `proposed` (documents of one schema, or None), `key` (the field that tells rows
    apart) and `keep` (keys of the current rows that stay). A proposed row takes the place of one with its key.
    """
    current, proposed = values.get("current") or {}, values.get("proposed") or {}
    key, keep = values["key"], set(values.get("keep", ()))
    found = {**current, **proposed}
    for name, rows in found.items():
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            continue
        new = proposed.get(name, [])
        taken = {row.get(key) for row in new}
        old = [row for row in current.get(name, []) if row.get(key) not in taken]
        if name == "rows":
            old = [row for row in old if row.get(key) in keep]
        found[name] = [*old, *new]
    return found
