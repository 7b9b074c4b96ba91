"""Small changes to files, written as a change is read: what goes, what comes, and the lines that stay between."""

from __future__ import annotations

from collections.abc import Iterator


def changed(content: dict[str, bytes], text: str) -> dict[str, bytes]:
    """Files after the changes of a text.

    A line that begins with none of `-`, `+` and a space names a file. Lines with `-` stand in it and go, those with
    `+` come, those with a space stay; only `+` adds to the file's end. A blank line parts two changes.
    """
    found = dict(content)
    for name, old, new in _changes(text):
        before = found.get(name, b"").decode("utf-8")
        if not old:
            found[name] = (before + new).encode()
            continue
        if before.count(old) != 1:
            raise ValueError(f"{name} holds {before.count(old)} times, not once:\n{old}")
        found[name] = before.replace(old, new).encode()
    return found


def _changes(text: str) -> Iterator[tuple[str, str, str]]:
    name = ""
    for block in text.strip("\n").split("\n\n"):
        old = new = ""
        for line in block.split("\n"):
            sign, rest = line[:1], line[2:] + "\n"
            if sign not in ("-", "+", " "):
                name = line.strip()
            old += rest if sign in "- " else ""
            new += rest if sign in "+ " else ""
        yield name, old, new
