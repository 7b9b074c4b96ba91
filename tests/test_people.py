"""Codes: one spelling, a check digit that notices slips."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.people import make_code, plain_name, read_code


def test_a_code_is_a_number_with_its_check_digit() -> None:
    assert [make_code(number) for number in (1, 17, 1234)] == ["Н-001-8", "Н-017-4", "Н-1234-4"]


def test_a_code_is_read_however_it_was_typed() -> None:
    """Small letters, a Latin H, spaces and long dashes are the usual ways."""
    assert {read_code(text) for text in ("Н-017-4", "н-017-4", "H-017-4", " Н – 017 – 4 ")} == {"Н-017-4"}


@given(st.integers(1, 99_999), st.integers(0, 9))
def test_one_wrong_digit_is_always_noticed(number: int, digit: int) -> None:
    code = make_code(number)
    for index, sign in enumerate(code):
        if sign.isdigit() and sign != str(digit):
            wrong = code[:index] + str(digit) + code[index + 1 :]

            assert read_code(wrong) != wrong or int(wrong.split("-")[1]) == number


def test_names_compare_without_case_yo_dots_and_spaces() -> None:
    assert plain_name("Ёлкин  П. И.") == plain_name("елкин п и")
