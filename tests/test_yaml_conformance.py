"""What yaml-test-suite says of YAML 1.2: never another value than the suite's; what is refused is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.sources import parse_yaml

HERE = Path(__file__).parent / "conformance"
CASES = json.loads((HERE / "yaml-test-suite.json").read_text("utf-8"))
REFUSED = yaml.safe_load((HERE / "yaml-refused.yaml").read_text("utf-8"))

# Not YAML 1.2, and read as the parser below us reads it: nothing is lost and nothing can be meant otherwise.
LENIENT = {
    "9C9N": {"flow": ["a", "b", "c"]},  # lines of a flow list that are not indented
    "DK95-01": {"foo": "bar baz"},  # a tab before the second line of a quoted text
    "G5U8": [["-", "-"]],  # a lone dash in a flow list
    "MUS6-00": None,  # a comment glued to the %YAML line
    "QB6E": {"quoted": "a b c"},  # lines of a quoted text that are not indented
    "S98Z": {"empty block scalar": ""},  # blank lines that are indented more than a text that never comes
    "Y79Y-003": [["foo", "foo"]],  # a tab before a line of a flow list
    "YJV2": ["-"],
}


def documents(text: str) -> Iterator[Any]:
    """The JSON values that stand one after the other in a text."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        yield value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_is_refused_or_read_as_the_suite_says(case: dict[str, Any]) -> None:
    """Text, number and boolean count as different: 12 is not "12", and 1 is neither true nor 1.0."""
    source, found = parse_yaml(case["yaml"].encode(), case["id"])
    if source is None:
        assert case["id"] in REFUSED[found[0].code], f"{case['id']} is refused anew: {found}"
        return

    assert not any(case["id"] in each for each in REFUSED.values()), f"{case['id']} is no longer refused"
    expected = [LENIENT[case["id"]]] if case.get("fail") else list(documents(case["json"]))
    assert json.dumps([source.data], sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_the_list_of_refusals_names_cases_only() -> None:
    names = [name for each in REFUSED.values() for name in each]

    assert len(names) == len(set(names))
    assert set(names) <= {case["id"] for case in CASES}
