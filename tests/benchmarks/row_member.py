"""Steps of one member among many, on a fresh Standing: what it costs beside a full pass, and as they grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from flows.engine.snapshot import Member
from flows.engine.steps import Ask, Step
from tests.benchmarks.school import Year, paper
from tests.benchmarks.table import Row, own_cpu, shown

TIMES = 7
MANY = 2000


def rows() -> Iterator[Row]:
    """A school of 300 mentees; then one group's meeting among 100 groups, and among 2,000."""
    school = mid_year(300, 60, 100)
    full = median(own_cpu(school.plan) for _ in range(TIMES))
    yield Row(
        "full pass", full, note="300 mentees, 60 mentors, 100 groups; stages 1–5 approved, groups at work"
    )
    mentee = median(consent(school, f"Н-{3 * number:04}-1") for number in range(TIMES))
    yield Row("one mentee of 300", mentee, full, "the full pass", seconds=0.005, note="after a new consent")
    few, handed = meetings(mid_year(300, 60, 100))
    note = "after a meeting; handing it in, with the passes until nothing is left for the engine, takes {}"
    yield Row("one group of 100", few, full, "the full pass", seconds=0.005, note=note.format(shown(handed)))
    many, handed = meetings(mid_year(MANY, MANY // 5, MANY))
    theirs = median(instance(MANY))
    yield Row(
        "one group of 2,000", many, theirs, "SpiffWorkflow, 2,000 instances of one user task", seconds=0.005,
        note=note.format(shown(handed)),
    )  # fmt: skip
    yield Row("…its growth", many, few, "one group of 100", at_most=1.1)


def mid_year(mentees: int, mentors: int, groups: int) -> Year:
    """Everything handed in and approved up to stage 6, where each group has had its first meeting."""
    year = Year(mentees, mentors, groups)
    year.answer_all(lambda step: not _later(year, step))
    year.now += timedelta(days=14)
    year.settle()  # the next meeting is asked for
    return year


def _later(year: Year, step: Step) -> bool:
    if not isinstance(step, Ask):
        return False
    if step.task == "matching/confirm":  # asked for before anybody is ready to be matched
        return not year.versions["matching/proposal"][""]
    met = step.task == "work/meet" and year.versions["work/meetings"][step.key]
    return step.task == "work/ask" or bool(met)


def consent(year: Year, key: str) -> float:
    """CPU seconds of the pass after a mentee's new consent."""
    data = {**paper("mentee_base/consents"), "valid_until": "2029-01-31"}
    return _handed(year, "mentee_base/consents", data, Member("mentee", key))[0]


def meetings(year: Year) -> tuple[float, float]:
    """CPU seconds of the pass after a group's meeting, and of all that handing it in takes."""
    data = {**paper("work/meetings"), "date": year.now.date().isoformat()}
    groups = [Member("group", f"Г-{number:04}") for number in range(TIMES)]
    first, whole = zip(*(_handed(year, "work/meetings", data, group) for group in groups), strict=True)
    return median(first), median(whole)


def _handed(year: Year, path: str, data: object, member: Member) -> tuple[float, float]:
    year.only = [member]
    whole = own_cpu(lambda: year.hand(path, data, member.key))
    alone = own_cpu(year.plan)
    year.only = None
    return alone, whole


def instance(count: int) -> list[float]:
    """CPU seconds of completing one instance of a task with many, several times."""
    from tests.benchmarks import spiff  # installed for benchmarks alone

    workflow = spiff.Process(spiff.instances(count), "groups").begin()

    def one() -> None:
        spiff.complete(workflow, spiff.ready(workflow))

    return [own_cpu(one) for _ in range(TIMES)]
