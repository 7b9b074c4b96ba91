"""Problems of matching, and a second opinion on them, which shares no code with the solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from tasks.assignment_problem import POLICIES

Json = dict[str, Any]
many = settings(max_examples=700)
some = settings(max_examples=100)


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
