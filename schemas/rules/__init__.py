"""Meaning across files: references, graphs, gates, dates; and conditions typed from the schemas.

Works on the checked data of the sources, so that every problem knows its line.
"""

from __future__ import annotations

from schemas.problems import Problem
from schemas.rules.conditions import condition_problems
from schemas.rules.dates import date_problems
from schemas.rules.keys import key_problems
from schemas.rules.methodology import methodology_problems
from schemas.rules.policies import policy_problems
from schemas.rules.renames import rename_problems
from schemas.rules.roles import role_problems
from schemas.rules.sources import Sources
from schemas.rules.stage import Stage
from schemas.rules.surveys import survey_problems
from schemas.rules.templates import template_problems
from schemas.rules.texts import text_problems
from schemas.rules.unused import unused_problems
from schemas.rules.values import value_problems
from schemas.rules.waiting import waiting_problems

_RULES = (
    key_problems, role_problems, date_problems, value_problems, survey_problems, template_problems, waiting_problems,
    text_problems, unused_problems, rename_problems, condition_problems,
)  # fmt: skip


def check(sources: Sources) -> list[Problem]:
    """Every problem of meaning."""
    found = list(methodology_problems(sources))
    for name, source in sources.stages.items():
        found.extend(Stage(sources, name, source).problems())
    found.extend(policy_problems(sources.methodology))
    for source in sources.stages.values():
        found.extend(policy_problems(source, ("stages", "any")))
    for source in sources.surveys.values():
        found.extend(policy_problems(source, ("surveys", "any")))
    for rule in _RULES:
        found.extend(rule(sources))
    return found
