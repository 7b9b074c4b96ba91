"""Matching: what it proposes and says to people, and a table made by hand."""

from __future__ import annotations

import string
import subprocess
import sys
from collections import Counter
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matching_problems import (
    GOOD,
    Json,
    allowed_pairs,
    groups,
    make_problem,
    many,
    placed_by,
    problems,
    random_school,
    school,
    some,
    table,
)

from schemas.messages import LANGUAGES
from tasks.assignment import solve
from tasks.assignment_problem import POLICIES
from tasks.matching import NEVER, broken_rules, match, text, why


class TestReasons:
    @many
    @given(problems(mentees=6, minimums=True))
    def test_each_unmatched_mentee_has_one_reason_that_proves_itself(self, problem: Json) -> None:
        solution = solve(problem)
        placed, locked = placed_by(solution), dict(problem.get("locked", []))
        seats = {each["id"]: each["capacity"]["max"] for each in problem["mentors"]}
        allowed = allowed_pairs(problem)
        for each in solution["unmatched"]:
            mentee, detail = each["mentee"], each["detail"]
            mine = [mentor for other, mentor in allowed if other == mentee]
            if each["reason"] in ("nobody_eligible", "never_only"):
                eligible = [b for a, b in problem.get("eligible", [[mentee, "any"]]) if a == mentee]
                assert not mine
                assert bool(eligible) == (each["reason"] == "never_only")
            elif each["reason"] == "seats_short":
                crowd, mentors = detail["competitors"], detail["mentors"]
                assert mentee in crowd
                assert {b for a, b in allowed if a in crowd} <= set(mentors)
                assert not locked.keys() & set(crowd)
                taken = Counter(locked.values())
                assert detail["seats"] == sum(seats[b] - taken[b] for b in mentors) < len(crowd)
            elif each["reason"] == "lost_to_others":
                moved = dict(placed)
                goals = [*(placed[other] for other in detail["chain"]), detail["free_seat"]]
                moved |= zip([mentee, *detail["chain"]], goals, strict=True)
                assert problem["policy"] == "mutual_first" or solution["closed"]
                assert set(moved.items()) <= set(allowed)
                assert all(load <= seats[mentor] for mentor, load in Counter(moved.values()).items())
            else:
                assert each["reason"] == "group_too_small"
                assert set(detail["mentors"]) <= set(solution["closed"])

    def test_who_fits_nobody_is_told_the_rule_that_removed_most(self) -> None:
        problem = make_problem(1, 1, 1, "coverage_first", locks=False)
        removed = {"н0": {"portrait": 2, "age": 7}}
        (left,) = solve({**problem, "eligible": [], "removed": removed})["unmatched"]
        assert (left["reason"], left["detail"]["rule"]) == ("nobody_eligible", "age")

    def test_a_seat_that_would_part_a_mutual_pair_is_not_given(self) -> None:
        """н1 fits only м0, whom н0 and he named both; н0 could go to м1."""
        problem = {
            "policy": "mutual_first",
            "mentees": [{"id": "н0", "wants": [["м0"]]}, {"id": "н1", "wants": []}],
            "mentors": [
                {"id": "м0", "wants": [["н0"]], "capacity": {"min": 0, "max": 1}},
                {"id": "м1", "wants": [], "capacity": {"min": 0, "max": 1}},
            ],
            "eligible": [["н0", "м0"], ["н0", "м1"], ["н1", "м0"]],
        }
        (left,) = solve(problem)["unmatched"]
        assert left["reason"] == "lost_to_others"
        assert left["detail"] == {"chain": ["н0"], "free_seat": "м1"}
        assert solve({**problem, "policy": "coverage_first"})["unmatched"] == []


