"""Merge patches: RFC 7386 to the letter, and the changes that one makes are the patch itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.layers import Layered, changes, laid, merged, same
from schemas.sources import Source, parse_yaml

EXAMPLES = json.loads((Path(__file__).parent / "cases/merge-patch/rfc7386-appendix-a.json").read_text())
NAMES = st.sampled_from("abcd")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 1) | st.sampled_from(["", "x", "да"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: json.dumps(each["patch"]))
def test_the_examples_of_rfc_7386_appendix_a(example: dict[str, Any]) -> None:
    original = json.dumps(example["original"])

    assert same(merged(example["original"], example["patch"]), example["result"])
    assert json.dumps(example["original"]) == original


@given(OBJECTS, OBJECTS)
def test_making_the_changes_of_a_patch_is_merging_it(base: dict[str, Any], patch: dict[str, Any]) -> None:
    made = laid(Layered("base", base), changes(base, patch), Source("patch", patch)).data

    assert same(made, merged(base, patch))


@given(OBJECTS, OBJECTS)
def test_a_patch_laid_twice_changes_nothing_more(base: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merged(base, patch)

    assert [each for each in changes(once, patch) if not same(each.before, each.after)] == []


def test_a_value_knows_the_file_that_it_came_from() -> None:
    """What a patch says is at its line, what it leaves alone at the old one."""
    base, _ = parse_yaml(b"a: {b: 1, c: 2}\nd: 3\n", "base.yaml")
    patch, _ = parse_yaml(b"# mine\na: {c: {e: 5}}\n", "mine.yaml")
    assert base is not None
    assert patch is not None
    found = laid(
        Layered("base.yaml", base.data, origins={(): (base, ())}), changes(base.data, patch.data), patch
    )

    assert str(found.at(("a", "b"))) == "base.yaml:1:8"
    assert str(found.at(("a", "c", "e"))) == "mine.yaml:2:12"
    assert str(found.at(("d",))) == "base.yaml:2:4"
