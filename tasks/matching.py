"""The task kind `matching`: a proposal of pairs and groups from the two bases and the meeting's feedback.

The hard rules stand here once, for the proposal and for a table of pairs that a curator hands in.
People are codes; no text that leaves this module can hold a name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.messages import texts
from tasks.assignment import solve
from tasks.fit import Fit, Profile, fit, plain

Row = Mapping[str, Any]
Json = dict[str, Any]

SHOWN = 4  # of a list in a text: the artefact's texts have a greatest length
NEVER: Mapping[str, Callable[[Row, Row], bool]] = {
    "same_family": lambda mentee, mentor: (
        bool(plain(mentee.get("family"))) and plain(mentee.get("family")) == plain(mentor.get("family"))
    ),
}


def match(values: Mapping[str, Any]) -> Json:
    """The proposal: rows of groups with their reasons, and everybody left over with a next action."""
    options = values.get("options") or {}
    language = values.get("language", "ru")
    mentees = {row["code"]: row for row in values["mentees"]["rows"]}
    mentors = {row["code"]: row for row in values["mentors"]["rows"]}
    largest = options.get("largest_group")
    wishes = _wishes(values.get("feedback"))
    eligible, never, removed = _allowed(mentees, mentors, values)
    asking = {code: Profile.of(row) for code, row in mentees.items()}
    offering = {code: Profile.of(row) for code, row in mentors.items()}
    fits = {(mentee, mentor): fit(asking[mentee], offering[mentor]) for mentee, mentor in eligible}
    solution = solve(
        {
            "policy": options.get("policy", "mutual_first"),
            "mentees": [
                {"id": code, "wants": [[name] for name in wishes["mentors_wanted"].get(code, [])]}
                for code in mentees
            ],
            "mentors": [
                {
                    "id": code,
                    "wants": [[name] for name in wishes["mentees_wanted"].get(code, [])],
                    "capacity": {"min": 0, "max": _seats(row["seats"], largest)},
                }
                for code, row in mentors.items()
            ],
            "eligible": eligible,
            "never": never,
            "scores": [[*pair, fitting.score] for pair, fitting in fits.items()],
            "removed": removed,
        }
    )
    groups: dict[str, list[Json]] = defaultdict(list)
    for pair in solution["pairs"]:
        groups[pair["mentor"]].append(pair)
    codes = _group_codes(groups, values)
    rows = [
        {
            "group": codes[mentor],
            "form": mentors[mentor]["form"],
            "mentors": [mentor],
            "mentees": [pair["mentee"] for pair in pairs],
            "explanation": [_explained(pair, fits[pair["mentee"], mentor], language) for pair in pairs],
        }
        for mentor, pairs in groups.items()
    ]
    return {
        "rows": sorted(rows, key=lambda row: (len(row["group"]), row["group"])),
        "unmatched": [_left_over(each, removed[each["mentee"]], language) for each in solution["unmatched"]],
    }


def broken_rules(pairs: Mapping[str, Any], values: Mapping[str, Any]) -> list[Json]:
    """Each hard rule that a table of pairs breaks, with the place in the table and the codes it is about."""
    largest = (values.get("options") or {}).get("largest_group")
    mentees = {row["code"]: row for row in values["mentees"]["rows"]}
    mentors = {row["code"]: row for row in values["mentors"]["rows"]}
    found = [
        *_broken_counts(pairs["rows"], mentors, largest),
        *_broken_forms(pairs["rows"], mentors, mentees, values["eligible_forms"]),
        *_broken_pairs(pairs["rows"], mentors, mentees, _never_rules(values)),
    ]
    return sorted(found, key=lambda each: (each["pointer"][1], each["rule"], str(each["pointer"])))


def _broken(rule: str, *pointer: str | int, **codes: Any) -> Json:
    return {"rule": rule, "pointer": ["rows", *pointer], "values": codes}


def _broken_counts(rows: list[Row], mentors: Mapping[str, Row], largest: int | None) -> Iterator[Json]:
    load: Counter[str] = Counter()
    for row in rows:
        load.update(dict.fromkeys(row["mentors"], len(row["mentees"])))
    groups: set[str] = set()
    placed: dict[str, str] = {}
    told: set[str] = set()
    for index, row in enumerate(rows):
        group, size = row["group"], len(row["mentees"])
        if group in groups:
            yield _broken("duplicate_group", index, "group", group=group)
        groups.add(group)
        if largest is not None and size > largest:
            yield _broken("group_too_large", index, "mentees", group=group, mentees=size, largest=largest)
        for place, code in enumerate(row["mentees"]):
            if code in placed:
                codes = {"mentee": code, "group": group, "other": placed[code]}
                yield _broken("mentee_twice", index, "mentees", place, **codes)
            placed.setdefault(code, group)
        for place, code in enumerate(row["mentors"]):
            if code in mentors and load[code] > mentors[code]["slots"] and code not in told:
                told.add(code)  # once, at the mentor's first group
                slots = mentors[code]["slots"]
                counts = {"mentor": code, "slots": slots, "mentees": load[code]}
                yield _broken("mentor_over_slots", index, "mentors", place, **counts)


def _broken_forms(
    rows: list[Row],
    mentors: Mapping[str, Row],
    mentees: Mapping[str, Row],
    eligible_forms: Mapping[str, Mapping[str, list[str]]],
) -> Iterator[Json]:
    for index, row in enumerate(rows):
        form = row["form"]
        for side, known in (("mentor", mentors), ("mentee", mentees)):
            for place, code in enumerate(row[f"{side}s"]):
                at = index, f"{side}s", place
                if code not in known:
                    yield _broken(f"unknown_{side}", *at, **{side: code})
                    continue
                own = known[code]["form"]
                if own != form:
                    yield _broken("form_differs", *at, code=code, own=own, group=row["group"], form=form)
                if form not in eligible_forms[side].get(code, ()):
                    yield _broken("portrait_not_met", *at, code=code, form=form)


def _broken_pairs(
    rows: list[Row],
    mentors: Mapping[str, Row],
    mentees: Mapping[str, Row],
    rules: Mapping[str, Callable[[Row, Row], bool]],
) -> Iterator[Json]:
    for index, row in enumerate(rows):
        for place, mentee in enumerate(row["mentees"]):
            for mentor in dict.fromkeys(row["mentors"]):
                codes = {"mentor": mentor, "mentee": mentee}
                if mentee == mentor:
                    yield _broken("own_mentee", index, "mentees", place, **codes)
                elif mentee in mentees and mentor in mentors:
                    for rule, bars in rules.items():
                        if bars(mentees[mentee], mentors[mentor]):
                            yield _broken(rule, index, "mentees", place, **codes)


def why(row: Row, language: str = "ru") -> str:
    """One text for a proposed group: each pair's reasons, in codes."""
    return " ".join(
        text("pair", language, **{**each, "reasons": "; ".join(each["reasons"])})
        for each in row.get("explanation") or []
    )


