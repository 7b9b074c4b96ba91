"""Conditions of the methodology: CEL, typed from the artefacts' schemas, evaluated on plain data.

The only module that imports CEL. At check time a condition is compiled against message types; at run time
against dynamic names, where a name without a value means *waiting*.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from cel_expr_python import cel

from schemas.message_types import MessageTypes

# Words that CEL keeps for itself; an id can't be one of them.
RESERVED = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "type",
        "var",
        "void",
        "while",
    }
)
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_IDENTIFIERS = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?!\w*\s*\()")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_MISSING_NAME = re.compile(r'No value with name "([^"]+)"')
_MISSING_KEY = re.compile(r'Key not found in map : "([^"]+)"')
_PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")


@dataclass(frozen=True, slots=True)
class Condition:
    """The text of a condition and the names that it looks at."""

    text: str
    names: frozenset[str] = field(compare=False, default=frozenset())

    @classmethod
    def of(cls, text: str) -> Condition:
        """A condition with its names found."""
        return cls(text, frozenset(_IDENTIFIERS.findall(_STRINGS.sub('""', text))) - RESERVED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """True, False, or None with the names that are waited for; a fault makes it False.

    `looked` holds the sides of its comparisons with the values they had.
    """

    holds: bool | None
    waiting: tuple[str, ...] = ()
    fault: str = ""
    detail: str = ""
    looked: tuple[tuple[str, Any], ...] = ()


# --- run time ------------------------------------------------------------------------------------


Watcher = Callable[[Condition, Verdict], None]
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextlib.contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Inside, tell each evaluated condition and its verdict to `watcher`."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def evaluate(condition: Condition, data: Mapping[str, Any]) -> Verdict:
    """Evaluate on plain JSON data; names absent from `data` are unknown, which means waiting."""
    verdict = _evaluate(condition, data)
    tell(condition, verdict)
    return verdict


def tell(condition: Condition, verdict: Verdict) -> None:
    """Tell whoever watches of a verdict, also one that was known before."""
    watcher = _watcher.get()
    if watcher:
        watcher(condition, verdict)


def _evaluate(condition: Condition, data: Mapping[str, Any]) -> Verdict:
    program = _program(condition.text, condition.names)
    if isinstance(program, str):
        return Verdict(False, fault="C07", detail=program)
    known = {name: data[name] for name in condition.names if name in data}
    try:
        value = program.eval(data=known)
    except RuntimeError as error:  # the library's budget of iterations is used up
        return Verdict(False, fault="C06" if "budget" in str(error) else "C07")
    kind = value.type()
    if kind == cel.Type.BOOL:
        return Verdict(bool(value.plain_value()))
    text = str(value.value())
    if missing := _MISSING_NAME.search(text):
        return Verdict(None, waiting=(missing.group(1),))
    if missing := _MISSING_KEY.search(text):
        return Verdict(False, fault="C05", detail=missing.group(1))
    return Verdict(False, fault="C07", detail=text.split("\n")[0][:200])


def looked_at(condition: Condition, data: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The sides of the condition's comparisons that are no constants, with their values."""
    seen: dict[str, Any] = {}
    for text, names in _sides(condition.text):
        program = _program(text, names)
        if not names or isinstance(program, str):
            continue
        with contextlib.suppress(RuntimeError):
            value = program.eval(data={name: data[name] for name in names if name in data})
            if value.type() != cel.Type.ERROR:
                seen[text] = _plain(value)
    return tuple(seen.items())


