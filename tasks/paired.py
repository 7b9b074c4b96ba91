"""Statistics of pairs: how the same people's values changed between two measurements.

Values are exact fractions: differences that are equal rank equal, where floats would tear a tie apart.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import accumulate
from statistics import NormalDist, median, quantiles, variance

EXACT_UP_TO = 200  # differences; beyond, the normal approximation is as good and far quicker
LEVEL = 95  # per cent, of the interval of a shift


@dataclass(frozen=True, slots=True)
class Quartiles:
    """The middle of some values and of their two halves (linear interpolation, as R and NumPy do)."""

    q1: Fraction
    median: Fraction
    q3: Fraction


@dataclass(frozen=True, slots=True)
class Shift:
    """The Hodges–Lehmann shift, with its interval where there are enough pairs for one."""

    estimate: Fraction
    interval: tuple[Fraction, Fraction] | None


def quartiles(values: Sequence[Fraction]) -> Quartiles:
    """The quartiles of two values or more."""
    q1, _, q3 = quantiles(values, n=4, method="inclusive")
    return Quartiles(q1, median(values), q3)


def signed_rank(differences: Sequence[Fraction]) -> float:
    """Two-sided p of the signed-rank test: zeros dropped, mid-ranks, exact where `exact` says so."""
    ranks = _signed_ranks(differences)
    smaller = min(sum(each for each in ranks if each > 0), -sum(each for each in ranks if each < 0))
    if not exact(differences):
        spread = math.sqrt(sum(each**2 for each in ranks)) / 2
        distance = sum(map(abs, ranks)) / 2 - smaller - 1  # ranks are doubled: 1 is the half of continuity
        return min(1.0, math.erfc(distance / spread / math.sqrt(2)))
    tail = sum(_subset_sums([abs(each) for each in ranks])[: smaller + 1])
    return min(1.0, 2 * tail / (1 << len(ranks)))


def exact(differences: Sequence[Fraction]) -> bool:
    """Whether the signed-rank test of these differences is exact and not the normal approximation."""
    return sum(map(bool, differences)) <= EXACT_UP_TO


def sign_test(differences: Sequence[Fraction]) -> float:
    """Two-sided exact p of the sign test, zeros dropped."""
    up, down = sum(each > 0 for each in differences), sum(each < 0 for each in differences)
    tail = sum(math.comb(up + down, count) for count in range(min(up, down) + 1))
    return min(1.0, 2 * tail / (1 << up + down))


def rank_biserial(differences: Sequence[Fraction]) -> Fraction | None:
    """Kerby's matched-pairs effect from −1 to 1; None where nothing changed."""
    ranks = _signed_ranks(differences)
    return Fraction(sum(ranks), sum(map(abs, ranks))) if ranks else None


def shift(differences: Sequence[Fraction]) -> Shift:
    """The median of all averages of two differences; zeros stay in, for they are changes of nothing."""
    sums = _pair_sums(differences)
    ordered = sorted(sums)
    places = list(accumulate(sums[each] for each in ordered))
    pairs = places[-1]

    def at(place: int) -> Fraction:
        return ordered[bisect_left(places, place)] / 2

    cut = _cut(len(differences))
    interval = (at(cut), at(pairs + 1 - cut)) if cut else None
    return Shift((at((pairs + 1) // 2) + at(pairs // 2 + 1)) / 2, interval)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values adjusted for how many there are."""
    ordered = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for passed, place in enumerate(ordered):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - passed)))
        adjusted[place] = highest
    return adjusted


def alpha(rows: Sequence[Sequence[Fraction]]) -> Fraction | None:
    """Cronbach's alpha of complete answers; None where it says nothing: one item, or all sums the same."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    whole = variance([sum(row, Fraction()) for row in rows])
    parts = sum((variance(column) for column in zip(*rows, strict=True)), Fraction())
    items = len(rows[0])
    return Fraction(items, items - 1) * (1 - parts / whole) if whole else None


def _signed_ranks(differences: Iterable[Fraction]) -> list[int]:
    """Twice the mid-rank of each difference that is not zero, with its sign."""
    sizes = Counter(abs(each) for each in differences if each)
    ranks: dict[Fraction, int] = {}
    below = 0
    for size in sorted(sizes):
        ranks[size] = 2 * below + sizes[size] + 1
        below += sizes[size]
    return [ranks[abs(each)] * (1 if each > 0 else -1) for each in differences if each]


def _subset_sums(ranks: Sequence[int]) -> list[int]:
    """How many subsets of the ranks have each sum, from 0 up."""
    # The counts lie side by side in one long integer: a rank is added to all of them by one shift.
    width = len(ranks) // 8 + 1
    counts = 1
    for rank in ranks:
        counts += counts << 8 * width * rank
    laid = counts.to_bytes(width * (sum(ranks) + 1), "little")
    return [int.from_bytes(laid[start : start + width], "little") for start in range(0, len(laid), width)]


def _pair_sums(differences: Iterable[Fraction]) -> Counter[Fraction]:
    """How often each sum of two differences occurs, each with itself too."""
    often = Counter(differences)
    values = list(often)
    sums: Counter[Fraction] = Counter()
    for place, one in enumerate(values):
        sums[2 * one] += often[one] * (often[one] + 1) // 2
        for other in values[place + 1 :]:
            sums[one + other] += often[one] * often[other]
    return sums


@cache
def _cut(pairs: int) -> int:
    """Which smallest and which greatest average bound the interval; 0 where there are too few pairs.

    Taken from the distribution without ties, and the bounds belong to the interval: with ties it is no
    narrower than it promises.
    """
    if pairs > EXACT_UP_TO:
        spread = math.sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24)
        return math.floor(pairs * (pairs + 1) / 4 + 0.5 - NormalDist().inv_cdf(0.5 + LEVEL / 200) * spread)
    tails = list(accumulate(_subset_sums(range(1, pairs + 1))))
    return bisect_right(tails, (100 - LEVEL << pairs) // 200)
