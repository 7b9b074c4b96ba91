"""`plan` and `apply` over stored programmes: the plan is right, and just that is done, killed or not."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from edits import WHOLE, now_named, written
from play import Play, mentee, started
from running_schools import COUNT, NOW, asked, dues, filled, opened, places, planned, shifts, some, states
from sqlalchemy import event
from wander import Moment, many, reading
from workspaces import Room

from flows import migrating
from flows.office import Office
from flows.settings import Workspace
from flows.store.verify import damage
from flows.views import migration as views
from schemas.digests import digest
from schemas.validation import shipped, violations


@pytest.fixture(scope="module")
def schools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred programmes in all states, each at rest."""
    return filled(tmp_path_factory.mktemp("many") / "office", many(COUNT))


def test_the_plan_is_what_doing_it_does(schools: Path, tmp_path: Path) -> None:
    """200 programmes, a rename, a new required paper, a moved date, a removed task: states, steps and dates agree."""
    office = next(opened(schools, tmp_path / "office"))
    before = states(office)
    plan = planned(office, tmp_path)
    outcomes = Counter(each.state for each in migrating.apply(office, plan, NOW))
    after = states(office)
    classes = Counter(each["effect"]["class"] for each in plan["programmes"])

    for text in (views.text(plan, "ru"), views.markdown(plan, "en")):
        assert len(text.splitlines()) < 20 * COUNT  # programmes alike are told together
    assert outcomes == {"applied": COUNT - classes["untouched"], "untouched": classes["untouched"]}
    assert set(classes) >= {"untouched", "active", "falls"}
    for each in plan["programmes"]:
        effect, school = each["effect"], each["school"]
        if effect["class"] == "untouched":
            assert after[school][1] == before[school][1]
            continue
        was, now = places(before[school][1], now_named), places(after[school][1])
        done = {
            place: (was.get(place), now.get(place))
            for place in was.keys() | now.keys()
            if was.get(place) != now.get(place)
        }
        assert shifts(effect) == done, school
        old, new = asked(before[school][1], now_named), asked(after[school][1])
        told = [
            {
                (one["action"], one["item"], one["role"], key)
                for one in effect[name]
                for key in one["keys"] or [""]
            }
            for name in ("asked", "no_longer")
        ]
        assert told[0] == new - old, school
        assert {(a, now_named(i), r, k) for a, i, r, k in told[1]} == old - new, school
        was_due, now_due = dues(before[school][1], now_named), dues(after[school][1])
        moved = {
            (one["item"], key): (one["before"], one["after"])
            for one in effect["dates"]
            for key in one["keys"]
        }
        assert moved == {
            place: (due, now_due[place])
            for place, due in was_due.items()
            if place in now_due and now_due[place] != due
        }
    assert damage(office.store)[0] == []
    office.store.close()


def test_a_plan_keeps_to_its_schema(office: Office, tmp_path: Path) -> None:
    plan = planned(office, tmp_path)

    assert violations(shipped("output", "plan"), plan, lambda pointer, key=False: None) == []


def test_after_applying_a_plan_there_is_nothing_left_to_plan(office: Office, tmp_path: Path) -> None:
    plan = planned(office, tmp_path)
    list(migrating.apply(office, plan, NOW))
    again = migrating.plan(office, migrating.Edit(office, tmp_path / "edited"), None, NOW, "ru")

    assert {each["effect"]["class"] for each in again["programmes"]} == {"untouched"}


def test_applying_twice_does_it_once(office: Office, tmp_path: Path) -> None:
    plan = planned(office, tmp_path)
    list(migrating.apply(office, plan, NOW))
    head = damage(office.store)[1:]
    again = Counter(each.state for each in migrating.apply(office, plan, NOW))

    assert set(again) == {"already", "untouched"}
    assert damage(office.store)[1:] == head


