"""The kinds of task that `uses` may name, and the plain function that does the work of each.

The functions take JSON and give JSON, and are imported only when they are executed. Their arguments are
checked by `schemas/definition/uses/<kind>.schema.json`; a test holds both lists equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

CATALOGUE: Mapping[str, str] = {
    "form": "tasks.forms:prefill",
    "survey": "tasks.surveys:collect",
    "training": "tasks.training:complete",
    "matching": "tasks.matching:match",
    "document": "tasks.documents:prepare",
    "evaluation": "tasks.evaluation:evaluate",
    "report": "tasks.reports:report",
    "notice": "tasks.notices:write",
}
LONG = frozenset({"matching", "document"})  # these run in a child process that can be killed


def function(kind: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The function of a kind."""
    module, _, name = CATALOGUE[kind].partition(":")
    found: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(import_module(module), name)
    return found
