"""The task kind `evaluation`: what changed between two measurements of the same people.

It says that something changed, never why; where people are few it says nothing by which one could be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from schemas.messages import number, tell
from tasks import paired
from tasks.scores import Score, scores
from tasks.waves import UNLIKE, Pair, People, Wave, join, wave_after, wave_before

Json = dict[str, Any]
Remark = tuple[str, Mapping[str, object]]  # a text's name and its values

FEWEST_SHOWN = 5  # pairs; fewer say too much about each
FEWEST_FOR_P = 6  # pairs; with fewer the test has no small p
FEWEST_TO_JUDGE = 10  # pairs; with fewer the counts are all that is said
STAYED = Fraction(7, 10)  # of those who started; fewer are a warning
RELIABLE_ITEMS = 3
RELIABLE_ALPHA = Fraction(6, 10)
SIGNIFICANT = 0.05
TEXTS = "evaluation"
ALWAYS: tuple[Remark, ...] = (("no_comparison_group", {}), ("regression_to_the_mean", {}))
TOLD_ONCE = {"single_item", "approximate", *UNLIKE, *(name for name, _ in ALWAYS)}
LINES = 40  # of measures in the summary: the artefact's list has a greatest length


@dataclass(frozen=True, slots=True)
class Measure:
    """A score's comparison: numbers, remarks, and which way the answers lean (over 0 is better)."""

    score: Score
    numbers: Json
    refused: list[Remark]
    warnings: list[Remark]
    leaning: int = 0

    @property
    def pairs(self) -> int:
        """How many answered both times."""
        return int(self.numbers["n_pairs"])


def evaluate(values: Mapping[str, Any]) -> Json:
    """Each score of the survey before and after, what is refused, what to keep in mind, and a summary."""
    survey, language = values["survey"], values.get("language", "ru")
    fewest = max(FEWEST_SHOWN, (values.get("options") or {}).get("smallest_group", 0))
    before, after = wave_before(values["before"], survey), wave_after(values["after"], survey)
    measures = [_measure(score, before, after, fewest) for score in scores(survey)]
    tested = [each.numbers for each in measures if "p_value" in each.numbers]
    for numbers, adjusted in zip(tested, paired.holm([each["p_value"] for each in tested]), strict=True):
        numbers["p_adjusted"] = adjusted
    return {
        "survey": survey["id"],
        "version": survey["version"],
        "measures": [
            {
                "measure": each.score.id,
                "title": each.score.title,
                **each.numbers,
                "refused": [_text(remark, language) for remark in each.refused],
                "warnings": [_text(remark, language) for remark in each.warnings],
            }
            for each in measures
        ],
        "summary": list(_summary(measures, values["after"], language)),
    }


def compare(pairs: Sequence[Pair], score: Score) -> tuple[Json, int]:
    """The numbers of a comparison, and which way it leans; a single item is compared by counts alone."""
    differences = [after - before for before, after in pairs]
    gains = [score.better * each for each in differences]
    enough = score.smallest_change or Fraction()
    improved = sum(each > 0 and each >= enough for each in gains)
    worse = sum(each < 0 and -each >= enough for each in gains)
    numbers: Json = {
        "before": _quartiles([before for before, _ in pairs]),
        "after": _quartiles([after for _, after in pairs]),
        "improved": improved,
        "same": len(pairs) - improved - worse,
        "worse": worse,
    }
    if len(score.items) == 1:
        leaning = sum(each > 0 for each in gains) - sum(each < 0 for each in gains)
        test = paired.sign_test
    else:
        test = paired.signed_rank
        shift, effect = paired.shift(differences), paired.rank_biserial(differences)
        leaning = 0 if not effect else score.better if effect > 0 else -score.better
        numbers["shift"] = _rounded(shift.estimate)
        if shift.interval:
            numbers["shift_low"], numbers["shift_high"] = map(_rounded, shift.interval)
        if effect is not None:
            numbers["rank_biserial"] = _rounded(effect)
    if len(pairs) >= FEWEST_FOR_P:
        numbers["p_value"] = test(differences)
    return numbers, leaning


# --- one measure ---------------------------------------------------------------------------------


def _measure(score: Score, before: Wave, after: Wave, fewest: int) -> Measure:
    people = join(score, before, after)
    pairs = len(people.pairs)
    numbers: Json = {
        "n_before": pairs + len(people.left),
        "n_after": people.after,
        "n_pairs": pairs,
        "missing": dict(sorted(people.missing.items())),
    }
    unlike: list[Remark] = [
        (name, {"people": people.missing[name]}) for name in UNLIKE if people.missing[name]
    ]
    if pairs < fewest:
        answered = numbers["n_before"] or people.after or people.missing.keys() - {"neither"}
        few: Remark = ("too_few_pairs", {"pairs": pairs, "fewest": fewest})
        return Measure(score, numbers, [*unlike, few] if answered else [("no_answers", {})], [])
    compared, leaning = compare(people.pairs, score)
    numbers |= compared
    rows = [row for each in before.values() if not isinstance(each, str) and (row := score.complete(each))]
    alpha = paired.alpha(rows) if len(rows) >= fewest else None
    if alpha is not None:
        numbers["reliability"] = _rounded(alpha)
    refused: list[Remark] = []
    if pairs < FEWEST_FOR_P:
        refused.append(("too_few_for_p", {"pairs": pairs, "fewest": FEWEST_FOR_P}))
    warnings = [
        *unlike,
        *_losses(people, compared["improved"], fewest),
        *_doubts(score, people, alpha, len(rows)),
        *ALWAYS,
    ]
    return Measure(score, numbers, refused, warnings, leaning)


