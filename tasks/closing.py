"""The closing report of a programme: its numbers, and what they say should be done next year.

Causes of endings and free texts of mentors stay out: they may hold a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from schemas.messages import number, tell, texts
from tasks.evaluation import FEWEST_TO_JUDGE, SIGNIFICANT

Json = dict[str, Any]
Facts = Mapping[str, Any]
Papers = Mapping[str, Any]
Finding = tuple[str, Json]  # a text's name without `problem_` or `proposal_`, and its values

TEXTS = "reports"
ENOUGH_ANSWERS = 0.7  # of those asked
CONDITIONS, LONGEST = 80, 2000  # how many are told, and a line's length: the artefact has room for so much
SIDES = ("strengths", "weaknesses", "opportunities", "threats")


def closing(values: Mapping[str, Any]) -> Json:
    """The report from the papers that the task reads and from the facts of the programme."""
    papers, facts, language = values["papers"], values["facts"], values.get("language", "ru")
    swot = [
        {"form": form, **{side: paper[side] for side in SIDES}}
        for form, paper in _shaped(papers, *SIDES)
        if form
    ]
    score = next((paper for _, paper in _shaped(papers, "total", "band")), None)
    indicators = [_indicator(each) for each in facts["indicators"]]
    findings = [
        *_of_people(facts),
        *_of_indicators(indicators, language),
        *_of_surveys(papers, facts, language),
        *_of_conditions(_conditions(papers)),
        *([("score", {"total": score["total"]})] if score and score["band"] != "optimal" else []),
        *_of_mentors(_mentor_reports(papers), facts),
    ]
    return {
        **({"year": facts["year"]} if "year" in facts else {}),
        "forms": _forms(facts, papers, {each["form"] for each in swot}),
        "totals": _totals(facts),
        **_grades(facts),
        "indicators": indicators,
        "response": [_response(paper, facts) for _, paper in _shaped(papers, "response_share")],
        "influence": [
            line for _, paper in _shaped(papers, "measures", "summary") for line in paper["summary"]
        ],
        "conformity": list(_conformity(papers, language)),
        "swot": swot,
        **({"score": {"total": score["total"], "band": score["band"]}} if score else {}),
        "problems": _said("problem", findings, language),
        "proposals": _said("proposal", findings, language),
    }


def _shaped(papers: Papers, *fields: str) -> Iterator[tuple[str, Any]]:
    """The papers that have these fields, each with its key: a paper of its own has none."""
    for paper in papers.values():
        single = all(field in paper for field in fields)
        for key, record in {"": paper}.items() if single else paper.items():
            if isinstance(record, Mapping) and all(field in record for field in fields):
                yield key, record


# --- the numbers ---------------------------------------------------------------------------------


def _people(facts: Facts, state: str, form: str | None = None) -> Counter[str]:
    """How many of each register are in a state, by the report's names for them."""
    return Counter(
        f"{each['register']}s"
        for each in facts["people"]
        if each["state"] == state and form in (None, each["form"])
    )


def _forms(facts: Facts, papers: Papers, thought_of: set[str]) -> list[Json]:
    """The forms that somebody worked in or thought about, in the methodology's order."""
    met: Counter[str] = Counter()
    group_forms = {each["group"]: each["form"] for each in facts["groups"]}
    for group, paper in _mentor_reports(papers).items():
        if "meetings" in paper and group in group_forms:
            met[group_forms[group]] += paper["meetings"]
    used = {each["form"] for each in (*facts["people"], *facts["groups"]) if each["form"]} | thought_of
    rows = []
    for form in [*(each for each in facts["forms"] if each in used), *sorted(used - facts["forms"].keys())]:
        people = _people(facts, "live", form)
        states = Counter(each["state"] for each in facts["groups"] if each["form"] == form)
        rows.append(
            {
                "form": form,
                "mentees": people["mentees"],
                "mentors": people["mentors"],
                "groups": states.total(),
                "ended": states["finished"],
                **({"meetings": met[form]} if form in met else {}),
            }
        )
    return rows


def _totals(facts: Facts) -> Json:
    people, states = _people(facts, "live"), Counter(each["state"] for each in facts["groups"])
    return {
        "mentees": people["mentees"],
        "mentors": people["mentors"],
        "groups": states.total(),
        "ended": states["finished"],
        "replaced": facts["replaced"],
        "unmatched": facts["unmatched"],
        "meetings": facts["meetings"],
    }


def _grades(facts: Facts) -> Json:
    grades = Counter(
        each["grade"]
        for each in facts["people"]
        if each["state"] == "live" and f"{each['register']}s" == "mentees" and each.get("grade") is not None
    )
    return {"grades": [{"grade": each, "mentees": grades[each]} for each in sorted(grades)]} if grades else {}


def _indicator(each: Mapping[str, Any]) -> Json:
    known = {name: value for name, value in each.items() if value is not None}
    base = known.get("denominator", 0)
    return {**known, "fact": round(known.get("numerator", 0) / base, 4) if base else 0}


