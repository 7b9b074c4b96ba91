"""Statistics of paired answers: published numbers, and the laws of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_numbers import COGNITIVE, DEPRESSION, FAMILY, SLEEP, changes, exactly

from tasks import paired

some = settings(max_examples=60)

halves = st.integers(-8, 8).map(lambda each: Fraction(each, 2))  # few values: many ties and zeros


def mid_ranks(sizes: Sequence[Fraction]) -> list[Fraction]:
    """The rank of each size, counted from the definition of a mid-rank."""
    return [
        sum(other < one for other in sizes) + Fraction(1 + sum(other == one for other in sizes), 2)
        for one in sizes
    ]


class TestPublishedNumbers:
    @pytest.mark.parametrize(
        ("data", "p"), [(SLEEP, 0.00390625), (FAMILY, 0.000839), (COGNITIVE, 0.0599), (DEPRESSION, 0.0390625)]
    )
    def test_exact_p(self, data: Any, p: float) -> None:
        """The p of the signed-rank test is the exact one, zeros dropped and ties at their mid-ranks."""
        assert paired.signed_rank(changes(data)) == pytest.approx(p, abs=0.00005)

    def test_ties_survive_that_floats_tear_apart(self) -> None:
        """The rank sum of the cognitive group is 304.5 and not the 303.5 of unrounded floats."""
        total = Fraction(29 * 30, 2)

        assert paired.rank_biserial(changes(COGNITIVE)) == (2 * Fraction("304.5") - total) / total

    def test_shift_of_sleep(self) -> None:
        """Student's data shift by 1.3 hours, the zero kept, and every change goes one way."""
        shift = paired.shift(changes(SLEEP))

        assert shift.estimate == Fraction("1.3")
        assert shift.interval == (Fraction("0.9"), Fraction("2.7"))
        assert median(changes(SLEEP)) == Fraction("1.3")
        assert paired.rank_biserial(changes(SLEEP)) == 1

    def test_shift_and_interval_of_depression(self) -> None:
        """Hollander and Wolfe print −0.46 and the interval from −0.786 to −0.010."""
        shift = paired.shift(changes(DEPRESSION))

        assert shift.estimate == Fraction("-0.46")
        assert shift.interval == (Fraction("-0.786"), Fraction("-0.01"))

    def test_shift_of_family(self) -> None:
        """The shift is the median of all averages of two changes."""
        assert paired.shift(changes(FAMILY)).estimate == Fraction("7.65")


class TestLaws:
    @some
    @given(st.lists(halves, max_size=10))
    def test_exact_p_is_the_share_of_all_signs(self, differences: list[Fraction]) -> None:
        """The p is the share of all ways to give signs that are as far out, ties and zeros and all."""
        moved = [each for each in differences if each]
        ranks = [int(2 * each) for each in mid_ranks([abs(each) for each in moved])]
        far = abs(sum(rank if each > 0 else -rank for rank, each in zip(ranks, moved, strict=True)))
        ways = [abs(sum(way)) for way in product(*((rank, -rank) for rank in ranks))]

        assert paired.signed_rank(differences) == sum(each >= far for each in ways) / len(ways)

    @some
    @given(st.lists(halves, max_size=10))
    def test_sign_test_is_the_share_of_all_signs(self, differences: list[Fraction]) -> None:
        """The p of the sign test is a share of all signs too."""
        signs = [each > 0 for each in differences if each]
        out = min(sum(signs), len(signs) - sum(signs))
        ways = [sum(each) for each in product((0, 1), repeat=len(signs))]

        share = sum(min(each, len(signs) - each) <= out for each in ways) / len(ways)
        assert paired.sign_test(differences) == share

    @some
    @given(st.lists(halves, min_size=1, max_size=14))
    def test_shift_is_the_median_of_averages(self, differences: list[Fraction]) -> None:
        """The shift is the median of the averages written out one by one."""
        averages = [(one + other) / 2 for one, other in combinations_with_replacement(differences, 2)]

        assert paired.shift(differences).estimate == median(averages)

    @some
    @given(st.lists(halves, min_size=6, max_size=9))
    def test_interval_misses_no_more_than_it_says(self, differences: list[Fraction]) -> None:
        """Where any sign is as likely, at most one interval in twenty misses the zero, ties or not."""
        missed = 0
        for signs in product((1, -1), repeat=len(differences)):
            interval = paired.shift([s * d for s, d in zip(signs, differences, strict=True)]).interval
            assert interval is not None
            missed += not interval[0] <= 0 <= interval[1]

        assert missed / 2 ** len(differences) <= 0.05

    def test_no_interval_where_there_can_be_none(self) -> None:
        """Five pairs have no interval of 95 %, six have the whole range."""
        values = exactly("1 2 3 4 5 6")

        assert paired.shift(values[:5]).interval is None
        assert paired.shift(values).interval == (values[0], values[5])

    @pytest.mark.parametrize("seed", range(5))
    def test_approximation_is_near_the_exact(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the exact test ends the normal approximation says nearly the same."""
        random = Random(seed)
        differences = [Fraction(random.randint(-20, 22), 4) for _ in range(paired.EXACT_UP_TO)]
        exact_p, exact_shift = paired.signed_rank(differences), paired.shift(differences)
        monkeypatch.setattr(paired, "EXACT_UP_TO", 0)
        paired._cut.cache_clear()

        near_p, near_shift = paired.signed_rank(differences), paired.shift(differences)
        paired._cut.cache_clear()

        assert not paired.exact(differences)
        assert near_p == pytest.approx(exact_p, rel=0.05)
        assert near_shift == exact_shift

    def test_nothing_changed(self) -> None:
        """Where nobody changed, p is 1 and there is no effect to tell."""
        same = [Fraction()] * 12

        assert paired.signed_rank(same) == paired.sign_test(same) == 1
        assert paired.rank_biserial(same) is None
        assert paired.shift(same).interval == (same[0], same[0])

    def test_holm(self) -> None:
        """Adjusted p values keep their order, never fall, and never pass 1."""
        assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert paired.holm([0.9, 0.8]) == [1.0, 1.0]
        assert paired.holm([]) == []

    def test_alpha(self) -> None:
        """Alpha is 1 for items that say the same, 4/9 in a case counted by hand, absent where senseless."""
        same = [[Fraction(each)] * 3 for each in (1, 4, 7)]
        by_hand = [list(map(Fraction, each)) for each in ((1, 1), (2, 3), (3, 2), (4, 2))]

        assert paired.alpha(same) == 1
        assert paired.alpha(by_hand) == Fraction(4, 9)
        assert paired.alpha([[Fraction(1)], [Fraction(2)]]) is None
        assert paired.alpha([[Fraction(1), Fraction(2)]] * 2) is None

    def test_quartiles(self) -> None:
        """Quartiles are those of R and NumPy."""
        assert paired.quartiles(exactly("1 2 3 4")) == paired.Quartiles(
            Fraction("1.75"), Fraction("2.5"), Fraction("3.25")
        )