class TestProposal:
    def test_a_proposal_groups_mentees_and_says_why_in_codes_only(self) -> None:
        proposal = match(school())
        first, second = proposal["rows"]
        assert first == {
            "group": "Г-01",
            "form": "pupil_pupil",
            "mentors": ["М-1"],
            "mentees": ["Н-1"],
            "explanation": [
                {
                    "mentor": "М-1",
                    "mentee": "Н-1",
                    "mutual": True,
                    "score": 7000,
                    "parts": {"topics": 3000, "interests": 2500, "grade": 1500},
                    "reasons": [
                        "назвали друг друга",
                        "подходят темы запроса: Алгебра",
                        "общие интересы: шахматы",
                        "наставник хотел работать с этим классом",
                    ],
                }
            ],
        }
        assert second["mentees"] == ["Н-2", "Н-3"]
        assert "Н-2 – М-2: наставляемый назвал наставника; подходят темы запроса: физика" in why(second)
        assert "Н-3 – М-2: друг друга не называли" in why(second)
        assert "Фамилия" not in str(proposal)

    def test_a_long_list_is_cut_in_a_text(self) -> None:
        words = [f"тема {n}" for n in range(9)]
        assert text("topics", topics=words).endswith(": тема 0, тема 1, тема 2, тема 3 и ещё 5")

    def test_who_is_left_over_gets_a_reason_and_a_next_action(self) -> None:
        (left,) = match(school())["unmatched"]
        assert left["code"] == "Н-4"
        assert left["reason"] == "В этой форме наставничества нет ни одного свободного наставника"
        assert left["next_action"].startswith("Найти наставника этой формы")

    def test_without_feedback_the_proposal_follows_fit_alone(self) -> None:
        values = school()
        del values["feedback"]
        assert groups(match(values)) == {"М-1": ["Н-1"], "М-2": ["Н-2", "Н-3"]}

    def test_a_family_never_works_together_and_a_refused_combination_does_not_return(self) -> None:
        """М-2 is of Н-1's family; М-1 with Н-1 was sent back."""
        proposal = match(school(refused=[["М-1", ["Н-1"]]]))
        left = {each["code"]: each for each in proposal["unmatched"]}
        assert "Н-1" in left
        assert all("Н-1" not in mentees for mentees in groups(proposal).values())
        without_rule = match(school(refused=[["М-1", ["Н-1"]]], options={"policy": "coverage_first"}))
        assert "Н-1" in groups(without_rule)["М-2"]

    def test_groups_stay_within_seats_and_the_largest_size(self) -> None:
        proposal = match(school(options={"policy": "coverage_first", "never": [], "largest_group": 1}))
        assert all(len(row["mentees"]) == 1 for row in proposal["rows"])
        left = {each["code"]: each["reason"] for each in proposal["unmatched"]}
        assert any("мест – 2, претендентов – 3" in reason for reason in left.values())

    def test_a_portrait_that_is_not_met_keeps_a_person_out(self) -> None:
        values = school()
        values["eligible_forms"]["mentee"]["Н-1"] = []
        values["eligible_forms"]["mentor"]["М-2"] = []
        left = {each["code"]: each["reason"] for each in match(values)["unmatched"]}
        assert left["Н-1"] == "Наставляемый не подходит под требования своей формы наставничества"

    def test_nobody_is_their_own_mentor(self) -> None:
        values = school()
        values["mentees"]["rows"] = values["mentees"]["rows"][1:2]
        values["mentors"]["rows"] = [{**values["mentors"]["rows"][0], "code": "Н-2"}]
        (left,) = match(values)["unmatched"]
        assert left["reason"] == text("reason_own_mentee")

    def test_mentees_keep_the_code_of_their_group_and_new_groups_take_the_next_free_one(self) -> None:
        proposal = match(school(kept_codes={"Н-3": "Г-07"}, next_group=7))
        assert {row["group"]: row["mentors"] for row in proposal["rows"]} == {
            "Г-07": ["М-2"],
            "Г-08": ["М-1"],
        }

    def test_a_rule_that_is_not_known_is_not_ignored(self) -> None:
        with pytest.raises(KeyError):
            match(school(options={"policy": "mutual_first", "never": ["same_shoe_size"]}))

    def test_the_order_of_the_bases_changes_no_proposal(self) -> None:
        values = school()
        proposal = match(values)
        for side in ("mentees", "mentors"):
            values[side]["rows"].reverse()
        values["feedback"]["answers"].reverse()
        assert match(values) == proposal

    @some
    @given(st.integers(0, 10**9), st.sampled_from(POLICIES))
    def test_a_proposal_keeps_the_rules_it_is_checked_by_explains_each_pair_and_loses_nobody(
        self, seed: int, policy: str
    ) -> None:
        values = random_school(seed, policy)
        proposal = match(values)
        assert broken_rules(proposal, values) == []
        placed = [code for row in proposal["rows"] for code in row["mentees"]]
        left = [each["code"] for each in proposal["unmatched"]]
        assert sorted(placed + left) == sorted(row["code"] for row in values["mentees"]["rows"])
        for row in proposal["rows"]:
            explained = [(each["mentor"], each["mentee"]) for each in row["explanation"]]
            assert explained == [(row["mentors"][0], mentee) for mentee in row["mentees"]]
            for each in row["explanation"]:
                assert sum(each["parts"].values()) == each["score"]
                assert f"{each['mentee']} – {each['mentor']}: {each['reasons'][0]}" in why(row)
        assert all(each["reason"] and each["next_action"] for each in proposal["unmatched"])


