"""Matching: the optimum against brute force, the laws it keeps, and what it says to people."""

from __future__ import annotations

import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.messages import LANGUAGES
from tasks.assignment import solve
from tasks.assignment_problem import POLICIES, check_problem
from tasks.fit import WORTH, Profile, desired_grades, fit
from tasks.matching import NEVER, broken_rules, match, text, why

Json = dict[str, Any]
many = settings(max_examples=700, deadline=None)
some = settings(max_examples=100, deadline=None)


# Problems and a second opinion on them, which shares no code with the solver.


def make_problem(
    seed: int,
    mentees: int,
    mentors: int,
    policy: str,
    *,
    strict: bool = False,
    locks: bool = True,
    minimums: bool = False,
    previous: bool = True,
) -> Json:
    """A random small problem; the same arguments make the same one."""
    random = Random(seed)
    people = {"mentees": [f"н{n}" for n in range(mentees)], "mentors": [f"м{n}" for n in range(mentors)]}
    pairs = list(product(*people.values()))
    talkative = random.choice([0.1, 0.3, 0.6])

    def wants(names: list[str]) -> list[list[str]]:
        named = [name for name in names if random.random() < talkative]
        random.shuffle(named)
        tiers: list[list[str]] = []
        for name in named:
            if strict or not tiers or random.random() < 0.6:
                tiers.append([name])
            else:
                tiers[-1].append(name)
        return tiers

    def some_of(share: float) -> list[list[Any]]:
        return [list(pair) for pair in pairs if random.random() < share]

    capacity = [random.choice([0, 1, 1, 2, 3]) for _ in people["mentors"]]
    problem: Json = {
        "policy": policy,
        "mentees": [{"id": each, "wants": wants(people["mentors"])} for each in people["mentees"]],
        "mentors": [
            {
                "id": each,
                "capacity": {"min": random.randint(0, seats) if minimums else 0, "max": seats},
                "wants": wants(people["mentees"]),
            }
            for each, seats in zip(people["mentors"], capacity, strict=True)
        ],
        "scores": [[*pair, random.choice([0, 1, 5000, 10000])] for pair in some_of(0.8)],
        "never": some_of(0.15),
    }
    if random.random() < 0.7:
        problem["eligible"] = some_of(0.7) or [list(pair) for pair in pairs]
    if previous and random.random() < 0.3:
        problem["previous"] = some_of(0.3)
    if locks and random.random() < 0.4:
        problem["locked"] = []
        room = dict(zip(people["mentors"], capacity, strict=True))
        for mentee, mentor in random.sample(allowed_pairs(problem), min(2, len(allowed_pairs(problem)))):
            if room[mentor] and mentee not in dict(problem["locked"]):
                problem["locked"].append([mentee, mentor])
                room[mentor] -= 1
    return problem


def problems(mentees: int = 5, mentors: int = 3, policy: str = "", **how: bool) -> st.SearchStrategy[Json]:
    """Random problems up to a size."""
    return st.builds(
        lambda seed, n, m, chosen: make_problem(seed, n, m, chosen, **how),
        st.integers(0, 10**9),
        st.integers(1, mentees),
        st.integers(1, mentors),
        st.just(policy) if policy else st.sampled_from(POLICIES),
    )


def allowed_pairs(problem: Json) -> list[tuple[str, str]]:
    """Eligible and not on the never list."""
    eligible = problem.get("eligible")
    if eligible is None:
        eligible = [[a["id"], b["id"]] for a in problem["mentees"] for b in problem["mentors"]]
    return [(a, b) for a, b in eligible if [a, b] not in problem.get("never", [])]


def ranks(problem: Json, side: str) -> dict[tuple[str, str], int]:
    """(who, whom) → rank."""
    return {
        (each["id"], name): rank
        for each in problem[side]
        for rank, tied in enumerate(each["wants"])
        for name in tied
    }


def assignments(problem: Json, locked: dict[str, str]) -> Iterator[dict[str, str]]:
    """Each assignment that keeps eligibility, never, locks and the greatest sizes."""
    choices = []
    for mentee in (each["id"] for each in problem["mentees"]):
        free = [None, *(b for a, b in allowed_pairs(problem) if a == mentee)]
        choices.append([(mentee, b) for b in ([locked[mentee]] if mentee in locked else free)])
    seats = {each["id"]: each["capacity"]["max"] for each in problem["mentors"]}
    for chosen in product(*choices):
        placed = {a: b for a, b in chosen if b is not None}
        if all(load <= seats[mentor] for mentor, load in Counter(placed.values()).items()):
            yield placed


def worth(problem: Json, placed: dict[str, str]) -> tuple[int, ...]:
    """(matched, kept, mutual, one-sided, score)."""
    wish, choice = ranks(problem, "mentees"), ranks(problem, "mentors")
    named = [((a, b) in wish) + ((b, a) in choice) for a, b in placed.items()]
    scores = {(a, b): score for a, b, score in problem["scores"]}
    kept = sum([a, b] in problem.get("previous", []) for a, b in placed.items())
    total = sum(scores.get(pair, 0) for pair in placed.items())
    return len(placed), kept, named.count(2), named.count(1), total


def told_worth(solution: Json) -> tuple[int, ...]:
    """`worth` as the solution tells it."""
    told = solution["objective"]
    return told["matched"], told.get("kept", 0), told["mutual"], told["one_sided"], told["score"]


