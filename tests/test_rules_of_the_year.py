"""LANGUAGE.md §6, rules 16 and 17, and the engine as a whole, played on the small methodology."""

from __future__ import annotations

from play import SMALL, Play, based, confirm, paired, started, worked

from flows.engine.snapshot import Member, Version
from schemas import reader

# --- time and years ------------------------------------------------------------------------------


def test_rule_16_a_finished_year_is_closed(play):
    finished(play)

    assert play.closed is not None
    assert play.plan().steps == ()
    assert [each.code for each in play.try_sign("end/closed", "director")] == ["G16"]


def test_rule_16_nothing_runs_out_in_a_finished_year(play):
    finished(play, rules={"text": "Правила", "valid_until": "2027-06-30"})
    play.wait(until="2028-01-01")

    assert play.gate("start/agreed").approved
    assert play.stage("start").state == "done"


def finished(play, rules=None):
    """A whole year, from the first paper to the last signature."""
    based(play, rules=rules)
    confirm(play)
    for key in ("G1", "G2"):
        play.hand("pairing/agreements", {"text": "да"}, key)
        play.sign("pairing/group_approved", "director", key)
    play.sign("pairing/nobody_lost", "curator")
    worked(play, "G1")
    worked(play, "G2")
    play.hand("end/report", {"text": "отчёт"})
    play.hand("end/thanks", {"text": "спасибо"}, "G1")
    play.hand("end/thanks", {"text": "спасибо"}, "G2")
    play.sign("end/closed", "director")


def test_rule_17_the_school_calendar_counts_days_only(play):
    play.settle()
    play.hand("start/rules", {"text": "Правила"})  # Tuesday, 1 September 2026
    play.wait(until="2026-09-04")  # Friday
    play.reopen("start/write_plan")
    due = play.task("start/write_plan").due

    assert due.isoformat() == "2026-09-10T00:00:00+03:00"  # Monday, Tuesday, Wednesday count


def test_rule_17_one_members_steps_are_found_without_the_others(play):
    paired(play)
    whole = play.plan()
    part = play.plan([Member("group", "G1")])

    assert set(part.steps) <= set(whole.steps)
    assert {getattr(step, "key", "") for step in part.steps} == {"G1"}


# --- the engine as a whole -----------------------------------------------------------------------


def test_an_incident_is_reported_once_retry_is_used_up_and_goes_when_cleared(play):
    play.failing.add("start/summarise")
    started(play)

    assert play.task("start/summarise").state == "failed"
    assert "ClearIncident start/summarise" in play.asked()
    assert [fact.kind for fact in play.facts["start/summarise"][""]] == ["opened", "failed", "failed"]

    play.clear("start/summarise")

    assert play.task("start/summarise").state == "done"


def test_a_stage_with_an_incident_in_its_way_is_blocked(play):
    play.failing.add("pairing/match")
    based(play)

    assert play.stage("pairing").state == "blocked"
    assert play.stage("pairing").reasons[0].code == "incident"


def test_recurring_work_opens_again_each_period_until_its_end_is_there(play):
    paired(play)
    play.hand("work/first", {"text": "познакомились"}, "G1")
    play.hand("work/meetings", {"date": "2026-09-02"}, "G1")

    assert play.task("work/meet", "G1").state == "waiting"

    play.wait(days=15)

    assert play.task("work/meet", "G1").state == "open"

    play.hand("work/meetings", {"date": "2026-09-16"}, "G1")
    play.hand("work/final", {"text": "всё"}, "G1")

    assert play.task("work/meet", "G1").state == "done"


def test_answers_to_a_recurring_survey_become_a_record_at_once():
    every = b"meet: {uses: %s, after: [begin], every: {period: P14D, until: final}, %s"
    form, survey = b"who: {role: mentor, of: row}", b"with: {survey: mood, close: {or_after: P7D}}"
    bundle = reader.collect(SMALL)
    assert every % (b"form", form) in bundle["stages/work.yaml"]
    bundle["stages/work.yaml"] = bundle["stages/work.yaml"].replace(
        every % (b"form", form), every % (b"survey", survey)
    )
    bundle["surveys/mood.yaml"] = (
        b"dsl: survey/v1\nid: mood\nversion: 1\ntitle: Mood\naudience: mentor\n"
        b"questions: {how: {type: text, ask: How?}}\n"
    )
    play = paired(Play(reader.read(bundle).or_refuse()))
    play.hand("work/first", {"text": "познакомились"}, "G1")
    record = play.versions["work/meetings"]["G1"]

    for answer in ("ну", "хорошо"):  # the second within the same period
        record.append(
            Version(play.tick(), answer, {"answers": {"how": answer}}, play.now, origin="collected")
        )
        play.settle()

        assert play.paper("work/meetings", "G1") == "valid"
        assert play.task("work/meet", "G1").state == "waiting"

    assert [each.origin for each in record] == ["collected", "made", "collected", "made"]


def test_signatures_keep_their_order(play):
    play.settle()
    play.hand("start/rules", {"text": "Правила"})
    play.hand("start/plan", {"text": "План", "items": ["а"]})

    assert [each.code for each in play.try_sign("start/agreed", "director")] == ["G03"]

    play.sign("start/agreed", "council", verdict="return")  # an opinion satisfies whatever it says
    play.sign("start/agreed", "curator")
    play.sign("start/agreed", "director")

    assert play.gate("start/agreed").approved


def test_next_steps_is_a_function_of_its_arguments(play):
    paired(play)

    assert play.plan() == play.plan()
