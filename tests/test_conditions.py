"""Conditions: typed at check time, three-valued at run time, with the values they looked at."""

from __future__ import annotations

import pytest

from schemas.conditions import Checker, Condition, comparison_sides, evaluate, looked_at
from schemas.message_types import MessageTypes

DATA = {
    "pairs": {"rows": [{"mentees": ["a", "b"], "n": 2}, {"mentees": ["c"], "n": 1}]},
    "params": {"least": 0.5},
}


def verdict(text: str, data: object = None) -> object:
    return evaluate(Condition.of(text), DATA if data is None else data)


@pytest.mark.parametrize(
    "text",
    [
        "sum(pairs.rows.map(r, r.n)) == 3",
        "share(2, 4) >= params.least",
        "share(1, 0) == 0.0",
        "distinct(['a', 'a', 'b']) == ['a', 'b']",
        "flatten(pairs.rows.map(r, r.mentees)) == ['a', 'b', 'c']",
        "lacking(['a', 'x'], flatten(pairs.rows.map(r, r.mentees))) == ['x']",
        "days('2026-09-01', '2026-10-01') == 30",
        "size('привет') == 6",
    ],
)
def test_the_functions_of_the_language(text: str) -> None:
    assert verdict(text).holds is True


def test_an_artefact_that_is_not_there_is_waited_for_never_false() -> None:
    found = verdict("size(mentees.rows) > 3")

    assert (found.holds, found.waiting) == (None, ("mentees",))
    assert verdict("size(mentees.rows) > 3 || true").holds is True
    assert verdict("size(mentees.rows) > 3 && false").holds is False


def test_a_missing_field_of_a_paper_that_is_there_is_a_failure_that_names_it() -> None:
    found = verdict("pairs.rows.all(r, r.note == 'x')")

    assert (found.holds, found.fault, found.detail) == (False, "C05", "note")


def test_a_condition_over_too_many_rows_says_so() -> None:
    rows = {"l": [{"x": number} for number in range(200)]}
    found = verdict("l.all(a, l.all(b, a.x + b.x >= 0))", rows)

    assert (found.holds, found.fault) == (False, "C06")


def test_a_verdict_shows_what_it_looked_at() -> None:
    found = looked_at(Condition.of("size(pairs.rows) >= 3 && params.least < 0.4"), DATA)

    assert dict(found) == {"size(pairs.rows)": 2, "params.least": 0.5}
    assert comparison_sides("a(b == c) == d || 'x == y' != e") == ["a(b == c)", "d", "'x == y'", "e"]


def test_a_condition_is_typed_from_the_schemas() -> None:
    schema = {
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"n": {"type": "integer"}, "share": {"type": "number"}},
                },
            },
            "note": {"type": ["string", "null"]},
        }
    }
    types = MessageTypes({"pairs": schema})
    names = {"pairs": types.artefact("pairs"), "row": types.row("pairs")}

    def wrong(text: str) -> object:
        found = Checker(types).check(Condition.of(text), names)
        return found and (found.kind, found.column)

    assert wrong("pairs.rows.all(r, r.n >= 2 && r.share >= 0.5)") is None
    assert wrong("row.n > 1 && pairs.note == null") is None
    assert wrong("row.m > 1") == ("C04", 4)
    assert wrong("row.share >= 1") == ("C08", 11)
    assert wrong("rows.n > 1") == ("C02", 1)
    assert wrong("row.n + 1") == ("C03", 1)
    assert wrong("row.n >") is not None
