"""Which of two values of a definition is the stricter one, key by key.

A rule of the base stays implied by a stricter one: a deadline comes earlier, more is required, fewer may act.
What has no order here cannot be compared, so an overlay may not change it where only tightening is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import isodate

from schemas.document import kinds
from schemas.layers import ABSENT
from schemas.month_days import day_of, meant, month_day, of_year
from schemas.sources import Pointer

Compare = Callable[..., bool | None]  # None: the two have no order
Year = tuple[str, str]


def unit(path: Pointer, year: Year) -> tuple[Pointer, Compare] | None:
    """The rule around a place that can be compared as a whole, and how; None where there is none.

    `year` is the first and the last day of a programme's year, which say which of two days comes first.
    """
    found = kinds(path)
    for length in range(len(path), 0, -1):
        name, kind = str(path[length - 1]), found[length - 1]
        if kind == "id":
            parent = str(path[length - 2]) if length > 1 and found[length - 2] == "key" else ""
            compare = _MEMBERS.get(parent)
        else:
            inside = next((str(path[i]) for i in range(length - 2, -1, -1) if found[i] == "key"), "")
            compare = _WITHIN.get((inside, name)) or (_KEYS.get(name) if kind == "key" else None)
        if compare is _due:
            compare = partial(_due, year=year)
        if compare:
            return path[:length], _total(compare)
    return None


def _total(compare: Compare) -> Compare:
    """A comparison that finds no order in what has not the shape of a definition; the shape is told by itself."""

    def total(before: Any, after: Any) -> bool | None:
        try:
            return compare(before, after)
        except (AttributeError, TypeError, ValueError):
            return None

    return total


def number(direction: str) -> Compare:
    """Comparison of a param that declares which way is stricter: `higher` or `lower`."""

    def compare(before: Any, after: Any) -> bool | None:
        if isinstance(before, bool) != isinstance(after, bool):
            return None
        if isinstance(before, bool):
            return bool(after) >= bool(before) if direction == "higher" else bool(after) <= bool(before)
        if not (isinstance(before, int | float) and isinstance(after, int | float)):
            return None
        return bool(after >= before if direction == "higher" else after <= before)

    return compare


def _required(before: Any, after: Any) -> bool | None:
    return after is True or before in (ABSENT, False)


def _not_required(before: Any, after: Any) -> bool | None:
    return after in (ABSENT, False) or before is True


def _blocks(before: Any, after: Any) -> bool | None:
    return after in (ABSENT, True) or before is False


def _level(before: Any, after: Any) -> bool | None:
    order = {ABSENT: 0, "valid": 0, "approved": 1}
    return bool(order[after] >= order[before]) if before in order and after in order else None


def _same_level(before: Any, after: Any) -> bool | None:
    """What a gate asks of a paper; `approved` is not the stricter of the two.

    It waits for the gates that ask `valid`, so a gate that goes over to it approves that paper no more.
    """
    return True if before == after else False if before == "approved" else None


def _act(before: Any, after: Any) -> bool | None:
    return bool(before == "opinion" or after != "opinion")


def _documents(before: Any, after: Any) -> bool | None:
    """What a signature is given with: nothing of it may go."""
    old, new = ({} if each is ABSENT else each for each in (before, after))
    return all(_document(old.get(key, ABSENT), new.get(key, ABSENT)) for key in old.keys() | new.keys())


def _document(before: Any, after: Any) -> bool | None:
    order = {ABSENT: 0, "optional": 1, "required": 2}
    return bool(order[after] >= order[before]) if before in order and after in order else None


def _fewer(before: Any, after: Any) -> bool | None:
    """Roles that may do something: only some of those before."""
    if before is ABSENT:
        return False
    return after is ABSENT or (isinstance(after, list) and set(after) <= set(before))


def _more(before: Any, after: Any) -> bool | None:
    """What has to come first, or who may not sign: nothing of it may go."""
    old = set() if before is ABSENT else set(before)
    return isinstance(after, list) and old <= set(after)


def _audience(before: Any, after: Any) -> bool | None:
    if before is ABSENT:
        return isinstance(after, list)
    return isinstance(after, list) and set(after) <= set(before)


def _waive(before: Any, after: Any) -> bool | None:
    if before is ABSENT or after is ABSENT:
        return after is ABSENT
    return set(after.get("who", ())) <= set(before.get("who", ()))


def _requirement(before: Any, after: Any) -> bool | None:
    """An entry of `requires`: its level not lower, its waiver not wider; a check is compared by its text."""
    if after is ABSENT:
        return False
    if before is ABSENT:
        return True
    old = {"is": before} if isinstance(before, str) else before
    new = {"is": after} if isinstance(after, str) else after
    same_rule = all(old.get(key) == new.get(key) for key in ("check", "all_passed"))
    if not same_rule or ("is" in old) != ("is" in new):
        return None
    waived = _waive(old.get("waive", ABSENT), new.get("waive", ABSENT))
    return waived and _same_level(old.get("is", ABSENT), new.get("is", ABSENT))


def _check(before: Any, after: Any) -> bool | None:
    """An entry of `checks` or `enter`: it may come, and it may block."""
    if before is ABSENT or after is ABSENT:
        return before is ABSENT
    if any(before.get(key) != after.get(key) for key in ("check", "all_passed")):
        return None
    return _blocks(before.get("blocks", ABSENT), after.get("blocks", ABSENT))


def _added(before: Any, after: Any) -> bool | None:
    """A signature may come and may not go; what changes in one is compared by its own keys."""
    return True if before is ABSENT else False if after is ABSENT else None


def _due(before: Any, after: Any, year: Year) -> bool | None:
    """A deadline: the same kind, and never later. A month counts as 28 days at least and 31 at most."""
    if before is ABSENT or after is ABSENT:
        return before is ABSENT
    if "by" in before and "by" in after:
        if "calendar" in before and "calendar" not in after:
            return False  # no more by the last school day before it
        return _is_no_later(before["by"], after["by"], year)
    if "within" in before and "within" in after:
        if "calendar" in after and "calendar" not in before:
            return False
        old, new = _days(before["within"]), _days(after["within"])
        return new[1] <= old[0] or before["within"] == after["within"] if old and new else None
    return None


def _is_no_later(before: str, after: str, year: Year) -> bool:
    """Whether a day of the year comes no later than another, however late its task opens in the year.

    A day means the next to come unless it has just passed, so one that is put far back may come a year later.
    """
    first, last = of_year(2026, month_day(year[0]), month_day(year[1]))
    old, new = month_day(before), month_day(after)
    opening = first
    while opening <= last:
        due = meant(*old, opening, (first, last))
        if due >= opening and meant(*new, opening, (first, last)) > due:
            return False
        opening += timedelta(days=1)
    return (day_of(2026, *old) - day_of(2026, *new)).days % 365 <= _HALF_A_YEAR


def _days(text: str) -> tuple[float, float] | None:
    """The least and the most days of an ISO 8601 duration."""
    try:
        value = isodate.parse_duration(text)
    except (isodate.ISO8601Error, ValueError, TypeError):
        return None
    months = float(getattr(value, "years", 0) * 12 + getattr(value, "months", 0))
    rest = getattr(value, "tdelta", value).total_seconds() / 86400
    return (months * 28 + rest, months * 31 + rest) if months else (rest, rest)


def _shorter(before: Any, after: Any) -> bool | None:
    if before is ABSENT or after is ABSENT:
        return before is ABSENT
    old, new = _days(before), _days(after)
    return new[1] <= old[0] or before == after if old and new else None


_HALF_A_YEAR = 182

_KEYS: dict[str, Compare] = {
    "required": _required,
    "optional": _not_required,
    "blocks": _blocks,
    "on_request": _not_required,
    "is": _level,
    "act": _act,
    "waive": _waive,
    "due": _due,
    "not": _more,
    "may_reopen": _fewer,
    "visible_to": _audience,
    "personal": _required,
    "if_silent": lambda before, after: after is ABSENT,
    "in_force": lambda before, after: True if before is ABSENT else None,
}
_WITHIN: dict[tuple[str, str], Compare] = {  # keys that mean this only there
    ("requires", "is"): _same_level,
    ("sign_off", "document"): _documents,
    ("document", "number"): _document,
    ("document", "date"): _document,
    ("document", "certificate"): _document,
    ("every", "period"): _shorter,
    ("sign_off", "after"): _more,
    ("tasks", "after"): _more,
}
_MEMBERS: dict[str, Compare] = {  # what stands in maps keyed by ids
    "requires": _requirement,
    "checks": _check,
    "enter": _check,
    "sign_off": _added,
}
