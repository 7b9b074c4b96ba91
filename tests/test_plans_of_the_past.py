"""`plan --as-of`: what an edit would have meant for the programmes as they stood."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from running_schools import NOW, planned, some

from flows import migrating
from flows.office import Office
from flows.store import records


def test_a_plan_of_the_past_is_of_the_programmes_as_they_stood(office: Office, tmp_path: Path) -> None:
    """On the first day the later stages had not begun."""
    day = datetime.fromisoformat("2026-09-01T00:00:00+03:00").date()
    past = planned(office, tmp_path, as_of=day)

    assert past["as_of"] == "2026-09-01"
    assert all(each["effect"]["class"] != "untouched" for each in past["programmes"])
    stages = {stage["item"] for each in past["programmes"] for stage in each["effect"]["stages"]}
    assert not stages & {"work", "end"}


def test_a_plan_of_the_past_sees_programmes_that_have_closed_since(office: Office, tmp_path: Path) -> None:
    with office.store.read() as view:
        closed = next(row for row in view.programmes() if row.closed is not None)
    day = datetime.fromisoformat("2026-09-20T00:00:00+03:00").date()
    past = planned(office, tmp_path, as_of=day, wanted=[(closed.school, None, "")])
    now = planned(office, tmp_path, wanted=[(closed.school, None, "")])

    assert not past["programmes"][0]["effect"]["closed"]
    assert now["programmes"][0]["effect"] == {"class": "untouched", "closed": True}


def test_a_programme_that_followed_an_edit_is_pinned_to_the_old_one_in_the_past(
    office: Office, tmp_path: Path
) -> None:
    plan = some(office, planned(office, tmp_path), 1)
    each = plan["programmes"][0]
    list(migrating.apply(office, plan, NOW))
    day = (NOW - timedelta(days=2)).date()
    past = migrating.plan(
        office, migrating.Edit(office, tmp_path / "edited"), [(each["school"], None, "")], NOW, "ru", day
    )

    assert past["programmes"][0]["pin"] == each["pin"]
    with office.store.read() as view:
        row: records.Programme = view.programme(each["school"])
        assert "start/plan" not in view.snapshot(row).versions
        assert "start/plan" in view.snapshot(row, view.seq_at(row.school, NOW - timedelta(days=1))).versions
