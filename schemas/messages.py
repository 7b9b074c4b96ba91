"""What the program says: texts by code and language, kept as data in `schemas/messages/`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from schemas.problems import Location, Problem, problem

LANGUAGES = ("ru", "en")
_FOLDER = Path(__file__).parent / "messages"
_ENTRIES = re.compile(r"^(?=[^ #\n])", re.MULTILINE)
_KEY = re.compile(r"""'(?:[^'\n]|'')*'|"[^"\n]*"|[^#:\n][^:\n]*""")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is a text


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means: the message's two halves and a pair of examples."""

    code: str
    what: str
    do: str
    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class Said:
    """A value of a message that is itself a text in two languages."""

    name: str
    values: Mapping[str, object]


def said(name: str, /, **values: object) -> Said:
    """Make a Said."""
    return Said(name, values)


class _Texts(Mapping[str, Any]):
    """A file of texts, whose entries are parsed when they are asked for: a command says few of them."""

    def __init__(self, source: str) -> None:
        self._sources: dict[str, str] = {}
        for entry in _ENTRIES.split(source):
            if key := _KEY.match(entry):
                quoted = entry[0] in "'\""
                self._sources[str(_parsed(key[0])) if quoted else key[0]] = entry
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            ((_, self._read[name]),) = _parsed(self._sources[name]).items()
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _parsed(source: str) -> Any:
    return yaml.load(source, Loader=_LOADER)


@cache
def texts(name: str) -> Mapping[str, Any]:
    """The texts of `schemas/messages/<name>.yaml` by their names, read once."""
    return _Texts((_FOLDER / f"{name}.yaml").read_text("utf-8"))


@cache
def codes() -> list[str]:
    """All problem codes, in order."""
    return sorted(texts("problems"))


def explanation(code: str, language: str = "ru") -> Explanation | None:
    """What `explain CODE` shows, or None for an unknown code."""
    entry = texts("problems").get(code)
    if entry is None:
        return None
    what, do = (_unfilled(text, language) for text in entry[language])
    return Explanation(code, what, do, entry["bad"], entry["good"])


def _unfilled(text: str, language: str) -> str:
    """A text of a message without its values; one that is nothing but a value stands in the message itself."""
    if re.fullmatch(r"{\w+}", text):
        return word("explain_told", language)
    return re.sub(r"{\w+}", "…", text).replace("{{", "{").replace("}}", "}")


def message(problem: Problem, language: str = "ru") -> str:
    """`what is wrong; what to write instead`, without place and code."""
    what, do = texts("problems")[problem.code][language]
    values = {name: in_words(value, language) for name, value in problem.values.items()}
    text = what.format_map(values)
    return f"{text}; {do.format_map(values)}" if do else text


def is_warning(problem: Problem) -> bool:
    """Whether a problem only warns: what it tells of works, and is hardly meant."""
    return bool(texts("problems")[problem.code].get("severity") == "warning")


def line(problem: Problem, language: str = "ru") -> str:
    """`file:line:column: what is wrong; what to write instead [CODE]`."""
    place = str(problem.at)
    warning = f"{word('warning', language)}: " if is_warning(problem) else ""
    return f"{place + ': ' if place else ''}{warning}{message(problem, language)} [{problem.code}]"


def word(name: str, language: str = "ru", /, **values: object) -> str:
    """A text of the talk by its name; `values` fill its placeholders."""
    shown = {key: in_words(value, language) for key, value in values.items()}
    return str(texts("words")[name][language]).format_map(shown)


def has_word(name: str) -> bool:
    """Whether the talk knows this name."""
    return name in texts("words")


def tell(file: str, name: str, language: str = "ru", /, **values: object) -> str:
    """A text of a file of messages by its name; numbers stand in it as the language writes them."""
    shown = {
        key: number(value, language) if isinstance(value, float | Fraction) else value
        for key, value in values.items()
    }
    return str(texts(file)[name][language]).format_map(shown)


