"""Papers made from Word templates and notices made from text templates: same data, same bytes.

What a template may use: `schemas.word_templates.NAMES` of data, the filters of `schemas.template_signs.FILTERS`,
loops and conditions. A paper is rendered with codes; names are put in only when somebody prints it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from schemas.problems import InvalidDefinition, Location, Problem, problem
from tasks.papers import unsafe

if TYPE_CHECKING:
    from tasks.templates import Sandbox, Unfit

_WRITTEN = datetime(2020, 1, 1)  # the same for all: bytes must not tell when they were made
_PACKED = (2020, 1, 1, 0, 0, 0)
_FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_TAG = re.compile(r"<[^>]+>")


def prepare(values: Mapping[str, Any]) -> dict[str, Any]:
    """Render one document for each key, without names: what a `uses: document` task records."""
    template, name = base64.b64decode(values["template"]), values["template_name"]
    documents = {}
    for key, context in values["contexts"].items():
        content = render_docx(template, context, name=name)
        documents[key] = {
            "template": name,
            "template_digest": hashlib.sha256(template).hexdigest(),
            "data_digest": hashlib.sha256(_canonical(context)).hexdigest(),
            "docx_digest": hashlib.sha256(content).hexdigest(),
            "docx": base64.b64encode(content).decode("ascii"),
        }
    return {"documents": documents}


def render_docx(
    template: bytes, context: Mapping[str, Any], names: Mapping[str, str] | None = None, *, name: str = ""
) -> bytes:
    """Fill a Word template in; `names` are the names of codes, without them the codes stand."""
    from tasks.templates import filling, sandbox

    _refuse_unknown(template_names(template, name=name), context, name)
    data = filling(context, names)
    document = _open(template, name)
    title = _anonymous(document)
    with _told(name):
        document.render(data, sandbox(markup=True), autoescape=True)
    document.core_properties.title = title
    written = io.BytesIO()
    document.save(written)
    return _repacked(written)


def render_text(
    template: str, context: Mapping[str, Any], names: Mapping[str, str] | None = None, *, name: str = ""
) -> str:
    """Fill a text template in: a notice."""
    from tasks.templates import fill, filling, sandbox

    _refuse_unknown(text_names(template, name=name), context, name)
    data = filling(context, names)
    with _told(name):
        return fill(sandbox(markup=False), template, data)


def template_names(template: bytes, *, name: str = "") -> frozenset[str]:
    """The names that a Word template takes from its data; refused with all that is wrong in it."""
    return _template_names(template, name)


@lru_cache(32)
def _template_names(template: bytes, name: str) -> frozenset[str]:
    from tasks.templates import sandbox

    document = _open(template, name)
    with _told(name):
        return _examined(sandbox(markup=True), _sources(document), name, lines=False)


def text_names(template: str, *, name: str = "") -> frozenset[str]:
    """The names that a text template takes from its data; refused with all that is wrong in it."""
    from tasks.templates import sandbox

    return _examined(sandbox(markup=False), [template], name, lines=True)


# --- opening and checking ------------------------------------------------------------------------


def _open(template: bytes, name: str) -> Any:
    from docxtpl import DocxTemplate

    found = unsafe(template, Location(name))
    if found:
        raise InvalidDefinition([problem("N02", each.at) if each.code == "N05" else each for each in found])
    document = DocxTemplate(io.BytesIO(template))
    try:
        document.init_docx()
    except Exception:  # a broken package fails in python-docx in more ways than it names
        raise InvalidDefinition(problem("N02", Location(name))) from None
    return document


def _sources(document: Any) -> Iterator[str]:
    """The text of every part that docxtpl renders, one paragraph a line."""
    yield _lined(document.patch_xml(document.get_xml()))
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        for _, part in document.get_headers_footers(uri):
            yield _lined(document.patch_xml(document.get_part_xml(part)))
    for part in document.docx.part.package.parts:
        if part.content_type == _FOOTNOTES:
            yield _lined(document.patch_xml(part.blob.decode("utf-8")))


def _lined(source: str) -> str:
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", source)


def _examined(environment: Sandbox, sources: Iterable[str], name: str, *, lines: bool) -> frozenset[str]:
    from tasks.templates import read

    found: list[Problem] = []
    names: set[str] = set()
    for source in sources:
        _, used, faults = read(environment, source)
        found.extend(_problem(each, name, source, lines=lines) for each in faults)
        names |= used
    if found:
        raise InvalidDefinition(found)
    return frozenset(names)


def _problem(fault: Unfit, name: str, source: str, *, lines: bool) -> Problem:
    """A fault with its line; in a DOCX, which has no lines, its paragraph's text says where it is."""
    near = source.split("\n")[fault.line - 1] if 0 < fault.line <= source.count("\n") + 1 else ""
    near = html.unescape(_TAG.sub("", near)).strip()[:80]
    at = Location(name, fault.line, 1) if lines and fault.line else Location(name)
    return problem(fault.code, at, **fault.values, near=near)


def _refuse_unknown(used: Iterable[str], context: Mapping[str, Any], name: str) -> None:
    unknown = sorted(set(used) - set(context))
    if unknown:
        raise InvalidDefinition(problem("N01", Location(name), name=each) for each in unknown)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what went wrong with a template into a refusal, without the data it went wrong with."""
    from tasks.templates import Unfit

    try:
        yield
    except Unfit as fault:
        raise InvalidDefinition(_problem(fault, name, "", lines=False)) from None
    except (AttributeError, TypeError, ValueError, LookupError, SyntaxError):
        # A package that opens and still lacks what docxtpl counts on, such as the grid of a table.
        raise InvalidDefinition(problem("N02", Location(name))) from None


# --- the same bytes ------------------------------------------------------------------------------


def _anonymous(document: Any) -> str:
    """Empty the properties that would tell who wrote the template and when; returns its title."""
    properties = document.core_properties
    title = str(properties.title)
    for each in ("author", "last_modified_by", "comments", "identifier", "subject", "title", "keywords"):
        setattr(properties, each, "")
    properties.created = properties.modified = properties.last_printed = _WRITTEN
    properties.revision = 1
    return title


def _repacked(written: io.BytesIO) -> bytes:
    """The same parts, in order of name and with fixed times."""
    packed = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        # The list of types stands first: some programs look only there to tell what a file is.
        for part in sorted(source.namelist(), key=lambda each: (each != "[Content_Types].xml", each)):
            entry = zipfile.ZipInfo(part, _PACKED)
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o600 << 16,
            )
            target.writestr(entry, source.read(part))
    return packed.getvalue()


def _canonical(data: Any) -> bytes:
    return json.dumps(
        data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()
