"""Two validators, one opinion: what jsonschema_rs lets pass, jsonschema finds nothing wrong with."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import validation, validators
from schemas.sources import load_yaml

TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
KINDS = {"methodology": "methodology.yaml", "stage": "stages/*.yaml", "survey": "surveys/*.yaml"}
SHIPPED = [
    (validation.shipped("definition", kind), load_yaml(path.read_bytes(), path.name).data)
    for kind, pattern in KINDS.items()
    for path in sorted(TARGET.glob(pattern))
]
# what people and spreadsheets write where something else belongs
STRANGE = (
    None, True, 0, 1, 1.0, -1, 2.5, "", " ", "x", "x\n", "approved\n", "Х", "12-31", "02-29", "02-30", "31.12",
    "2026-02-30", "2026-12-31", "P3D", "P", "3D", "P1Y\n", "٣", [], {}, ["x", "x"], [1, 1.0, True], {"x": None},
)  # fmt: skip


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(inside):
        yield data, key
        yield from _places(value)


def _agree(schema: validators.Schema, data: Any) -> bool:
    return validators.holds(schema, data) == (next(validators.errors(schema, data), None) is None)


@given(st.sampled_from(SHIPPED), st.randoms(use_true_random=False), st.sampled_from(STRANGE))
def test_both_validators_agree_on_definitions_with_a_mistake(
    case: tuple[validators.Schema, Any], chance: random.Random, strange: Any
) -> None:
    schema, data = case[0], copy.deepcopy(case[1])
    holder, key = chance.choice(list(_places(data)))
    match chance.choice(("value", "key", "missing")):
        case "value":
            holder[key] = strange
        case "key" if isinstance(holder, dict):
            holder[f"{key}{strange}"] = holder.pop(key)
        case _:
            del holder[key]

    assert _agree(schema, data)


@given(st.sampled_from(sorted(validators.FORMATS)), st.sampled_from(STRANGE) | st.text(max_size=12))
def test_both_validators_know_the_same_formats(name: str, value: Any) -> None:
    assert _agree({"format": name}, value)


@pytest.mark.parametrize("text", ["ab", "ab\n", "\nab", "abc", "ab\r", "ab\u2028"])
def test_an_anchored_pattern_ends_at_the_end_in_both(text: str) -> None:
    schema = {"pattern": "^[a-z]{2}$"}

    assert _agree(schema, text)
    assert validators.holds(schema, text) == (text == "ab")


def test_a_text_that_the_quick_one_cannot_read_is_left_to_the_other() -> None:
    """JSON can write half of a character."""
    schema, data = {"type": "object", "properties": {"name": {"pattern": "^[^b]$"}}}, {"name": "\ud800"}

    assert not validators.holds(schema, data)
    assert next(validators.errors(schema, data), None) is None