def test_what_another_apply_has_just_done_is_done_already(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two at once each school is served by one, and the other says so."""
    plan = planned(office, tmp_path)
    deliver = migrating.deliver

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(migrating, "deliver", deliver)
        list(migrating.apply(office, plan, NOW))

    monkeypatch.setattr(migrating, "deliver", meanwhile)
    outcomes = Counter(each.state for each in migrating.apply(office, plan, NOW))

    assert set(outcomes) == {"already", "untouched"}


def test_a_school_that_is_untouched_stays_as_it_is(office: Office, tmp_path: Path) -> None:
    """Not a row is written for it: its state, its pin and its place in the journal are what they were."""
    with office.store.read() as view:
        rows = view.programmes()
        pins, positions = {row.school: row.bundle for row in rows}, view.positions(rows)
    before = {school: digest(answer) for school, (_, answer) in states(office).items()}
    plan = planned(office, tmp_path)
    list(migrating.apply(office, plan, NOW))
    after = {school: digest(answer) for school, (_, answer) in states(office).items()}
    untouched = [each["school"] for each in plan["programmes"] if each["effect"]["class"] == "untouched"]

    assert untouched
    with office.store.read() as view:
        for row in view.programmes():
            if row.school in untouched:
                assert after[row.school] == before[row.school]
                assert row.bundle == pins[row.school]
                assert view.positions([row])[row.id or 0] == positions[row.id or 0]


def test_the_next_year_reads_the_papers_of_the_school_by_their_names_now(tmp_path: Path) -> None:
    """Rules of the school were handed in as `rules`; a year that starts by the edit knows them as `charter`."""
    play = started(Play(reading().or_refuse()))
    play.closed, play.closed_at = play.tick(), play.now
    office = Office(Workspace(filled(tmp_path / "office", [Moment(play.now, play.snapshot)], play.now)))
    pairs = (
        ("  rules: {title: Правила", "  charter: {title: Правила"),
        ("writes: rules", "writes: charter"),
        ("{rules: valid,", "{charter: valid,"),
        ("may_reopen: [director]", "may_reopen: [director]\nrenamed: {rules: charter}"),
    )
    end = (("artefact: start/rules", "artefact: start/charter"),)
    edit = migrating.Edit(
        office, written(tmp_path / "edited", {"stages/start.yaml": pairs, "stages/end.yaml": end})
    )
    bundle = office.keep_bundle(edit.base)
    with office.store.write() as tx:
        row = tx.start("s000", "2027/28", bundle, "small", NOW)
        migrating.follow_names(office, tx, row, NOW)
    with office.store.read() as view:
        found = view.snapshot(view.programme("s000", "2027/28"))
        closed = view.snapshot(view.programme("s000", "2026/27"))

    assert [each.data["text"] for each in found.versions_of("start/charter")] == ["Правила"]
    assert closed.versions_of("start/rules")


def test_every_earlier_pin_stays_known(office: Office, tmp_path: Path) -> None:
    plan = planned(office, tmp_path)
    list(migrating.apply(office, plan, NOW))
    each = next(each for each in plan["programmes"] if each["effect"]["class"] != "untouched")
    with office.store.read() as view:
        row = view.programme(each["school"])
        pins = view.pins(row)

    assert [(pin.before, pin.bundle) for pin in pins] == [(each["pin"], row.bundle)]


# --- aged ------------------------------------------------------------------------------------------


def test_a_school_in_which_something_happened_since_is_refused_and_left_alone(
    office: Office, tmp_path: Path
) -> None:
    plan = some(office, planned(office, tmp_path), 3)
    first = plan["programmes"][0]["school"]
    with office.store.write() as tx:
        tx.accept(tx.programme(first), "start/rules", "", {"text": "Новые"}, NOW, origin="handed")
    outcomes = {each.programme.school: each for each in migrating.apply(office, plan, NOW)}

    assert outcomes[first].state == "refused"
    assert [each.code for each in outcomes[first].problems] == ["M07"]
    assert [each.state for each in outcomes.values()] == ["refused", "applied", "applied"]
    with office.store.read() as view:
        assert view.programme(first).bundle == plan["programmes"][0]["pin"]


def test_a_paper_of_the_school_ages_the_plans_of_all_its_years(office: Office, tmp_path: Path) -> None:
    plan = some(office, planned(office, tmp_path), 1)
    school = plan["programmes"][0]["school"]
    with office.store.write() as tx:
        other = tx.start(school, "2027/28", plan["programmes"][0]["pin"], "small", NOW)
        tx.accept(other, "start/rules", "", {"text": "Новые"}, NOW, origin="handed", of_school=True)

    outcome = next(migrating.apply(office, plan, NOW))
    assert [each.code for each in outcome.problems] == ["M07"]


def test_a_school_that_follows_another_edit_by_now_is_refused(office: Office, tmp_path: Path) -> None:
    plan = some(office, planned(office, tmp_path), 1)
    other = planned(office, tmp_path / "other", {"methodology.yaml": (("Директор", "Директор школы"),)})
    other["programmes"] = [
        each for each in other["programmes"] if each["school"] == plan["programmes"][0]["school"]
    ]
    assert [each.state for each in migrating.apply(office, other, NOW)] == ["applied"]

    outcome = next(migrating.apply(office, plan, NOW))
    assert [each.code for each in outcome.problems] == ["M06"]


def test_a_plan_that_means_something_else_by_now_is_refused(tmp_path: Path) -> None:
    """Nothing was handed in, but consents have run out since: what was to fall has fallen by itself."""
    play = started(Play(reading().or_refuse()))
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    for key in ("m1", "m2"):
        play.hand("base/consents", {"status": "in_force", "valid_until": "2026-12-31"}, key)
        play.sign("base/mentee_ready", "curator", key)
    office = Office(Workspace(filled(tmp_path / "office", [Moment(play.now, play.snapshot)], play.now)))
    memo = {
        "stages/base.yaml": (
            *WHOLE["stages/base.yaml"][1:3],
            (
                "    requires: {mentees: valid, consents: valid,",
                "    requires: {mentees: valid, memo: valid, consents: valid,",
            ),
        )
    }
    edit = migrating.Edit(office, written(tmp_path / "edited", memo))
    plan = migrating.plan(office, edit, None, play.now, "ru")
    edit.keep()
    fallen = [
        each["item"] for each in plan["programmes"][0]["effect"]["checkpoints"] if each["effect"] == "falls"
    ]
    late = next(migrating.apply(office, plan, play.now + timedelta(days=200)))

    assert fallen == ["base/mentee_ready"]
    assert [each.code for each in late.problems] == ["M08"]
    assert next(migrating.apply(office, plan, play.now + timedelta(days=1))).state == "applied"


def test_a_programme_that_is_being_reconciled_is_left_alone(office: Office, tmp_path: Path) -> None:
    plan = some(office, planned(office, tmp_path), 1)
    with office.store.write() as tx:
        tx.acquire(tx.programme(plan["programmes"][0]["school"]), 60)

    outcome = next(migrating.apply(office, plan, NOW))
    assert [each.code for each in outcome.problems] == ["W09"]


# --- killed ----------------------------------------------------------------------------------------


def test_apply_killed_anywhere_and_started_again_ends_the_same(few: Path, tmp_path: Path) -> None:
    """Killed by the system at twenty-four points: the journal ends with the same hash."""
    folder = tmp_path / "whole"
    office = next(opened(few, folder))
    plan = some(office, planned(office, tmp_path), 4)
    plain = tmp_path / "plain"
    office.store.close()
    shutil.copytree(folder, plain)
    statements = _statements(folder, plan)
    whole = _end(folder)
    context = multiprocessing.get_context("fork")
    killed = 0
    for number in range(1, 25):
        copy = tmp_path / f"killed-{number}"
        shutil.copytree(plain, copy)
        process = context.Process(
            target=_apply_killed, args=(copy, json.dumps(plan), statements * number // 25)
        )
        process.start()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        assert damage(Office(Workspace(copy)).store)[0] == []
        again = Office(Workspace(copy))
        list(migrating.apply(again, plan, NOW))
        again.store.close()
        assert _end(copy) == whole, number

    assert killed == 24


def _statements(folder: Path, plan: dict[str, Any]) -> int:
    office, count = Office(Workspace(folder)), Counter[str]()

    @event.listens_for(office.store.engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        count["all"] += 1

    list(migrating.apply(office, plan, NOW))
    office.store.close()
    return count["all"]


def _apply_killed(folder: Path, plan: str, after: int) -> None:
    """Apply in a process of its own that is killed before one of its statements."""
    office, left = Office(Workspace(folder)), [after]

    @event.listens_for(office.store.engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    list(migrating.apply(office, json.loads(plan), NOW))


def _end(folder: Path) -> tuple[Any, ...]:
    """The end of the journal, and every programme without whoever had it last."""
    office = Office(Workspace(folder))
    with office.store.read() as view:
        rows = [
            (row.school, row.bundle, row.closed, row.wake_at, row.dirty, row.lease_owner)
            for row in view.programmes()
        ]
    found = damage(office.store)[1:], rows
    office.store.close()
    return found


# --- commands --------------------------------------------------------------------------------------


def test_commands_plan_write_and_apply(few: Path, tmp_path: Path) -> None:
    """Exit code 5 where there are changes, then 0 for doing it, then nothing is left: 0 again."""
    shutil.copytree(few, tmp_path / "office")
    room = Room(tmp_path / "office")
    folder, out, now = str(written(tmp_path / "edited", WHOLE)), tmp_path / "plan.json", NOW.isoformat()
    words = ("plan", "--all", "--definitions", folder, "--exit-code")
    planned = room(*words, "--out", str(out), now=now)
    done = room("apply", str(out), now=now)
    again = room(*words, now=now)

    assert planned.code == 5, planned
    assert "переименовано: start/plan → start/roadmap" in planned.out
    assert f"план записан: {out}" in planned.err
    assert json.loads(out.read_text("utf-8"))["schema"] == "plan/v1"
    assert done.code == 0, done
    assert again.code == 0, again


def test_schools_alike_are_told_together(few: Path, tmp_path: Path) -> None:
    """A thousand schools stay readable: an edit of what is ahead is one entry for all to whom it is ahead."""
    shutil.copytree(few, tmp_path / "office")
    folder = written(
        tmp_path / "edited", {"methodology.yaml": (("title: Директор}", "title: Директор школы}"),)}
    )
    answer = Room(tmp_path / "office")(
        "plan", "--all", "--definitions", str(folder), "--format", "markdown", now=NOW.isoformat()
    )

    assert answer.code == 0
    assert answer.out.count("@2027") + answer.out.count("@2026") <= 12
    assert len(answer.out.splitlines()) < 16
