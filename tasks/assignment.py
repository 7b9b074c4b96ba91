"""Who works with whom: the best assignment of mentees to mentors' seats, and why some are left without.

Two policies. `coverage_first` is the lexicographic maximum of (matched, kept, mutual, one-sided, score).
`mutual_first` is a weakly stable matching of the pairs that named each other, then the same maximum on the
seats that are still free. Everything is sorted by id before it is looked at, so rows may come in any order.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from tasks.assignment_problem import Json, Matter, Pair

NOT_NAMED = 1 << 30  # a rank worse than any other
_INT64 = 1 << 62


def solve(problem: Mapping[str, Any]) -> Json:
    """Solve a problem that `check_problem` finds nothing wrong with; issue 6 has both shapes.

    Minimum sizes are met by closing the smallest short group and solving again. That is a heuristic: when
    `closed` names a mentor, the result is not claimed to be optimal. A lock goes before a minimum.
    """
    matter = Matter.of(problem)
    closed: set[str] = set()
    while True:
        placed = _place(matter, closed)
        load = Counter(placed.values())
        held = set(matter.locked.values())
        short = [each for each in matter.mentors if 0 < load[each] < matter.lowest[each] and each not in held]
        if not short:
            return _told(matter, placed, closed)
        closed.add(min(short, key=lambda each: (load[each], each)))


def _place(matter: Matter, closed: set[str]) -> dict[str, str]:
    placed = dict(matter.locked)
    if matter.stable:
        placed |= _stable_part(matter, placed, _room(matter, placed, closed))
    return placed | _best_part(matter, placed, _room(matter, placed, closed))


def _room(matter: Matter, placed: Mapping[str, str], closed: set[str]) -> dict[str, int]:
    load = Counter(placed.values())
    return {each: 0 if each in closed else matter.highest[each] - load[each] for each in matter.mentors}


def _stable_part(matter: Matter, placed: Mapping[str, str], room: Mapping[str, int]) -> dict[str, str]:
    """Deferred acceptance on the pairs that named each other; the mentees ask."""
    held: dict[str, list[tuple[int, tuple[bool, int, str, str]]]] = {each: [] for each in matter.mentors}
    to_ask = {}
    for mentee in matter.mentees:
        pairs = [(mentee, mentor) for mentor in matter.allowed[mentee] if room[mentor]]
        pairs = [pair for pair in pairs if matter.mutual(pair)]
        pairs.sort(key=lambda pair: (matter.wish[pair], matter.dearness(pair)))
        to_ask[mentee] = deque(mentor for _, mentor in pairs)
    asking = deque(each for each in matter.mentees if each not in placed)
    while asking:
        mentee = asking.popleft()
        if not to_ask[mentee]:
            continue
        mentor = to_ask[mentee].popleft()
        pair = mentee, mentor
        insort(held[mentor], (matter.choice[pair], matter.dearness(pair)))
        if len(held[mentor]) > room[mentor]:
            asking.append(held[mentor].pop()[1][2])
    return {mentee: mentor for mentor, hold in held.items() for _, (_, _, mentee, _) in hold}


def _best_part(matter: Matter, placed: Mapping[str, str], room: Mapping[str, int]) -> dict[str, str]:
    """The free mentees on the free seats: most matched, then the tiers, by a flow of least cost."""
    free = [each for each in matter.mentees if each not in placed]
    pairs = [(mentee, mentor) for mentee in free for mentor in matter.allowed[mentee] if room[mentor]]
    if not pairs:
        return {}
    import numpy as np
    from ortools.graph.python import min_cost_flow

    number = {each: index for index, each in enumerate(free, 1)}
    seat = {each: index for index, each in enumerate(matter.mentors, len(free) + 1)}
    sink = len(free) + len(matter.mentors) + 1
    most = min(len(free), sum(room.values()))
    weights = np.array(_weights(matter, pairs, most, sink + 1), dtype=np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.array([number[mentee] for mentee, _ in pairs]),
        np.array([seat[mentor] for _, mentor in pairs]),
        np.ones(len(pairs), dtype=np.int64),
        weights.max() - weights,  # as many pairs in every largest flow, so the shift changes nothing
    )
    for index in number.values():
        flow.add_arc_with_capacity_and_unit_cost(0, index, 1, 0)
    for mentor, index in seat.items():
        flow.add_arc_with_capacity_and_unit_cost(index, sink, min(room[mentor], most), 0)
    flow.set_node_supply(0, most)
    flow.set_node_supply(sink, -most)
    status = flow.solve_max_flow_with_min_cost()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"min-cost flow ended with {status}")
    return {pairs[index][0]: pairs[index][1] for index in np.flatnonzero(flow.flows(arcs))}


def _weights(matter: Matter, pairs: list[Pair], most: int, nodes: int) -> list[int]:
    """A number per pair; sums over at most `most` pairs order like (kept, mutual, one-sided, score)."""
    scores = [matter.scores.get(pair, 0) for pair in pairs]
    one_sided = most * max(scores) + 1
    mutual = one_sided * (most + 1)
    kept = mutual * (most + 1) if matter.previous else 0
    if (kept + mutual + one_sided) * nodes >= _INT64:
        raise OverflowError("the tiers of this problem don't fit 64 bits")
    return [
        kept * (pair in matter.previous)
        + (mutual if matter.mutual(pair) else one_sided * matter.named(pair))
        + score
        for pair, score in zip(pairs, scores, strict=True)
    ]


def _told(matter: Matter, placed: Mapping[str, str], closed: set[str]) -> Json:
    pairs: list[Json] = [
        {
            "mentee": mentee,
            "mentor": mentor,
            "mutual": matter.mutual((mentee, mentor)),
            "named_by": [
                side
                for side, ranks in (("mentee", matter.wish), ("mentor", matter.choice))
                if (mentee, mentor) in ranks
            ],
            "score": matter.scores.get((mentee, mentor), 0),
        }
        for mentee, mentor in sorted(placed.items())
    ]
    objective = {
        "matched": len(pairs),
        "mutual": sum(len(each["named_by"]) == 2 for each in pairs),
        "one_sided": sum(len(each["named_by"]) == 1 for each in pairs),
        "score": sum(each["score"] for each in pairs),
    }
    if matter.previous:
        objective["kept"] = sum(pair in matter.previous for pair in placed.items())
    busy = set(placed.values())
    return {
        "pairs": pairs,
        "unmatched": [
            {"mentee": each, **_reason(matter, placed, closed, each)}
            for each in matter.mentees
            if each not in placed
        ],
        "idle_mentors": [each for each in matter.mentors if each not in busy and matter.highest[each]],
        "objective": objective,
        "blocking": [list(pair) for pair in _blocking(matter, placed)],
        "closed": sorted(closed),
    }


def _blocking(matter: Matter, placed: Mapping[str, str]) -> list[Pair]:
    """The pairs that named each other and would both rather be together; locks stay as they are.

    A seat of a mentor with nobody counts only where one mentee alone may be a group.
    """
    load = Counter(placed.values())
    worst: dict[str, int] = {}
    for mentee, mentor in placed.items():
        if mentee not in matter.locked:
            rank = matter.choice.get((mentee, mentor), NOT_NAMED)
            worst[mentor] = max(worst.get(mentor, -1), rank)
    found = []
    for mentee in matter.mentees:
        if mentee in matter.locked:
            continue
        got = matter.wish.get((mentee, placed[mentee]), NOT_NAMED) if mentee in placed else NOT_NAMED
        for mentor in matter.allowed[mentee]:
            pair = mentee, mentor
            if not matter.mutual(pair) or matter.wish[pair] >= got:
                continue
            opened = load[mentor] > 0 or matter.lowest[mentor] <= 1
            if (opened and load[mentor] < matter.highest[mentor]) or matter.choice[pair] < worst.get(
                mentor, -1
            ):
                found.append(pair)
    return found


def _reason(matter: Matter, placed: Mapping[str, str], closed: set[str], mentee: str) -> Json:
    """Exactly one reason why a mentee has nobody, with the values that prove it."""
    if not matter.eligible[mentee]:
        removed = dict(sorted(matter.removed.get(mentee, {}).items()))
        rule = max(removed, key=lambda each: removed[each]) if removed else None
        return {"reason": "nobody_eligible", "detail": {"rule": rule, "removed": removed}}
    if not matter.allowed[mentee]:
        return {"reason": "never_only", "detail": {"mentors": matter.eligible[mentee]}}

    load = Counter(placed.values())
    sitting: dict[str, list[str]] = {each: [] for each in matter.mentors}
    for other, mentor in sorted(placed.items()):
        if other not in matter.locked:
            sitting[mentor].append(other)
    # Whoever could get a seat if somebody moved is reached; no free seat among them is Hall's proof.
    moved_by: dict[str, str] = {}  # mentor → the mentee who would come
    competing = [mentee]
    for other in competing:  # grows while it is read
        for mentor in matter.allowed[other]:
            if mentor in moved_by:
                continue
            moved_by[mentor] = other
            if mentor not in closed and load[mentor] < matter.highest[mentor]:
                chain = _chain(moved_by, placed, mentor, mentee)
                return {"reason": "lost_to_others", "detail": {"chain": chain, "free_seat": mentor}}
            competing += sitting[mentor]
    mentors = sorted(moved_by)
    shut = [each for each in mentors if each in closed]
    if shut:
        return {"reason": "group_too_small", "detail": {"mentors": shut}}
    locked = Counter(matter.locked.values())
    seats = sum(matter.highest[each] - locked[each] for each in mentors)
    return {
        "reason": "seats_short",
        "detail": {"competitors": sorted(competing), "mentors": mentors, "seats": seats},
    }


def _chain(moved_by: Mapping[str, str], placed: Mapping[str, str], mentor: str, mentee: str) -> list[str]:
    """The mentees who would have to move for `mentee` to get a seat, the nearest first."""
    chain: list[str] = []
    while moved_by[mentor] != mentee:
        chain.append(moved_by[mentor])
        mentor = placed[moved_by[mentor]]
    return chain[::-1]