def number(value: float | Fraction, language: str = "ru", digits: int = 2) -> str:
    """A number rounded for reading: no empty digits, a real minus, in Russian a comma."""
    rounded = f"{float(value):.{digits}f}"
    shown = (rounded.rstrip("0").rstrip(".") if "." in rounded else rounded).replace("-", "−")
    return "0" if shown == "−0" else shown.replace(".", ",") if language == "ru" else shown


def in_words(value: object, language: str) -> object:
    """A value of a message as people of a language read it."""
    if isinstance(value, Said):
        return word(value.name, language, **value.values)
    if isinstance(value, Problem):
        return message(value, language)
    if isinstance(value, list | tuple):
        return ", ".join(str(in_words(each, language)) for each in value)
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}" if language == "ru" else value.isoformat()
    if isinstance(value, Mapping) and language in value:
        return value[language]
    return value


def foreign(words: str) -> Mapping[str, str]:
    """The words of a parser that is not ours; the usual ones are put into Russian."""
    for pattern, russian in texts("parsers").items():
        if found := re.fullmatch(pattern, words):
            return {"ru": found.expand(russian), "en": words}
    return {"ru": words, "en": words}


# Cyrillic letters that look like Latin ones: the usual reason for a name that "is right" and is not.
LOOKALIKES = str.maketrans("аеорсухкмтвнАЕОРСУХКМТВН", "aeopcyxkmtbhAEOPCYXKMTBH")
_LOOKALIKES_BACK = str.maketrans("aeopcyxkmtbhAEOPCYXKMTBH", "аеорсухкмтвнАЕОРСУХКМТВН")
# What the keys of the Russian layout give in the Latin one, and back.
LAYOUT = str.maketrans(
    "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~",
)
_LAYOUT_BACK = str.maketrans({value: chr(key) for key, value in ((k, chr(v)) for k, v in LAYOUT.items())})


def hint(name: str, known: Iterable[str]) -> Said:
    """Advice beside an unknown name: the nearest known one, or what there is."""
    names = sorted(known)
    for table, advice in (
        (LOOKALIKES, "nearest_cyrillic"), (_LOOKALIKES_BACK, "nearest_latin"),
        (LAYOUT, "nearest_layout"), (_LAYOUT_BACK, "nearest_layout"),
    ):  # fmt: skip
        plain = name.translate(table)
        if plain != name and plain in names:
            return said(advice, name=plain)
    for same in (_slug, sorted):  # capitals and dashes; letters in another order
        alike = [each for each in names if same(each) == same(name)]
        if alike:
            return said("nearest", name=alike[0])
    beside = [each for each in names if each.startswith(f"{name.partition('/')[0]}/")]  # in the same stage
    if "/" not in name:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    else:  # the stage that two paths share makes them look alike: the rest of them decides
        close = _alike(name, beside, 0.7) or _alike(name, names, 1 if beside else 0.7)
    if close:
        return said("nearest", name=close[0])
    names = beside or names  # the stage is right, so what is in it
    return said("nearest_none", known=cut(names, 20)) if names else said("nearest_nothing")


def _alike(path: str, paths: Sequence[str], cutoff: float) -> list[str]:
    """The path that is likest, if any, of those whose last step is like this one's."""
    last = {each: each.rpartition("/")[2] for each in paths}
    similar = difflib.get_close_matches(path.rpartition("/")[2], last.values(), n=3, cutoff=cutoff)
    return difflib.get_close_matches(path, [each for each in paths if last[each] in similar], n=1, cutoff=0)


def _slug(name: str) -> str:
    """A name without what is easily mistaken in it: capitals, dashes, spaces."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def cut(names: Sequence[str], most: int) -> list[str]:
    """The first of several names; a list that goes on ends with an ellipsis."""
    return [*names[:most], "…"] if len(names) > most else list(names)


def unknown(at: Location, kind: str, name: str, known: Iterable[str]) -> Problem:
    """Problem R02: a name that means nothing, with the nearest one that does."""
    return problem("R02", at, kind=said(f"kind_{kind}"), name=name, nearest=hint(name, known))