def _response(paper: Mapping[str, Any], facts: Facts) -> Json:
    title = facts.get("surveys", {}).get(paper["survey"])
    counts = {name: paper[name] for name in ("survey", "asked", "answered", "response_share")}
    return {**counts, **({"title": title} if title else {})}


def _conditions(papers: Papers) -> list[Mapping[str, Any]]:
    return [row for _, paper in _shaped(papers, "rows") for row in paper["rows"] if "conforms" in row]


def _mentor_reports(papers: Papers) -> Mapping[str, Mapping[str, Any]]:
    return dict(_shaped(papers, "goal_reached"))


# --- what they say -------------------------------------------------------------------------------


def _conformity(papers: Papers, language: str) -> Iterator[str]:
    rows = _conditions(papers)
    if rows:
        counts = {each: sum(row["conforms"] == each for row in rows) for each in ("full", "partly", "no")}
        yield tell(TEXTS, "conformity_counts", language, conditions=len(rows), **counts)
    short = [row for row in rows if row["conforms"] != "full"]
    for row in short[:CONDITIONS]:
        yield tell(TEXTS, f"conformity_{row['conforms']}", language, condition=row["condition"])
    if short[CONDITIONS:]:
        yield tell(TEXTS, "conformity_more", language, more=len(short) - CONDITIONS)
    for _, paper in _shaped(papers, "rows", "conclusion"):
        if any("conforms" in row for row in paper["rows"]):
            yield from wrap(paper["conclusion"], LONGEST)


def _of_people(facts: Facts) -> Iterator[Finding]:
    """Who left, who stayed without a mentor, and how the groups ended."""
    left, groups = _people(facts, "ended"), facts["groups"]
    if left:
        yield "left", {"mentees": left["mentees"], "mentors": left["mentors"]}
    for name in ("unmatched", "replaced"):
        if facts[name]:
            yield name, {name: facts[name]}
    ended = [each for each in groups if each["state"] == "ended"]
    if ended:
        yield "ended", {"ended": len(ended), "groups": len(groups)}
    uncaused = sum(not each.get("cause") for each in ended)
    if uncaused:
        yield "cause", {"groups": uncaused}
    live = sum(each["state"] == "live" for each in groups)
    if live:
        yield "live", {"live": live, "groups": len(groups)}


def _of_indicators(indicators: Sequence[Json], language: str) -> Iterator[Finding]:
    for each in indicators:
        if not each.get("denominator"):
            yield "base", {"title": each["title"]}
        elif each["fact"] < each.get("plan", 0):
            shares = {name: number(each[name] * 100, language, 1) for name in ("plan", "fact")}
            yield "indicator", {**each, **shares}


def _of_surveys(papers: Papers, facts: Facts, language: str) -> Iterator[Finding]:
    """How many answered, what could not be compared, and what changed for the worse."""
    for _, paper in _shaped(papers, "response_share"):
        if paper["asked"] and paper["response_share"] < ENOUGH_ANSWERS:
            shown = _response(paper, facts)
            share = number(paper["response_share"] * 100, language, 1)
            yield "response", {**shown, "survey": shown.get("title", shown["survey"]), "share": share}
    measures = [each for _, paper in _shaped(papers, "measures") for each in paper["measures"]]
    refused = sum("improved" not in each and bool(each["n_before"] or each["n_after"]) for each in measures)
    if refused:
        yield "not_compared", {"measures": refused}
    for each in measures:
        judged = each["n_pairs"] >= FEWEST_TO_JUDGE and each.get("p_adjusted", 1) < SIGNIFICANT
        if judged and each["worse"] > each["improved"]:
            yield "worse", {name: each[name] for name in ("title", "worse", "improved")}


def _of_conditions(rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    short = sum(row["conforms"] != "full" for row in rows)
    if short:
        yield "conformity", {"conditions": short}


def _of_mentors(reports: Mapping[str, Mapping[str, Any]], facts: Facts) -> Iterator[Finding]:
    """What the mentors' reports count up to."""
    missing = [
        each for each in facts["groups"] if each["state"] == "finished" and each["group"] not in reports
    ]
    if missing:
        finished = sum(each["state"] == "finished" for each in facts["groups"])
        yield "reports", {"missing": len(missing), "groups": finished}
    told = [paper["meetings"] for paper in reports.values() if "meetings" in paper]
    if told and len(told) == len(facts["groups"]) and sum(told) != facts["meetings"]:
        yield "meetings", {"log": facts["meetings"], "reports": sum(told)}
    short = sum(paper["goal_reached"] in ("partly", "no") for paper in reports.values())
    if short:
        yield "goals", {"groups": short, "reports": len(reports)}
    ready = sum(bool(paper.get("goes_on")) for paper in reports.values())
    if ready:
        yield "goes_on", {"groups": ready, "reports": len(reports)}


def _said(kind: str, findings: Sequence[Finding], language: str) -> list[str]:
    named = [(f"{kind}_{name}", values) for name, values in findings]
    lines = [tell(TEXTS, name, language, **values) for name, values in named if name in texts(TEXTS)]
    return list(dict.fromkeys(lines))
