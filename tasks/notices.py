"""The task kind `notice`: a letter for each of several people, made ready in the outbox with codes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.digests import digest_of_bytes


def write(values: Mapping[str, Any]) -> dict[str, Any]:
    """The notice of each key: which text went to whom.

    `values`: `template` (the text), `template_name`, `contexts` (key → data, codes only), `to` (key → codes).
    The text is rendered once without names, so that a broken template fails here and not at the door.
    """
    from tasks.documents import render_text

    found = {}
    for key, context in values["contexts"].items():
        render_text(values["template"], context, name=values["template_name"])
        found[key] = {
            "template": values["template_name"],
            "template_digest": digest_of_bytes(values["template"].encode()),
            "to": list(values["to"][key]),
        }
    return found
