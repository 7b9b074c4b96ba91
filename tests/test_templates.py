"""The sandbox of templates: what a template may use, and what it may not."""

from typing import Any

import pytest

from schemas.problems import InvalidDefinition
from schemas.template_signs import FILTERS
from tasks.documents import render_text, text_names
from tasks.templates import sandbox

FORMS = {"pupil_pupil": "ученик – ученик"}


def codes(refusal: pytest.ExceptionInfo[InvalidDefinition]) -> list[str]:
    """The codes of a refusal's problems."""
    return [each.code for each in refusal.value.problems]


# --- what it may use -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("row.code|person", "Воронов А. А."),
        ("'Н-999-9'|person", "Н-999-9"),
        ("row.codes|people", "Воронов А. А., Н-002-0"),
        ("row.day|ru_date", "10.10.2026"),
        ("'скоро'|ru_date", "скоро"),
        ("row.form|form_title", "ученик – ученик"),
        ("'своя'|form_title", "своя"),
        ("row.share|percent", "13,8\u00a0%"),
        ("row.zero|default", "0"),
        ("row.none|default", "—"),
        ("row.a.b.c|default('нет')", "нет"),
        ("row.a.b|blank(3)", "___"),
        ("row.share", "0,1381"),
        ("row.yes", "да"),
        ("row.none", ""),
        ("'есть' if row.a.b", ""),
        ("row.codes|join('; ')", "Н-001-0; Н-002-0"),
        ("row.items|length", "2"),
        ("(row.codes|first) ~ '!'", "Н-001-0!"),
        ("row.zero + 2", "2"),
    ],
)
def test_filters(expression: str, shown: str) -> None:
    """A filter passes over what is missing, and a value looks as it does in a Russian paper."""
    row = {
        "code": "Н-001-0", "codes": ["Н-001-0", "Н-002-0"], "day": "2026-10-10", "form": "pupil_pupil",
        "share": 0.1381, "zero": 0, "none": None, "yes": True, "items": [1, 2],
    }  # fmt: skip

    text = render_text(f"{{{{ {expression} }}}}", {"forms": FORMS, "row": row}, {"Н-001-0": "Воронов А. А."})

    assert text == shown


@pytest.mark.parametrize("use", ["{{ row.a.b }}", "{% for x in row.a.b %}{% endfor %}", "{{ row.a.b + 1 }}"])
def test_missing_value_is_named(use: str) -> None:
    """A field that is not there and is not guarded is an error that names it."""
    with pytest.raises(InvalidDefinition) as refusal:
        render_text(use, {"row": {}})

    assert codes(refusal) == ["N01"]
    assert refusal.value.problems[0].values["name"] == "a.b"


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, (1,), float("nan"), type("Safe", (str,), {"__html__": lambda self: self})("x")],
)
def test_only_plain_data(value: Any) -> None:
    """Anything but plain JSON is a fault of ours, a text that calls itself safe too."""
    with pytest.raises(TypeError):
        render_text("{{ row }}", {"row": value})


# --- what it may not do --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ ''.__class__.__mro__ }}", ".__mro__"),
        ("{{ row.__class__ }}", ".__class__"),
        ("{{ row['__class__'] }}", None),
        ("{{ row|attr('__class__') }}", "|attr"),
        ("{{ row.x|safe }}", "|safe"),
        ("{{ 'x'|center(1000000000) }}", "|center"),
        ("{{ 'a'|replace('a', 'aa') }}", "|replace"),
        ("{{ '{0.__class__}'.format(row) }}", "format()"),
        ("{{ row.items() }}", "items()"),
        ("{{ range(9) }}", "range()"),
        ("{{ lipsum() }}", "lipsum()"),
        ("{{ 10 ** 10 ** 8 }}", "**"),
        ("{{ 'x' * 1000000000 }}", "*"),
        ("{{ '%1000000000d' % 1 }}", "%"),
        ("{{ [1] + [2] }}", "+"),
        ("{{ _names }}", "_names"),
        ("{% set x = 1 %}", "{% set %}"),
        ("{% macro m() %}{% endmacro %}", "{% macro %}"),
        ("{% include 'x' %}", "{% include %}"),
        ("{% import 'x' as y %}", "{% import %}"),
        ("{% autoescape false %}{{ row }}{% endautoescape %}", "{% autoescape %}"),
        ("{% for x in row.list recursive %}{{ loop(x) }}{% endfor %}", "{% for %}"),
        ("{% for a in row.list %}" * 5 + "{% endfor %}" * 5, "{% for %}"),
        ("{% for a in row.list %}" * 4 + "{% endfor %}" * 4, "{% for %}"),
        ("{{ row.text.upper }}", ".upper"),
        ("{{ row.list|join(row.long) }}", "|join"),
    ],
)
def test_forbidden(template: str, what: str | None) -> None:
    """What could reach Python, grow without end or go round the escaping is refused and called by name."""
    data = {"row": {"list": [1] * 100, "x": "<b>", "text": "т", "long": "x" * 1_000_000}}

    with pytest.raises(InvalidDefinition) as refusal:
        render_text(template, data)

    if what is None:
        assert codes(refusal) == ["N01"]  # a key of a map that is not there
    else:
        assert {each.code for each in refusal.value.problems} == {"N04"}
        assert what in [each.values["what"] for each in refusal.value.problems]


def test_filters_are_a_closed_list() -> None:
    """No filter of Jinja came in by itself."""
    assert {"default", "blank", "percent", "person", "people", "ru_date", "form_title", "items"} <= FILTERS
    assert {name for name in sandbox(markup=False).filters if not name.startswith("_")} == FILTERS
    assert not FILTERS & {"safe", "attr", "map", "format", "center", "indent", "replace", "xmlattr", "tojson"}


def test_text_problem_has_its_line() -> None:
    """In a text template a problem stands at its line, with the line's text."""
    with pytest.raises(InvalidDefinition) as refusal:
        text_names("Здравствуйте!\n{{ x|safe }}\n", name="documents/first.txt")

    found = refusal.value.problems[0]
    assert str(found.at) == "documents/first.txt:2:1"
    assert found.values == {"what": "|safe", "near": "{{ x|safe }}"}


def test_failure_does_not_tell_the_data() -> None:
    """An expression that fails on the data is told by kind, without the value that it failed on."""
    with pytest.raises(InvalidDefinition) as refusal:
        render_text(
            "{{ row.name|percent }}{{ row.list|round }}", {"row": {"name": "Воронов", "list": ["Зайцева"]}}
        )

    assert codes(refusal) == ["N09"]
    assert "Зайцева" not in repr(refusal.value.problems)
    assert refusal.value.__cause__ is None
