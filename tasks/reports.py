"""The task kind `report`: what the papers of a programme add up to. Numbers and conclusions, no names.

Papers are known by their shape: which ones a methodology has, and what it calls them, is its own affair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tasks.closing import closing
from tasks.fit import plain

Json = dict[str, Any]


def report(values: Mapping[str, Any]) -> Json:
    """The report that the task's options ask for."""
    return REPORTS[values["options"]["report"]](values)


def requests(values: Mapping[str, Any]) -> Json:
    """What is asked for, by form and by topic, the most frequent first; an empty request counts as none."""
    rows = [
        row
        for paper in values["papers"].values()
        for row in paper.get("rows", ())
        if "form" in row and (row.get("request") != "" or row.get("topics"))
    ]
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for topic, spelt in {plain(each): each for each in row.get("topics") or ()}.items():
            spellings[topic][" ".join(spelt.split())] += 1
    topics = Counter({topic: spelt.total() for topic, spelt in spellings.items()})
    return {
        "forms": [
            {"form": form, "requests": often} for form, often in _ranked(Counter(row["form"] for row in rows))
        ],
        "topics": [
            {"topic": _ranked(spellings[topic])[0][0], "requests": often} for topic, often in _ranked(topics)
        ],
        "total": len(rows),
    }


def register(values: Mapping[str, Any]) -> Json:
    """The rows of a register that were not refused, with the hours on record.

    Where nothing was decided about a row yet, it stands here only if it passed.
    """
    rows = []
    for each in values["rows"]:
        key, row = each["key"], each["row"]
        found: Json = {}
        for records in values["records"].values():
            found |= records.get(key) or {}
        if found["decision"] != "refused" if "decision" in found else each["passed"]:
            hours = {"hours": found["hours"]} if "hours" in found else {}
            rows.append({"code": key, "form": row["form"], "slots": row["slots"], **hours})
    return {"rows": rows}


REPORTS: Mapping[str, Callable[[Mapping[str, Any]], Json]] = {
    "closing": closing,
    "requests": requests,
    "register": register,
}


def _ranked(often: Counter[str]) -> list[tuple[str, int]]:
    return sorted(often.items(), key=lambda each: (-each[1], each[0]))