def blocking(problem: Json, placed: dict[str, str], locked: dict[str, str]) -> list[list[str]]:
    """The mutually named pairs that would both rather be together."""
    wish, choice = ranks(problem, "mentees"), ranks(problem, "mentors")
    found = []
    for mentee, mentor in sorted(allowed_pairs(problem)):
        if mentee in locked or (mentee, mentor) not in wish or (mentor, mentee) not in choice:
            continue
        has = wish.get((mentee, placed[mentee]), 99) if mentee in placed else 99
        with_mentor = [a for a, b in placed.items() if b == mentor]
        room = next(each["capacity"] for each in problem["mentors"] if each["id"] == mentor)
        can_start = bool(with_mentor) or room["min"] < 2
        free = len(with_mentor) < room["max"] and can_start
        worse = [a for a in with_mentor if a not in locked]
        worse = [a for a in worse if choice.get((mentor, a), 99) > choice[mentor, mentee]]
        if wish[mentee, mentor] < has and (free or worse):
            found.append([mentee, mentor])
    return found


def placed_by(solution: Json) -> dict[str, str]:
    """Mentee → mentor."""
    return {each["mentee"]: each["mentor"] for each in solution["pairs"]}


def stable_part(problem: Json, solution: Json) -> dict[str, str]:
    """The mutual pairs, and the locked ones."""
    mutual = {each["mentee"]: each["mentor"] for each in solution["pairs"] if each["mutual"]}
    return mutual | dict(problem.get("locked", []))


def school(**changes: Any) -> Json:
    """Two pupils' mentors, three pupils, a teacher without a mentor."""

    def row(code: str, **more: Any) -> Json:
        return {"code": code, "form": "pupil_pupil", "name": "Имя Фамилия", **more}

    return {
        "mentees": {
            "rows": [
                row("Н-1", topics=["Алгебра", "ОГЭ"], interests=["шахматы"], grade=7, family="с1"),
                row("Н-2", topics=["физика"], interests=[], grade=8),
                row("Н-3", topics=["физика"], interests=["Футбол"], grade=8),
                row("Н-4", form="teacher_teacher"),
            ]
        },
        "mentors": {
            "rows": [
                row(
                    "М-1",
                    competences=["алгебра"],
                    interests=["Шахматы"],
                    desired_grades="7–8",
                    seats=2,
                    slots=2,
                ),
                row("М-2", competences=["физика"], desired_grades="9+", seats=2, slots=2, family="с1"),
            ]
        },
        "feedback": {
            "answers": [
                {"code": "Н-1", "status": "answered", "answers": {"mentors_wanted": ["М-1"]}},
                {"code": "М-1", "status": "answered", "answers": {"mentees_wanted": ["Н-1", "Н-9"]}},
                {"code": "Н-2", "status": "answered", "answers": {"mentors_wanted": ["М-2"]}},
                {"code": "М-2", "status": "no_answer"},
            ]
        },
        "eligible_forms": {
            "mentor": {code: ["pupil_pupil"] for code in ("М-1", "М-2", "Н-2", "Н-3")},
            "mentee": {
                "Н-1": ["pupil_pupil"],
                "Н-2": ["pupil_pupil"],
                "Н-3": ["pupil_pupil"],
                "Н-4": ["teacher_teacher"],
            },
        },
        "refused": [],
        "kept_codes": {},
        "next_group": 1,
        "group_code": "Г-{:02d}",
        "options": {"policy": "mutual_first", "never": ["same_family"], "largest_group": 4},
        **changes,
    }


def groups(proposal: Json) -> dict[str, list[str]]:
    """Mentor → mentees."""
    return {row["mentors"][0]: row["mentees"] for row in proposal["rows"]}


def random_school(seed: int, policy: str) -> Json:
    """The values of a matching task, at random."""
    random = Random(seed)
    forms, words = ["pupil_pupil", "student_pupil"], ["физика", "алгебра", "ОГЭ", "спорт", "музыка"]

    def people(letter: str, count: int, **more: Any) -> list[Json]:
        return [
            {
                "code": f"{letter}-{n:02}",
                "form": random.choice(forms),
                "family": random.choice(["", "", "с1", "с2"]),
                "topics": random.sample(words, 2),
                "competences": random.sample(words, 2),
                "interests": random.sample(words, 2),
                "grade": random.choice([None, 7, "8А"]),
                "desired_grades": random.choice(["", "7-8", "10+", "любой"]),
                **{key: random.randint(*ends) for key, ends in more.items()},
            }
            for n in range(count)
        ]

    mentees = people("Н", random.randint(0, 12))
    mentors = people("М", random.randint(0, 5), seats=(0, 4))
    codes = [row["code"] for row in mentees + mentors]
    named = [
        {"code": code, "answers": {key: random.sample(codes, min(3, len(codes)))}}
        for code in codes
        for key in ("mentors_wanted", "mentees_wanted")
    ]
    return {
        "mentees": {"rows": mentees},
        "mentors": {"rows": [{**row, "slots": row["seats"]} for row in mentors]},
        "feedback": {"answers": named},
        "eligible_forms": {
            side: {code: random.sample(forms, random.choice([1, 2, 2])) for code in codes}
            for side in ("mentor", "mentee")
        },
        "refused": [[m["code"], [n["code"]]] for m in mentors for n in mentees if random.random() < 0.1],
        "next_group": 1,
        "options": {"policy": policy, "never": ["same_family"], "largest_group": random.choice([1, 3, None])},
    }


def table(*rows: tuple[str, list[str], list[str]]) -> Json:
    """A table of pairs as a curator hands it in."""
    return {
        "rows": [
            {"group": group, "form": "pupil_pupil", "mentors": mentors, "mentees": mentees}
            for group, mentors, mentees in rows
        ]
    }


GOOD = ("Г-01", ["М-1"], ["Н-1"]), ("Г-02", ["М-2"], ["Н-2", "Н-3"])


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
