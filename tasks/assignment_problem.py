"""What an assignment is asked for: who may be with whom, who named whom, and what is wrong with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Pair = tuple[str, str]  # mentee, mentor
Json = dict[str, Any]

POLICIES = ("mutual_first", "coverage_first")
TOP_SCORE = 10_000


def check_problem(problem: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """Everything that is wrong with a problem of the right shape: codes with the values they are about."""
    found: list[tuple[str, Json]] = []
    if problem.get("policy") not in POLICIES:
        found.append(("unknown_policy", {"policy": problem.get("policy"), "known": list(POLICIES)}))
    known: dict[str, set[str]] = {}
    for side, other in (("mentees", "mentors"), ("mentors", "mentees")):
        people, known[other] = problem[side], {each["id"] for each in problem[other]}
        repeated = Counter(each["id"] for each in people)
        found += [("duplicate_id", {"in": side, "id": each}) for each, times in repeated.items() if times > 1]
        for person in people:
            named = Counter(name for tied in person.get("wants", []) for name in tied)
            place = {"in": f"{side}.wants", "of": person["id"]}
            found += [("unknown_id", {**place, "id": each}) for each in named if each not in known[other]]
            found += [("named_twice", {**place, "id": each}) for each, times in named.items() if times > 1]
    room = {each["id"]: each["capacity"] for each in problem["mentors"]}
    for mentor, seats in room.items():
        if seats["min"] < 0 or seats["min"] > seats["max"]:
            found.append(("min_over_max", {"mentor": mentor, "min": seats["min"], "max": seats["max"]}))
    tables: dict[str, Counter[Pair]] = {}
    for name in ("eligible", "scores", "never", "locked", "previous"):
        rows = problem.get(name) or []
        table = tables[name] = Counter((row[0], row[1]) for row in rows)
        for mentee, mentor in table:
            if mentee not in known["mentees"]:
                found.append(("unknown_id", {"in": name, "of": "mentees", "id": mentee}))
            if mentor not in known["mentors"]:
                found.append(("unknown_id", {"in": name, "of": "mentors", "id": mentor}))
        found += [
            ("duplicate_pair", {"in": name, "mentee": mentee, "mentor": mentor})
            for (mentee, mentor), times in table.items()
            if times > 1
        ]
    if problem.get("eligible") == []:
        found.append(("nobody_eligible", {}))
    for mentee, mentor, score in problem.get("scores") or []:
        if not 0 <= score <= TOP_SCORE:
            found.append(("score_out_of_range", {"mentee": mentee, "mentor": mentor, "score": score}))
    return sorted(
        found + _wrong_locks(tables, room, problem.get("eligible") is not None),
        key=lambda each: (each[0], [str(value) for value in each[1].values()]),
    )


def _wrong_locks(
    tables: Mapping[str, Counter[Pair]], room: Mapping[str, Any], limited: bool
) -> list[tuple[str, Json]]:
    found: list[tuple[str, Json]] = []
    for mentee, mentor in tables["locked"]:
        values: Json = {"mentee": mentee, "mentor": mentor}
        if (mentee, mentor) in tables["never"]:
            found.append(("locked_against_never", values))
        if limited and (mentee, mentor) not in tables["eligible"]:
            found.append(("locked_not_eligible", values))
    for mentee, times in Counter(pair[0] for pair in tables["locked"]).items():
        if times > 1:
            found.append(("mentee_locked_twice", {"mentee": mentee}))
    for mentor, times in Counter(pair[1] for pair in tables["locked"]).items():
        if mentor in room and times > room[mentor]["max"]:
            values = {"mentor": mentor, "locked": times, "max": room[mentor]["max"]}
            found.append(("locked_over_max", values))
    return found


@dataclass(frozen=True, slots=True)
class Matter:
    """A problem made ready to ask: sorted ids, ranks, and who may be with whom."""

    stable: bool
    mentees: list[str]
    mentors: list[str]
    lowest: dict[str, int]
    highest: dict[str, int]
    wish: dict[Pair, int]  # the rank that the mentee gives
    choice: dict[Pair, int]  # the rank that the mentor gives
    eligible: dict[str, list[str]]
    allowed: dict[str, list[str]]  # eligible and not on the never list
    scores: dict[Pair, int]
    locked: dict[str, str]
    previous: frozenset[Pair]
    removed: Mapping[str, Mapping[str, int]]  # mentee → rule → how many mentors it removed

    @classmethod
    def of(cls, problem: Mapping[str, Any]) -> Matter:
        """Read a problem that `check_problem` finds nothing wrong with."""
        mentees = sorted(each["id"] for each in problem["mentees"])
        mentors = sorted(each["id"] for each in problem["mentors"])
        eligible: dict[str, list[str]] = {each: [] for each in mentees}
        if problem.get("eligible") is None:
            eligible = {each: mentors for each in mentees}
        else:
            for mentee, mentor in sorted((row[0], row[1]) for row in problem["eligible"]):
                eligible[mentee].append(mentor)
        never = {(row[0], row[1]) for row in problem.get("never") or []}
        return cls(
            stable=problem["policy"] == "mutual_first",
            mentees=mentees,
            mentors=mentors,
            lowest={each["id"]: each["capacity"]["min"] for each in problem["mentors"]},
            highest={each["id"]: each["capacity"]["max"] for each in problem["mentors"]},
            wish={
                (each["id"], name): rank
                for each in problem["mentees"]
                for rank, tied in enumerate(each.get("wants", []))
                for name in tied
            },
            choice={
                (name, each["id"]): rank
                for each in problem["mentors"]
                for rank, tied in enumerate(each.get("wants", []))
                for name in tied
            },
            eligible=eligible,
            allowed={me: [mentor for mentor in eligible[me] if (me, mentor) not in never] for me in mentees},
            scores={(row[0], row[1]): row[2] for row in problem.get("scores") or []},
            locked={row[0]: row[1] for row in problem.get("locked") or []},
            previous=frozenset((row[0], row[1]) for row in problem.get("previous") or []),
            removed=problem.get("removed") or {},
        )

    def mutual(self, pair: Pair) -> bool:
        """Whether both named each other."""
        return pair in self.wish and pair in self.choice

    def named(self, pair: Pair) -> bool:
        """Whether at least one named the other."""
        return pair in self.wish or pair in self.choice

    def dearness(self, pair: Pair) -> tuple[bool, int, str, str]:
        """What breaks a tie of ranks, least first: kept from before, the score, the ids."""
        return pair not in self.previous, -self.scores.get(pair, 0), *pair
