"""The sandbox in which templates run: plain data, a closed list of filters, no calls, counted loops.

Jinja's own sandbox keeps a template from Python's insides; the rules here also keep it from
calling anything, from growing without end, and from passing over a name that is not there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from datetime import date
from functools import cache, lru_cache
from typing import Any
from xml.parsers import expat

from jinja2 import Template, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as ALL_TESTS

from schemas.messages import foreign
from schemas.template_signs import BUILT_IN, TESTS, offences

MAX_ROUNDS = 1_000_000
MAX_OUTPUT = 32_000_000
MAX_DEPTH = 64
DASH = "—"

_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})
# What XML 1.0 can't hold: a pasted vertical tab would make the whole document unreadable.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unfit(Exception):
    """What is wrong with a template: the code of its problem, its line, and the message's values."""

    def __init__(self, code: str, line: int = 0, **values: object) -> None:
        self.code, self.line, self.values = code, line, values
        super().__init__(code)


class Missing(Undefined):
    """A value that is not there: `if` and `default` may ask about it, nothing may use it."""

    __slots__ = ()
    __iter__ = __str__ = __len__ = __contains__ = Undefined._fail_with_undefined_error


# --- data ----------------------------------------------------------------------------------------


def plain(value: Any, depth: int = 0) -> Any:
    """A copy of plain JSON data, without the characters that no document can hold.

    Subclasses are refused too: a str that calls itself safe would not be escaped.
    """
    kind = type(value)
    if depth > MAX_DEPTH:
        raise TypeError("a template's data are nested too deep")
    if kind is str:
        return _NO_XML.sub("\ufffd", value)
    if value is None or kind in (bool, int) or (kind is float and math.isfinite(value)):
        return value
    if kind is list:
        return [plain(each, depth + 1) for each in value]
    if kind is dict and all(type(key) is str for key in value):
        return {plain(key): plain(each, depth + 1) for key, each in value.items()}
    raise TypeError(f"a template's data are plain JSON, not {kind.__name__}")


def _text(value: Any) -> Any:
    """What stands on paper for a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() else f"{value:.10g}").replace(".", ",")
    if isinstance(value, str | int | Undefined):
        return value
    raise Unfit("N09", what=type(value).__name__)


# --- filters -------------------------------------------------------------------------------------


def _empty(value: Any) -> bool:
    return isinstance(value, Undefined) or value is None or value == ""


def _default(value: Any, other: Any = DASH, boolean: bool = False) -> Any:
    # Unlike Jinja's: None and "" are holes on paper too, and 0 is not.
    return other if _empty(value) or (boolean and not value) else value


def _blank(value: Any, width: int = 20) -> Any:
    return "_" * min(width, 100) if _empty(value) else value


def _join(value: Iterable[Any], separator: str = "") -> str:
    texts = [str(_text(each)) for each in value]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_OUTPUT:
        raise Unfit("N04", what="|join")
    return separator.join(texts)


def _percent(value: Any) -> Any:
    if _empty(value) or isinstance(value, str):
        return value
    return f"{_text(round(float(value) * 100, 1))}\u00a0%"


def _ru_date(value: Any) -> Any:
    try:
        return f"{date.fromisoformat(value[:10]):%d.%m.%Y}" if isinstance(value, str) else value
    except ValueError:
        return value


def _items(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


@pass_context
def _person(context: Context, code: Any) -> Any:
    return code if _empty(code) else context["_names"].get(code, code)


@pass_context
def _people(context: Context, codes: Any) -> Any:
    if _empty(codes) or isinstance(codes, str):
        return _person(context, codes)
    return _join([_person(context, code) for code in codes], ", ")


@pass_context
def _form_title(context: Context, form: Any) -> Any:
    return form if _empty(form) else context.get("forms", {}).get(form, form)


@pass_context
def _counted(context: Context, value: Iterable[Any]) -> Iterator[Any]:
    rounds: list[int] = context["_rounds"]
    for each in value:
        rounds[0] += 1
        if rounds[0] > MAX_ROUNDS:
            raise Unfit("N04", what="{% for %}")
        yield each


_OURS: Mapping[str, Callable[..., Any]] = {
    "default": _default, "d": _default, "blank": _blank, "join": _join, "percent": _percent, "items": _items,
    "ru_date": _ru_date, "person": _person, "people": _people, "form_title": _form_title,
}  # fmt: skip


# --- the environment -----------------------------------------------------------------------------


class _Limited(Template):
    """A compiled template whose result has a limit, and whose faults are all told as Unfit."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Fill the template in."""
        try:
            text = "".join(_limited(self.generate(*args, **kwargs)))
            if self.environment.autoescape and text.startswith("<"):
                expat.ParserCreate().Parse(text, True)  # docxtpl would mend broken XML by guessing
        except UndefinedError as error:
            raise Unfit("N01", name=error.message or "") from None
        except expat.ExpatError:
            raise Unfit("N03", what="XML") from None
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise Unfit("N09", what=type(error).__name__) from None  # its words may hold a person's name
        return text


