"""Reports made for the tests: valid by their schema, and plain JSON."""

from __future__ import annotations

import json
from typing import Any

from schemas.problems import Location
from schemas.validation import shipped, violations
from tasks.reports import report

Json = dict[str, Any]


def at(pointer: Any, *, key: bool = False) -> Location:
    """A place for the problems of a paper that is no file."""
    return Location("report")


def made(schema: str, values: Json) -> Json:
    """A report that is valid and plain JSON."""
    paper = report(values)
    assert violations(shipped("artefacts", schema), paper, at) == []
    assert json.loads(json.dumps(paper, allow_nan=False)) == paper
    return paper
