"""How well two people fit, and grades as people write them."""

from __future__ import annotations

import pytest

from tasks.fit import WORTH, Profile, desired_grades, fit


class TestFit:
    def test_the_parts_of_a_fit_are_its_score_and_a_full_fit_is_the_top_score(self) -> None:
        mentee = Profile.of({"topics": "алгебра, Зачёт", "interests": ["шахматы"], "grade": "7Б"})
        mentor = Profile.of(
            {"competences": ["Алгебра", "зачет"], "interests": "Шахматы", "desired_grades": [6, 7]}
        )
        assert fit(mentee, mentor).parts == WORTH
        assert fit(mentee, mentor).score == sum(WORTH.values()) == 10_000
        assert fit(mentee, Profile.of({})).parts == {"topics": 0, "interests": 0, "grade": 750}
        assert fit(mentee, Profile.of({"desired_grades": "9–11"})).parts["grade"] == 0
        assert fit(Profile.of({"grade": 0}), mentor).grade is None

    @pytest.mark.parametrize(
        ("said", "grades"),
        [
            ("5–7, 9 классы", {5, 6, 7, 9}),
            ("от 5 до 7", {5, 6, 7}),
            ("с 9", {9, 10, 11}),
            ("8+", {8, 9, 10, 11}),
            ("до 4", {1, 2, 3, 4}),
            ("класс 5", {5}),
            ([10, 11], {10, 11}),
            ("14–16 лет", None),
            ("2010-2012", None),
            ("9-5", None),
            ("любой", None),
            ("", None),
            (None, None),
        ],
    )
    def test_desired_grades_are_read_as_people_write_them(
        self, said: object, grades: set[int] | None
    ) -> None:
        assert desired_grades(said) == grades
