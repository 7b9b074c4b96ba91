"""What people read: in the language of the methodology, not empty, and told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.problems import Problem, problem
from schemas.rules.sources import Sources
from schemas.sources import Pointer, Source

_READ = {"title", "message", "ask", "why", "low", "high"}
_CYRILLIC, _LATIN = re.compile("[а-яёА-ЯЁ]"), re.compile("[a-zA-Z]")
_WORD = re.compile("[a-zA-Zа-яёА-ЯЁ]+")
_FEWEST = 6  # letters: "SWOT" or "Moodle" alone is a name, not another language


def text_problems(sources: Sources) -> Iterator[Problem]:
    """Every text that nobody can read and every two that nobody can tell apart."""
    language = sources.methodology.data["language"]
    for source in (sources.methodology, *sources.stages.values(), *sources.surveys.values()):
        for pointer, text in _texts(source.data, ()):
            yield from _text(source, pointer, text, language)
    method = sources.methodology
    for group in ("roles", "registers", "forms", "indicators"):
        yield from _same(method, (group,), method.data.get(group, {}))
    for source in sources.stages.values():
        for group in ("artefacts", "checkpoints"):
            yield from _same(source, (group,), source.data.get(group, {}))
        for name, gate in source.data.get("checkpoints", {}).items():
            yield from _same(source, ("checkpoints", name, "on_return"), gate.get("on_return", {}))
    titles: dict[str, str] = {}
    for name, source in sources.stages.items():
        other = titles.setdefault(str(source.data["title"]), name)
        if other != name:
            yield problem("R56", source.at(("title",)), title=source.data["title"], other=other)


def _texts(node: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _texts(each, (*pointer, index))
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _READ and isinstance(value, str):
                yield (*pointer, key), value
            elif key != "overlay" and not str(key).startswith(("x-", "x_")):
                yield from _texts(value, (*pointer, key))


def _text(source: Source, pointer: Pointer, text: str, language: str) -> Iterator[Problem]:
    if not text.strip():
        yield problem("R65", source.at(pointer), key=pointer[-1])
        return
    mixed = next((word for word in _WORD.findall(text) if _CYRILLIC.search(word) and _LATIN.search(word)), "")
    if mixed:
        yield problem("R64", source.at(pointer), word=mixed, letters="".join(_fewer(mixed)))
        return
    own, other = (_CYRILLIC, _LATIN) if language == "ru" else (_LATIN, _CYRILLIC)
    if not own.search(text) and len(other.findall(text)) >= _FEWEST:
        yield problem("R63", source.at(pointer), text=text[:60], language=language)


def _fewer(word: str) -> list[str]:
    """The letters of a word that are of the other alphabet than most."""
    cyrillic, latin = _CYRILLIC.findall(word), _LATIN.findall(word)
    return list(dict.fromkeys(latin if len(latin) <= len(cyrillic) else cyrillic))


def _same(source: Source, here: Pointer, entries: dict[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, entry in entries.items():
        title = str(entry.get("title", name)).casefold().strip()
        other = seen.setdefault(title, name)
        if other != name:
            yield problem("R56", source.at((*here, name, "title")), title=entry["title"], other=other)