def text(name: str, language: str = "ru", /, **values: object) -> str:
    """A text of matching by its name: a broken rule, a reason, a next action."""
    shown = {
        key: _few(value, language) if isinstance(value, list) else value for key, value in values.items()
    }
    return str(texts("matching")[name][language]).format_map(shown)


def _few(items: list[Any], language: str) -> str:
    shown = ", ".join(map(str, items[:SHOWN]))
    return text("and_more", language, shown=shown, more=len(items) - SHOWN) if items[SHOWN:] else shown


def _allowed(
    mentees: Mapping[str, Row], mentors: Mapping[str, Row], values: Mapping[str, Any]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], dict[str, Counter[str]]]:
    """The eligible pairs, those of them that may never be, and per mentee what each rule removed.

    Mentors of another form count as removed only where there is none of the mentee's own form: otherwise
    that rule would hide every other.
    """
    forms = values["eligible_forms"]
    rules = _never_rules(values)
    same_form: dict[str, list[str]] = defaultdict(list)
    for code, row in mentors.items():
        same_form[row["form"]].append(code)
    eligible, never = [], []
    removed: dict[str, Counter[str]] = {}
    for mentee, row in mentees.items():
        form, gone = row["form"], Counter[str]()
        removed[mentee] = gone
        if not same_form[form]:
            gone["form_differs"] = len(mentors)
        for mentor in same_form[form]:
            if form not in forms["mentee"].get(mentee, ()):
                gone["mentee_portrait_not_met"] += 1
            elif form not in forms["mentor"].get(mentor, ()):
                gone["mentor_portrait_not_met"] += 1
            elif mentee == mentor:
                gone["own_mentee"] += 1
            else:
                eligible.append((mentee, mentor))
                barred = next((rule for rule, bars in rules.items() if bars(row, mentors[mentor])), None)
                if barred is not None:
                    gone[barred] += 1
                    never.append((mentee, mentor))
    return eligible, never, removed


