"""Word templates as `check` sees them: whether they can be opened and their tags read, by light means alone.

What a template takes from its data and what it may do is settled by `tasks.documents`, where it is filled in.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from schemas.messages import foreign
from schemas.problems import Location, Problem, problem

# What every template may name; `rows` only where one file is printed for several.
NAMES = frozenset(
    {"school", "year", "methodology", "date", "director", "curator", "forms", "row", "rows", "papers"}
)
MAX_PART = 50_000_000

_MAIN = "word/document.xml"
_PARTS = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_TAG = re.compile(r"{[{%].*?[%}]}", re.DOTALL)
_OF_DOCXTPL = re.compile(r"{%\s*(?:colspan|cellbg|hm|vm)\b.*?%}", re.DOTALL)  # become XML, not Jinja
_PLACED = re.compile(r"({[{%]-?)(?:p|tr|tc|r)\s")  # {%p if … %}: the whole paragraph gives way to the tag
_QUOTES = str.maketrans("“”‘’", "\"\"''")


@lru_cache(maxsize=64)  # every overlay reads the same templates anew
def template_problems(content: bytes, file: str) -> tuple[Problem, ...]:
    """Why a template can't be filled in: it is no DOCX or no text, or a tag in it can't be read."""
    if file.endswith(".txt"):
        try:
            return tuple(_tag_problems(content.decode("utf-8-sig"), file, lines=True))
        except UnicodeDecodeError:
            return (problem("Y03", Location(file), encoding="Windows-1251"),)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if any(each.file_size > MAX_PART for each in archive.infolist()):
                return (problem("N08", Location(file), limit=MAX_PART // 1_000_000),)
            archive.getinfo(_MAIN)
        texts = _texts(content)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, RuntimeError, EOFError, ValueError, KeyError):
        return (problem("N02", Location(file)),)
    return tuple(each for text in texts for each in _tag_problems(text, file))


def template_trees(content: bytes, file: str) -> list[Any]:
    """The parsed tags of a sound template, a tree for each part of it that holds text."""
    texts = (content.decode("utf-8-sig"),) if file.endswith(".txt") else _texts(content)
    return [_parsed(_readable(text)) for text in texts if _tagged(text)]


@lru_cache(64)
def _texts(content: bytes) -> tuple[str, ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return tuple(_text(archive.read(name)) for name in archive.namelist() if _PARTS.fullmatch(name))


def _text(part: bytes) -> str:
    """The text of a part, one paragraph a line."""
    if b"<!DOCTYPE" in part:  # never in a DOCX: it is there to blow a parser up
        raise ValueError
    pieces: list[str] = []
    shown: list[bool] = []  # whether the elements that are open here are text

    def start(name: str, _: object) -> None:
        shown.append(name == "w:t")
        if name == "w:p":
            pieces.append("\n")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: shown.pop()
    parser.CharacterDataHandler = lambda text: pieces.append(text) if shown[-1] else None
    parser.Parse(part, True)
    return "".join(pieces)


def _tag_problems(text: str, file: str, *, lines: bool = False) -> Iterator[Problem]:
    if not _tagged(text):
        return
    from jinja2 import TemplateSyntaxError

    from schemas.template_signs import offences

    readable = _readable(text)
    found: list[tuple[int, str, object]] = []
    try:
        found += [(line, "N04", what) for line, what in offences(_parsed(readable))]
    except TemplateSyntaxError as error:
        found.append((error.lineno, "N03", foreign(error.message or "")))
    except RecursionError:
        found.append((1, "N03", "(((("))
    for line, code, what in found:
        near = readable.split("\n")[line - 1].strip()[:80]
        at = Location(file, line, 1) if lines else Location(file)
        yield problem(code, at, what=what, near=near)


def _tagged(text: str) -> bool:
    return "{{" in text or "{%" in text


def _readable(text: str) -> str:
    """A text with the tags as Jinja reads them: plain quotes, nothing that Word adds."""
    plain = _TAG.sub(lambda tag: tag.group().translate(_QUOTES), _OF_DOCXTPL.sub("", text))
    return _PLACED.sub(r"\1 ", plain)


@lru_cache(64)
def _parsed(text: str) -> Any:
    from jinja2 import Environment

    return Environment().parse(text)
