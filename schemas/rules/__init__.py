"""Meaning across files: references, graphs, gates, dates; and conditions typed from the schemas.

Works on the checked data of the sources, so that every problem knows its line.
"""

from __future__ import annotations

from schemas.problems import Problem
from schemas.rules.conditions import condition_problems
from schemas.rules.keys import key_problems
from schemas.rules.methodology import methodology_problems
from schemas.rules.policies import policy_problems
from schemas.rules.sources import Sources
from schemas.rules.stage import Stage
from schemas.rules.surveys import survey_problems


def check(sources: Sources) -> list[Problem]:
    """Every problem of meaning."""
    found = list(methodology_problems(sources))
    for name, source in sources.stages.items():
        found.extend(Stage(sources, name, source).problems())
    found.extend(key_problems(sources))
    found.extend(survey_problems(sources))
    found.extend(policy_problems(sources.methodology))
    for source in sources.stages.values():
        found.extend(policy_problems(source, ("stages", "any")))
    for source in sources.surveys.values():
        found.extend(policy_problems(source, ("surveys", "any")))
    found.extend(condition_problems(sources))
    return found
