"""The school that benchmarks measure is one that the engine can carry through its year."""

from __future__ import annotations

from tests.benchmarks.row_member import mid_year
from tests.benchmarks.school import Year


def test_a_small_school_of_the_benchmarks_comes_to_work_in_groups() -> None:
    assert len(mid_year(3, 2, 2).versions["work/meetings"]) == 2


def test_the_whole_year_of_the_benchmarks_closes() -> None:
    year = Year()
    year.live()

    assert year.closed is not None
