"""The assignment: the optimum against brute force, the laws it keeps, and problems that are refused."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matching_problems import (
    Json,
    allowed_pairs,
    assignments,
    blocking,
    make_problem,
    placed_by,
    problems,
    ranks,
    stable_part,
    told_worth,
    worth,
)

from tasks.assignment import solve
from tasks.assignment_problem import POLICIES, check_problem

many = settings(max_examples=700)
some = settings(max_examples=100)


class TestOptimum:
    @many
    @given(problems(policy="coverage_first"))
    def test_coverage_first_is_the_lexicographic_optimum_of_brute_force(self, problem: Json) -> None:
        solution = solve(problem)
        every = assignments(problem, dict(problem.get("locked", [])))
        assert told_worth(solution) == max(worth(problem, placed) for placed in every)

    @pytest.mark.parametrize(
        ("once", "thrice"), [("kept", "mutual"), ("mutual", "one_sided"), ("one_sided", "score")]
    )
    def test_one_of_a_tier_outweighs_any_number_of_the_next(self, once: str, thrice: str) -> None:
        """Two ways to seat three: in one a single pair has `once`, in the other each has `thrice`."""
        names = range(3)
        first, second = [(n, n) for n in names[:1]], [(n, (n + 1) % 3) for n in names]
        having: dict[str, list[tuple[int, int]]] = {once: first, thrice: second}
        mutual, named = having.get("mutual", []), having.get("mutual", []) + having.get("one_sided", [])
        problem = {
            "policy": "coverage_first",
            "mentees": [{"id": f"н{n}", "wants": [[f"м{b}"] for a, b in named if a == n]} for n in names],
            "mentors": [
                {
                    "id": f"м{n}",
                    "wants": [[f"н{a}"] for a, b in mutual if b == n],
                    "capacity": {"min": 0, "max": 1},
                }
                for n in names
            ],
            "eligible": [[f"н{a}", f"м{b}"] for a, b in [(n, n) for n in names] + second],
            "scores": [[f"н{a}", f"м{b}", 10_000] for a, b in having.get("score", [])],
            "previous": [[f"н{a}", f"м{b}"] for a, b in having.get("kept", [])],
        }
        assert [pair["mentor"] for pair in solve(problem)["pairs"]] == ["м0", "м1", "м2"]

    @many
    @given(problems(policy="mutual_first"))
    def test_mutual_first_leaves_nobody_who_would_swap_and_fills_the_rest_optimally(
        self, problem: Json
    ) -> None:
        solution = solve(problem)
        assert solution["blocking"] == []
        every = assignments(problem, stable_part(problem, solution))
        assert told_worth(solution) == max(worth(problem, placed) for placed in every)

    @many
    @given(problems(policy="mutual_first", strict=True, locks=False))
    def test_with_strict_ranks_no_stable_matching_gives_a_mentee_a_better_mutual_mentor(
        self, problem: Json
    ) -> None:
        wish, choice = ranks(problem, "mentees"), ranks(problem, "mentors")
        mutual = [[a, b] for a, b in allowed_pairs(problem) if (a, b) in wish and (b, a) in choice]
        only_mutual = {**problem, "eligible": mutual}
        ours = stable_part(problem, solve(problem))
        for placed in assignments(only_mutual, {}):
            if not blocking(only_mutual, placed, {}):
                for mentee, mentor in placed.items():
                    assert wish[mentee, ours[mentee]] <= wish[mentee, mentor]

    @many
    @given(problems())
    def test_what_is_told_about_a_solution_is_true(self, problem: Json) -> None:
        """Objective, who named whom, blocking pairs and idle mentors agree with an independent count."""
        solution = solve(problem)
        locked, placed = dict(problem.get("locked", [])), placed_by(solution)
        wish, choice = ranks(problem, "mentees"), ranks(problem, "mentors")
        assert told_worth(solution) == worth(problem, placed)
        assert solution["blocking"] == blocking(problem, placed, locked)
        for each in solution["pairs"]:
            sides = ["mentee"] * ((each["mentee"], each["mentor"]) in wish)
            sides += ["mentor"] * ((each["mentor"], each["mentee"]) in choice)
            assert (each["named_by"], each["mutual"]) == (sides, len(sides) == 2)
        idle = {each["id"] for each in problem["mentors"] if each["capacity"]["max"]} - set(placed.values())
        assert solution["idle_mentors"] == sorted(idle)

    @many
    @given(problems(minimums=True))
    def test_hard_rules_hold_locks_are_there_and_nobody_is_lost(self, problem: Json) -> None:
        solution = solve(problem)
        placed, load = placed_by(solution), Counter(placed_by(solution).values())
        assert set(placed.items()) <= set(allowed_pairs(problem))
        assert set(dict(problem.get("locked", [])).items()) <= set(placed.items())
        missing = [each["mentee"] for each in solution["unmatched"]]
        assert sorted([*placed, *missing]) == sorted(each["id"] for each in problem["mentees"])
        held = dict(problem.get("locked", [])).values()
        for each in problem["mentors"]:
            seats = each["capacity"]
            assert load[each["id"]] <= seats["max"]
            assert not load[each["id"]] or load[each["id"]] >= seats["min"] or each["id"] in held

    @many
    @given(problems(minimums=True, locks=False))
    def test_minimum_sizes_cost_optimality_only_where_a_mentor_is_named_as_closed(
        self, problem: Json
    ) -> None:
        solution = solve(problem)
        least = {each["id"]: each["capacity"]["min"] for each in problem["mentors"]}

        def big_enough(placed: dict[str, str]) -> bool:
            return all(load >= least[mentor] for mentor, load in Counter(placed.values()).items())

        assert solution["blocking"] == [] or problem["policy"] == "coverage_first"
        fixed = stable_part(problem, solution) if problem["policy"] == "mutual_first" else {}
        best = max(worth(problem, placed) for placed in assignments(problem, fixed) if big_enough(placed))
        assert told_worth(solution) <= best
        assert told_worth(solution) == best or solution["closed"]


class TestLaws:
    @some
    @given(problems(minimums=True), st.integers(0, 10**9))
    def test_the_order_of_rows_changes_nothing(self, problem: Json, seed: int) -> None:
        random = Random(seed)

        def shuffled(rows: list[Any]) -> list[Any]:
            return random.sample(rows, len(rows))

        other = {key: shuffled(rows) if isinstance(rows, list) else rows for key, rows in problem.items()}
        for side in ("mentees", "mentors"):
            other[side] = [{**each, "wants": [shuffled(t) for t in each["wants"]]} for each in other[side]]
        assert solve(other) == solve(problem)

    @some
    @given(problems(policy="coverage_first"), st.integers(0, 10**9))
    def test_other_ids_give_an_equal_optimum(self, problem: Json, seed: int) -> None:
        ids = [each["id"] for side in ("mentees", "mentors") for each in problem[side]]
        new = dict(zip(ids, Random(seed).sample([f"р{n}" for n in range(len(ids))], len(ids)), strict=True))

        def renamed(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: renamed(each) for key, each in value.items()}
            return [renamed(each) for each in value] if isinstance(value, list) else new.get(value, value)

        assert solve(renamed(problem))["objective"] == solve(problem)["objective"]

    @some
    @given(problems(policy="coverage_first"), st.integers(0, 10**9))
    def test_one_more_seat_or_eligible_pair_never_lowers_coverage(self, problem: Json, seed: int) -> None:
        random = Random(seed)
        before = solve(problem)["objective"]["matched"]
        mentors = [{**each, "capacity": dict(each["capacity"])} for each in problem["mentors"]]
        random.choice(mentors)["capacity"]["max"] += 1
        assert solve({**problem, "mentors": mentors})["objective"]["matched"] >= before
        if problem.get("eligible"):
            pair = [random.choice(problem["mentees"])["id"], random.choice(mentors)["id"]]
            wider = [*problem["eligible"], *([pair] if pair not in problem["eligible"] else [])]
            assert solve({**problem, "eligible": wider})["objective"]["matched"] >= before

    @some
    @given(problems(policy="mutual_first", strict=True, locks=False, previous=False), st.integers(0, 10**9))
    def test_with_strict_ranks_one_more_seat_gives_no_mentee_a_worse_mutual_mentor(
        self, problem: Json, seed: int
    ) -> None:
        wish = ranks(problem, "mentees")
        before = stable_part(problem, solve(problem))
        mentors = [{**each, "capacity": dict(each["capacity"])} for each in problem["mentors"]]
        Random(seed).choice(mentors)["capacity"]["max"] += 1
        after = stable_part(problem, solve({**problem, "mentors": mentors}))
        for mentee, mentor in before.items():
            assert wish[mentee, after[mentee]] <= wish[mentee, mentor]

    @some
    @given(problems())
    def test_a_result_that_is_locked_comes_out_again(self, problem: Json) -> None:
        solution = solve(problem)
        locked = [[each["mentee"], each["mentor"]] for each in solution["pairs"]]
        again = solve({**problem, "locked": locked})
        assert (again["pairs"], again["objective"]) == (solution["pairs"], solution["objective"])

    @some
    @given(problems(mentees=8, mentors=5, policy="coverage_first", locks=False, previous=False))
    def test_when_a_mentor_leaves_what_was_there_is_kept_at_the_same_coverage(self, problem: Json) -> None:
        assume(len(problem["mentors"]) > 1)
        before = solve(problem)
        gone = problem["mentors"][0]["id"]
        left = {
            key: [row for row in rows if gone not in row] for key, rows in problem.items() if key != "policy"
        }
        left["mentors"] = problem["mentors"][1:]
        left["mentees"] = [
            {**each, "wants": [[name for name in tied if name != gone] for tied in each["wants"]]}
            for each in problem["mentees"]
        ]
        left["policy"] = problem["policy"]
        survived = {(a, b) for a, b in placed_by(before).items() if b != gone}
        free = solve(left)
        kept = solve({**left, "previous": [list(pair) for pair in sorted(survived)]})
        assert kept["objective"]["matched"] == free["objective"]["matched"]
        assert len(survived & set(placed_by(kept).items())) >= len(survived & set(placed_by(free).items()))

    def test_a_whole_school_is_solved_without_a_word_and_without_loss(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """200 mentees and 60 mentors: every seat is taken, nothing is printed."""
        for policy in POLICIES:
            problem = make_problem(7, 200, 60, policy, locks=False)
            solution = solve({**problem, "eligible": None, "never": []})
            seats = sum(each["capacity"]["max"] for each in problem["mentors"])
            assert solution["objective"]["matched"] == min(200, seats)
        assert capfd.readouterr() == ("", "")

    def test_tiers_that_do_not_fit_64_bits_are_refused_and_never_wrapped(self) -> None:
        names = [f"{n:07}" for n in range(200_000)]
        problem = {
            "policy": "coverage_first",
            "mentees": [{"id": name} for name in names],
            "mentors": [{"id": "м", "capacity": {"min": 0, "max": 200_000}}],
            "scores": [[name, "м", 10_000] for name in names],
            "previous": [[names[0], "м"]],
        }
        with pytest.raises(OverflowError):
            solve(problem)


class TestBadProblems:
    @some
    @given(problems(minimums=True))
    def test_a_good_problem_has_no_remarks(self, problem: Json) -> None:
        assert check_problem(problem) == []

    def test_everything_wrong_with_a_problem_is_told_at_once(self) -> None:
        problem = {
            "policy": "best",
            "mentees": [{"id": "н1", "wants": [["м1"], ["м1", "м9"]]}, {"id": "н2"}, {"id": "н2"}],
            "mentors": [
                {"id": "м1", "capacity": {"min": 3, "max": 1}, "wants": []},
                {"id": "м2", "capacity": {"min": 0, "max": 1}},
            ],
            "eligible": [["н1", "м1"], ["н2", "м1"], ["н8", "м8"]],
            "scores": [["н1", "м1", 10001], ["н1", "м1", 3]],
            "never": [["н1", "м1"]],
            "locked": [["н1", "м1"], ["н2", "м1"], ["н2", "м2"]],
        }
        assert Counter(code for code, _ in check_problem(problem)) == {
            "unknown_policy": 1,
            "duplicate_id": 1,
            "unknown_id": 3,
            "named_twice": 1,
            "min_over_max": 1,
            "duplicate_pair": 1,
            "score_out_of_range": 1,
            "locked_against_never": 1,
            "locked_not_eligible": 1,
            "locked_over_max": 1,
            "mentee_locked_twice": 1,
        }
        assert ("nobody_eligible", {}) in check_problem({**problem, "eligible": []})