class TestTableByHand:
    def test_a_good_table_breaks_no_rule(self) -> None:
        assert broken_rules(table(*GOOD), school()) == []

    @pytest.mark.parametrize(
        ("rows", "rule", "pointer"),
        [
            ([("Г-01", ["М-9"], ["Н-1"])], "unknown_mentor", [0, "mentors", 0]),
            ([("Г-01", ["М-1"], ["Н-1", "Н-9"])], "unknown_mentee", [0, "mentees", 1]),
            ([GOOD[0], ("Г-02", ["М-1"], ["Н-2", "Н-3"])], "mentor_over_slots", [0, "mentors", 0]),
            ([("Г-01", ["М-1", "М-1"], ["Н-1", "Н-2", "Н-3"])], "mentor_over_slots", [0, "mentors", 0]),
            ([*GOOD, ("Г-03", ["М-1"], ["Н-3"])], "mentee_twice", [2, "mentees", 0]),
            ([("Г-01", ["М-1"], ["Н-1", "Н-1"])], "mentee_twice", [0, "mentees", 1]),
            ([("Г-01", ["М-2"], ["Н-1"])], "same_family", [0, "mentees", 0]),
            ([GOOD[0], ("Г-01", ["М-2"], ["Н-2"])], "duplicate_group", [1, "group"]),
        ],
    )
    def test_each_hard_rule_that_a_table_breaks_is_named_with_its_place(
        self, rows: list[tuple[str, list[str], list[str]]], rule: str, pointer: list[str | int]
    ) -> None:
        found = broken_rules(table(*rows), school())
        assert [(each["rule"], each["pointer"]) for each in found] == [(rule, ["rows", *pointer])]
        assert all(text(each["rule"], language, **each["values"]) for each in found for language in LANGUAGES)

    def test_a_group_over_the_largest_size_is_named(self) -> None:
        values = school(options={"largest_group": 1})
        (found,) = broken_rules(table(*GOOD), values)
        assert found["rule"] == "group_too_large"
        assert found["values"] == {"group": "Г-02", "mentees": 2, "largest": 1}

    def test_another_form_and_a_portrait_not_met_are_both_named(self) -> None:
        values = school()
        values["eligible_forms"]["mentor"]["М-1"] = []
        found = broken_rules(table(("Г-01", ["М-1"], ["Н-4"])), values)
        assert [(each["rule"], each["values"]["code"]) for each in found] == [
            ("form_differs", "Н-4"),
            ("portrait_not_met", "Н-4"),
            ("portrait_not_met", "М-1"),
        ]

    def test_nobody_is_put_down_as_their_own_mentor_and_a_refused_combination_is_named(self) -> None:
        values = school(refused=[["М-1", ["Н-3"]]])
        values["mentors"]["rows"].append({**values["mentees"]["rows"][1], "slots": 1})
        found = broken_rules(table(("Г-01", ["Н-2"], ["Н-2"]), ("Г-02", ["М-1"], ["Н-3"])), values)
        assert [each["rule"] for each in found] == ["own_mentee", "refused"]

    def test_all_broken_rules_are_told_at_once_in_the_order_of_the_table(self) -> None:
        rows = ("Г-01", ["М-2"], ["Н-1", "Н-9"]), ("Г-01", ["М-2", "М-8"], ["Н-1"])
        found = broken_rules(table(*rows), school())
        assert [(each["pointer"][1], each["rule"]) for each in found] == [
            (0, "mentor_over_slots"),
            (0, "same_family"),
            (0, "unknown_mentee"),
            (1, "duplicate_group"),
            (1, "mentee_twice"),
            (1, "same_family"),
            (1, "unknown_mentor"),
        ]


class TestHouse:
    def test_each_text_stands_in_every_language_with_the_same_values(self) -> None:
        source = yaml.safe_load((files("schemas") / "messages" / "matching.yaml").read_text("utf-8"))
        for name, texts in source.items():
            assert set(texts) == set(LANGUAGES), name
            fields = [{f for _, f, _, _ in string.Formatter().parse(each) if f} for each in texts.values()]
            assert fields[0] == fields[1], name
        reasons = {name.removeprefix("reason_") for name in source if name.startswith("reason_")}
        assert reasons == {name.removeprefix("next_") for name in source if name.startswith("next_")}
        assert set(NEVER) <= reasons

    def test_nothing_heavy_is_loaded_before_something_is_solved(self) -> None:
        code = (
            "import sys, tasks.matching; print({'ortools', 'numpy', 'pandas', 'prefect'} & set(sys.modules))"
        )
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "set()"
