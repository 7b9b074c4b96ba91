"""Paired data with published results."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def exactly(values: str) -> list[Fraction]:
    """Decimals as they are printed in a book."""
    return [Fraction(each) for each in values.split()]


# Student 1908: hours of sleep gained by ten patients with the first and with the second drug.
SLEEP = (
    exactly("0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0"),
    exactly("1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4"),
)
# Hand et al. 1993, no. 285: weight of girls with anorexia before and after family and cognitive treatment.
FAMILY = (
    exactly("83.8 83.3 86.0 82.5 86.7 79.6 76.9 94.2 73.4 80.5 81.6 82.1 77.6 83.5 89.9 86.0 87.3"),
    exactly("95.2 94.3 91.5 91.9 100.3 76.7 76.8 101.6 94.9 75.2 77.8 95.5 90.7 92.5 93.8 91.7 98.0"),
)
COGNITIVE = (
    exactly(
        "80.5 84.9 81.5 82.6 79.9 88.7 94.9 76.3 81.0 80.5 85.0 89.2 81.3 76.5 70.0 80.4 83.3 83.0 87.7 84.2 "
        "86.4 76.5 80.2 87.8 83.3 79.7 84.5 80.8 87.4"
    ),
    exactly(
        "82.2 85.6 81.4 81.9 76.4 103.6 98.4 93.4 73.4 82.1 96.7 95.3 82.4 72.5 90.9 71.3 85.4 81.6 89.1 "
        "83.9 82.7 75.7 82.6 100.4 85.2 83.6 84.6 96.2 86.7"
    ),
)
# Hollander & Wolfe, table 3.1: depression scale of nine patients at the first and second visit.
DEPRESSION = (
    exactly("1.83 0.50 1.62 2.48 1.68 1.88 1.55 3.06 1.30"),
    exactly("0.878 0.647 0.598 2.05 1.06 1.29 1.06 3.14 1.29"),
)


def changes(data: tuple[Sequence[Fraction], Sequence[Fraction]]) -> list[Fraction]:
    """After minus before."""
    return [after - before for before, after in zip(*data, strict=True)]