def _never_rules(values: Mapping[str, Any]) -> dict[str, Callable[[Row, Row], bool]]:
    """The rules that two people can break together; a rule that is not known here is a fault, not ignored."""
    refused = {(mentee, mentor) for mentor, those in values.get("refused") or [] for mentee in those}
    asked = (values.get("options") or {}).get("never") or []
    return {
        **{rule: NEVER[rule] for rule in asked},
        "refused": lambda mentee, mentor: (mentee["code"], mentor["code"]) in refused,
    }


def _wishes(feedback: Mapping[str, Any] | None) -> dict[str, dict[str, list[str]]]:
    """Who named whom, in order, by question; who answered twice is taken at the later word."""
    wishes: dict[str, dict[str, list[str]]] = {"mentors_wanted": {}, "mentees_wanted": {}}
    for answer in (feedback or {}).get("answers") or []:
        for question, named in wishes.items():
            wanted = (answer.get("answers") or {}).get(question)
            if wanted:
                named[answer["code"]] = list(dict.fromkeys(wanted))
    return wishes


def _group_codes(groups: Mapping[str, list[Json]], values: Mapping[str, Any]) -> dict[str, str]:
    """A code for each mentor's group: one that its mentees keep, most of them first, or the next free."""
    kept = values.get("kept_codes") or {}
    claims = sorted(
        (-times, code, mentor)
        for mentor, pairs in groups.items()
        for code, times in Counter(kept[p["mentee"]] for p in pairs if p["mentee"] in kept).items()
    )
    codes: dict[str, str] = {}
    for _, code, mentor in claims:
        if mentor not in codes and code not in codes.values():
            codes[mentor] = code
    number, shape = values.get("next_group", 1), values.get("group_code", "Г-{:02d}")
    taken = set(kept.values())
    for mentor in sorted(groups.keys() - codes.keys()):
        while shape.format(number) in taken:
            number += 1
        codes[mentor] = shape.format(number)
        number += 1
    return codes


def _explained(pair: Json, fitting: Fit, language: str) -> Json:
    named = "both" if pair["mutual"] else f"by_{next(iter(pair['named_by']), 'nobody')}"
    reasons = [text(f"named_{named}", language)]
    if fitting.topics:
        reasons.append(text("topics", language, topics=fitting.topics))
    else:
        reasons.append(text("no_topics", language))
    if fitting.interests:
        reasons.append(text("interests", language, interests=fitting.interests))
    if fitting.grade is not None:
        reasons.append(text("grade_wished" if fitting.grade else "grade_not_wished", language))
    return {
        "mentor": pair["mentor"],
        "mentee": pair["mentee"],
        "mutual": pair["mutual"],
        "score": fitting.score,
        "parts": dict(fitting.parts),
        "reasons": reasons,
    }


def _left_over(each: Json, removed: Mapping[str, int], language: str) -> Json:
    reason, detail = each["reason"], dict(each["detail"])
    if reason in ("nobody_eligible", "never_only"):
        reason = max(sorted(removed), key=lambda rule: removed[rule])
        detail = {"removed": removed[reason]}
    elif reason == "seats_short":
        detail["competitors"] = len(detail["competitors"])
    return {
        "code": each["mentee"],
        "reason": text(f"reason_{reason}", language, **detail),
        "next_action": text(f"next_{reason}", language, **detail),
    }


def _seats(seats: int, largest: int | None) -> int:
    return max(0, seats if largest is None else min(seats, largest))
