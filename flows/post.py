"""The outbox becomes letters: a file for each, with names, in the workspace's outbox folder.

A letter is posted under its key inside the transaction that makes it, and written afterwards; a repeated
delivery writes the same file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.office import Office
from flows.store import records
from flows.store.records import moment
from schemas.digests import digest_of_bytes
from schemas.messages import word
from tasks.documents import render_text


def deliver(office: Office, programme: records.Programme) -> list[Path]:
    """Write the programme's letters that are not written yet; returns their files."""
    with office.store.read() as view:
        letters = view.letters(programme, unsent=True)
        names = office.people(view).names(programme.school) if letters else {}
    written = []
    for letter in letters:
        body = json.loads(letter.body)
        if "said" in body:
            text = _said(body, names)
        else:
            template = office.bundle_file(programme.bundle, body["template"]).decode()
            text = render_text(template, body["context"], names, name=body["template"])
        written.append(_write(office.workspace.outbox, letter.key, body["to"], text))
        with office.store.write() as transaction:
            row = transaction.session.get_one(records.Letter, letter.key)
            row.sent_at = moment(datetime.now(UTC))
            transaction.session.add(row)
    return written


def _said(body: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A letter in words of the program's own, with names in place of codes."""
    about = f" ({names.get(body['about'], body['about'])})" if body["about"] else ""
    return word(
        body["said"], body["language"], name=names.get(body["to"], body["to"]), title=body["title"], about=about,
        due=date.fromisoformat(body["due"]), school=body["school"],
    )  # fmt: skip


def _write(folder: Path, key: str, code: str, text: str) -> Path:
    """One letter under a name made of its key and the addressee's code; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{code}-{digest_of_bytes(key.encode())[:12]}.txt"
    new = target.with_suffix(".new")
    new.write_text(text, "utf-8")
    os.replace(new, target)  # noqa: PTH105 -- also over a letter that was written before
    return target