def _losses(people: People, improved: int, fewest: int) -> Iterator[Remark]:
    """What follows from how few answered, and from who stopped."""
    pairs, left = len(people.pairs), len(people.left)
    if pairs < FEWEST_TO_JUDGE:
        yield "few_pairs", {"pairs": pairs, "fewest": FEWEST_TO_JUDGE}
    if pairs < STAYED * (pairs + left):
        bounds = {"least": improved, "most": improved + left}
        yield "attrition", {"pairs": pairs, "starters": pairs + left, **bounds}
        if left >= fewest:
            stayers = median(before for before, _ in people.pairs)
            yield "attrition_before", {"stayers": stayers, "leavers": median(people.left)}


def _doubts(score: Score, people: People, alpha: Fraction | None, answers: int) -> Iterator[Remark]:
    """Whether the questions of a score measure one thing, and whether its p is exact."""
    if len(score.items) == 1:
        yield "single_item", {}
    elif len(score.items) < RELIABLE_ITEMS:
        yield "few_items", {"items": len(score.items)}
    if alpha is not None and alpha < RELIABLE_ALPHA:
        yield "low_reliability", {"alpha": alpha, "answers": answers}
    if len(score.items) > 1 and not paired.exact([after - before for before, after in people.pairs]):
        yield "approximate", {"limit": paired.EXACT_UP_TO}


# --- in words ------------------------------------------------------------------------------------


def _summary(measures: Sequence[Measure], after: Mapping[str, Any], language: str) -> Iterator[str]:
    asked = {each["code"] for each in after["answers"]}
    answered = {each["code"] for each in after["answers"] if each["status"] == "answered"}
    yield tell(TEXTS, "answered", language, asked=len(asked), answered=len(answered))
    told = [each for each in measures if ("no_answers", {}) not in each.refused]
    yield from (_line(each, language) for each in told[:LINES])
    if told[LINES:]:
        yield tell(TEXTS, "more", language, more=len(told) - LINES)
    compared = [each for each in told if "improved" in each.numbers]
    if not compared:
        return
    if any(_verdict(each) == "not_shown" for each in compared):
        yield tell(TEXTS, "not_shown_is_normal", language)
    tested = sum("p_value" in each.numbers for each in compared)
    if tested:
        yield tell(TEXTS, "method", language, measures=tested)
    approximate = [remark for each in compared for remark in each.warnings if remark[0] == "approximate"]
    yield from (f"{_text(each, language)}." for each in [*approximate[:1], *ALWAYS])


def _line(measure: Measure, language: str) -> str:
    """A measure in a sentence or two: counts always, the rest where there are enough pairs."""
    numbers, score = measure.numbers, measure.score
    if "improved" not in numbers:
        reasons = ". ".join(_text(each, language) for each in measure.refused)
        return tell(TEXTS, "not_compared", language, title=score.title, reasons=reasons)
    direction = tell(TEXTS, "higher_is_better" if score.better > 0 else "lower_is_better", language)
    counts = {name: numbers[name] for name in ("improved", "same", "worse")}
    parts = [
        tell(
            TEXTS, "headline", language,
            title=score.title, direction=direction, pairs=measure.pairs, **counts,
        )
    ]  # fmt: skip
    if measure.pairs >= FEWEST_TO_JUDGE:
        medians = {wave: float(numbers[wave]["median"]) for wave in ("before", "after")}
        parts.append(tell(TEXTS, "medians", language, **medians))
    if "shift_low" in numbers:
        shift = {"shift": numbers["shift"], "low": numbers["shift_low"], "high": numbers["shift_high"]}
        parts.append(tell(TEXTS, "interval", language, level=paired.LEVEL, **shift))
    verdict = _verdict(measure)
    if verdict:
        p = numbers["p_adjusted"]
        shown = f"= {number(p, language, 3)}" if p >= 0.001 else f"< {number(0.001, language, 3)}"
        parts.append(tell(TEXTS, verdict, language, p=shown))
    if numbers["missing"]:
        missing = [tell(TEXTS, f"missing_{why}", language, people=n) for why, n in numbers["missing"].items()]
        parts.append(tell(TEXTS, "without_pair", language, reasons=", ".join(missing)))
    parts += [f"{_text(each, language)}." for each in measure.warnings if each[0] not in TOLD_ONCE]
    return " ".join(parts)


def _verdict(measure: Measure) -> str | None:
    """What a measure's p says; None where the pairs are too few to judge by it."""
    if measure.pairs < FEWEST_TO_JUDGE or "p_adjusted" not in measure.numbers:
        return None
    if measure.numbers["p_adjusted"] >= SIGNIFICANT:
        return "not_shown"
    return "changed_better" if measure.leaning > 0 else "changed_worse"


def _text(remark: Remark, language: str) -> str:
    name, values = remark
    return tell(TEXTS, name, language, **values)


def _quartiles(values: Sequence[Fraction]) -> dict[str, float]:
    found = paired.quartiles(values)
    return {name: _rounded(getattr(found, name)) for name in ("median", "q1", "q3")}


def _rounded(value: Fraction) -> float:
    return round(float(value), 4)