def _limited(parts: Iterable[str]) -> Iterator[str]:
    size = 0
    for part in parts:
        size += len(part)
        if size > MAX_OUTPUT:
            raise Unfit("N04", what=f"> {MAX_OUTPUT // 1_000_000} MB")
        yield part


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with keys instead of attributes, no calls, numbers only in arithmetic."""

    template_class = _Limited
    intercepted_binops = _OPERATORS

    def __init__(self, *, markup: bool) -> None:
        super().__init__(
            autoescape=markup,
            undefined=Missing,
            finalize=_text,
            trim_blocks=not markup,
            lstrip_blocks=not markup,
            keep_trailing_newline=True,
        )
        self.globals.clear()
        self.filters = {name: FILTERS[name] for name in BUILT_IN} | dict(_OURS) | {"_counted": _counted}
        self.tests = {name: ALL_TESTS[name] for name in TESTS}
        self._compiled = lru_cache(64)(self._compile_checked)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of a map: data have no attributes."""
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The value under a key or a number, or Missing."""
        if isinstance(obj, Missing):
            return Missing(f"{obj._undefined_message}.{argument}")
        if obj is None:
            return Missing(str(argument))
        if type(obj) is dict:
            return obj[argument] if argument in obj else Missing(str(argument))
        if isinstance(obj, list | tuple | str) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else Missing(f"[{argument}]")
        raise Unfit("N04", what=f".{argument}")

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing is: what a template needs is a filter."""
        return False

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Count with numbers; a text times a number could fill the memory."""
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises, with its name
            if not isinstance(side, int | float) or abs(side) > 1e15:
                raise Unfit("N04", what=operator)
        return super().call_binop(context, operator, left, right)

    def from_string(
        self,
        source: str | nodes.Template,
        globals: MutableMapping[str, Any] | None = None,
        template_class: type[Template] | None = None,
    ) -> Template:
        """Compile a text that keeps the rules; the same text is compiled once."""
        if not isinstance(source, str):
            raise TypeError("a sandboxed template is compiled from its text only")
        return self._compiled(source)

    def _compile_checked(self, source: str) -> Template:
        tree, _, faults = read(self, source)
        if tree is None or faults:
            raise faults[0]
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
        for choice in tree.find_all(nodes.CondExpr):
            choice.expr2 = choice.expr2 or nodes.Const("", lineno=choice.lineno)
        return super().from_string(tree)


@cache
def sandbox(*, markup: bool) -> Sandbox:
    """The environment for DOCX (`markup`: values are escaped) or for plain text."""
    return Sandbox(markup=markup)


def read(environment: Sandbox, source: str) -> tuple[nodes.Template | None, set[str], list[Unfit]]:
    """Parse a template: the names that it takes from its data, and everything that is not allowed in it."""
    names: set[str] = set()
    try:
        tree = environment.parse(source)
        faults = [Unfit("N04", line, what=what) for line, what in offences(tree)]
        if not faults:
            names = meta.find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        return None, names, [Unfit("N03", error.lineno, what=foreign(error.message or ""))]
    except RecursionError:
        return None, names, [Unfit("N03", what="((((")]
    return tree, names, faults


def fill(environment: Sandbox, source: str, data: Mapping[str, Any]) -> str:
    """Render a text with data made by `filling`."""
    return environment.from_string(source).render(data)


def filling(context: Mapping[str, Any], names: Mapping[str, str] | None) -> dict[str, Any]:
    """The data of one rendering: a copy of the context, and what the filters look up."""
    return {**plain(dict(context)), "_names": plain(dict(names or {})), "_rounds": [0]}