@cache
def _sides(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((side, Condition.of(side).names) for side in comparison_sides(text))


def comparison_sides(text: str) -> list[str]:
    """Split a condition at its outermost logical and comparison operators, outside brackets and texts."""
    masked = _STRINGS.sub(lambda found: '"' + "_" * (len(found.group()) - 2) + '"', text)
    parts, depth, start, index = [], 0, 0, 0
    while index < len(masked):
        character = masked[index]
        depth += (character in "([{") - (character in ")]}")
        operator = re.match(r"&&|\|\||[<>=!]=|[<>?:]|\bin\b", masked[index:]) if depth == 0 else None
        if operator and not (operator.group() == "in" and masked[index - 1 : index].strip(" ")):
            parts.append(text[start:index])
            index += len(operator.group())
            start = index
        else:
            index += 1
    parts.append(text[start:])
    return [part.strip().lstrip("!").strip() for part in parts if part.strip()]


def _plain(value: Any) -> Any:
    if hasattr(value, "plain_value"):
        value = value.plain_value()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _sum(numbers: Any) -> Any:
    return sum(_plain(list(numbers)))


def _sum_double(numbers: Any) -> float:
    return float(sum(_plain(list(numbers))))


def _share(part: Any, whole: Any) -> float:
    part, whole = _plain(part), _plain(whole)
    return float(part) / float(whole) if whole else 0.0


def _distinct(items: Any) -> list[Any]:
    return list(dict.fromkeys(_plain(list(items))))


def _flatten(lists: Any) -> list[Any]:
    return [item for each in _plain(list(lists)) for item in each]


def _lacking(wanted: Any, present: Any) -> list[Any]:
    there = set(_plain(list(present)))
    return [item for item in _plain(list(wanted)) if item not in there]


def _days(start: Any, end: Any) -> int:
    return (date.fromisoformat(_plain(end)) - date.fromisoformat(_plain(start))).days


@cache
def _functions(*, typed: bool) -> list[Any]:
    kind, overload = cel.Type, cel.Overload
    text, whole, real = kind.STRING, kind.INT, kind.DOUBLE
    shares = [
        overload(f"share_{a.name()}_{b.name()}", real, [a, b], impl=_share)
        for a in (whole, real)
        for b in (whole, real)
    ]
    if typed:
        scalars = (text, whole, real)
        lists = {
            "sum": [
                overload("sum_int", whole, [kind.List(whole)], impl=_sum),
                overload("sum_double", real, [kind.List(real)], impl=_sum_double),
            ],
            "distinct": [
                overload(f"distinct_{t.name()}", kind.List(t), [kind.List(t)], impl=_distinct)
                for t in scalars
            ],
            "flatten": [
                overload(f"flatten_{t.name()}", kind.List(t), [kind.List(kind.List(t))], impl=_flatten)
                for t in scalars
            ],
            "lacking": [
                overload(f"lacking_{t.name()}", kind.List(t), [kind.List(t), kind.List(t)], impl=_lacking)
                for t in scalars
            ],
        }
    else:
        any_list = kind.List(kind.DYN)
        lists = {
            "sum": [overload("sum_dyn", kind.DYN, [any_list], impl=_sum)],
            "distinct": [overload("distinct_dyn", any_list, [any_list], impl=_distinct)],
            "flatten": [overload("flatten_dyn", any_list, [any_list], impl=_flatten)],
            "lacking": [overload("lacking_dyn", any_list, [any_list, any_list], impl=_lacking)],
        }
    lists["share"] = shares
    lists["days"] = [overload("days_text", whole, [text, text], impl=_days)]
    return [cel.FunctionDecl(name, overloads) for name, overloads in lists.items()]


@cache
def _program(text: str, names: frozenset[str]) -> Any:
    """The compiled condition, or CEL's words where it does not compile."""
    env = _dynamic(names)
    try:
        return env.compile(text)
    except RuntimeError as error:
        return str(error).split("\n")[0][:200]


@cache
def _dynamic(names: frozenset[str]) -> Any:
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), functions=_functions(typed=False))


# --- check time ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A condition that does not compile: line and column (from 1) within its text, and CEL's words."""

    line: int
    column: int
    kind: str
    detail: str
    known: tuple[str, ...] = ()  # what there is instead of an unknown field


class Checker:
    """Compiles conditions against types."""

    def __init__(self, types: MessageTypes) -> None:
        self.types = types

    def check(self, condition: Condition, names: Mapping[str, str]) -> Mistyped | None:
        """The first thing that is wrong with a condition, or None; `names` maps names to types."""
        return self.check_all([(condition, names)])[0]

    def check_all(self, jobs: Sequence[tuple[Condition, Mapping[str, str]]]) -> list[Mistyped | None]:
        """What `check` says of each condition; an environment is dear, so all that agree share one."""
        scopes: list[dict[str, str | None]] = []
        chosen: list[dict[str, str | None]] = []
        for condition, names in jobs:
            # every word counts, also a field's: what the text may name means the same in its scope, or nothing
            meant = {word: names.get(word) for word in _WORDS.findall(condition.text)}
            for scope in scopes:
                if all(scope.get(word, kind) == kind for word, kind in meant.items()):
                    break
            else:
                scopes.append(scope := {})
            scope.update(meant)
            chosen.append(scope)
        envs = {id(scope): self._env(scope) for scope in scopes}
        return [
            self._mistyped(condition, envs[id(scope)])
            for (condition, _), scope in zip(jobs, chosen, strict=True)
        ]

    def _env(self, scope: Mapping[str, str | None]) -> Any:
        variables = {name: _cel_type(kind) for name, kind in scope.items() if kind is not None}
        functions = _functions(typed=True)
        return cel.NewEnv(descriptor_pool=self.types.pool, variables=variables, functions=functions)

    def _mistyped(self, condition: Condition, env: Any) -> Mistyped | None:
        try:
            compiled = env.compile(condition.text)
        except RuntimeError as error:
            return _type_error(str(error), self.types)
        kind = compiled.return_type()
        if kind not in (cel.Type.BOOL, cel.Type.DYN):
            return Mistyped(1, 1, "C03", kind.name())
        return None


def _cel_type(kind: str) -> Any:
    if kind.startswith("list:"):
        return cel.Type.List(_cel_type(kind.removeprefix("list:")))
    return {"string": cel.Type.STRING, "dyn": cel.Type.DYN}.get(kind) or cel.Type(kind)


def _type_error(text: str, types: MessageTypes) -> Mistyped:
    found = _PLACE.search(text)
    if not found:
        return Mistyped(1, 1, "C01", text.split("\n")[0][:200])
    line, column, words = int(found.group(1)), int(found.group(2)), found.group(3)
    if name := re.search(r"undeclared reference to '([^']+)'", words):
        before = name.group(1).rpartition(".")[0]  # CEL points at the dot behind an unknown name
        return Mistyped(line, column - len(before), "C02", name.group(1))
    if name := re.search(r"undefined field '([^']+)'(?: not found in struct '([^']+)')?", words):
        return Mistyped(line, column, "C04", name.group(1), types.fields(name.group(2) or ""))
    if name := re.search(r"found no matching overload for '([^']+)' applied to '([^']+)'", words):
        operator = name.group(1).strip("_").replace("_", "")
        return Mistyped(line, column, "C08", f"{operator} {name.group(2)}".replace("art.", ""))
    return Mistyped(line, column, "C01", words.removeprefix("Syntax error: "))
