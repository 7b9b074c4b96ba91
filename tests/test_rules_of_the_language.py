"""LANGUAGE.md §6, rule by rule, played on the small methodology."""

from __future__ import annotations

import pytest
from play import SMALL, Play, based, confirm, mentee, mentor, paired, small, started, worked

from flows.engine.snapshot import Member, Version
from schemas import reader


@pytest.fixture(scope="module")
def methodology():
    return small()


@pytest.fixture
def play(methodology):
    return Play(methodology)


# --- papers --------------------------------------------------------------------------------------


def test_rule_1_the_same_bytes_handed_in_again_are_a_new_answer_to_a_return(play):
    started(play)
    play.sign("start/agreed", "director", verdict="return", choice="plan")

    assert play.gate("start/agreed").state == "returned"

    play.hand("start/plan", {"text": "План", "items": ["а", "б"]})

    assert play.gate("start/agreed").state == "open"


def test_rule_1_valid_becomes_approved_when_every_gate_that_requires_it_has_approved_that_version(play):
    play.settle()
    play.hand("start/rules", {"text": "Правила"})
    play.hand("start/plan", {"text": "План", "items": ["а"]})

    assert play.paper("start/plan") == "valid"

    play.sign("start/agreed", "council")
    play.sign("start/agreed", "curator")

    assert play.paper("start/plan") == "valid"
    assert play.gate("start/begun").state == "not_ready"

    play.sign("start/agreed", "director")

    assert play.paper("start/plan") == "approved"
    assert play.gate("start/begun").state == "open"


def test_rule_2_a_record_whose_inputs_changed_is_stale_until_its_task_is_redone(play):
    paired(play)
    play.hand("work/swaps", {"text": "замена"}, "G1")
    rows = [{"group": "G1", "form": "any", "mentors": ["t2"], "mentees": ["m1"]},
            {"group": "G2", "form": "any", "mentors": ["t2"], "mentees": ["m2"]}]  # fmt: skip
    play.hand("pairing/pairs", {"rows": rows, "unmatched": []})

    assert play.paper("pairing/agreements", "G1") == "stale"
    assert play.paper("pairing/agreements", "G2") == "approved"
    assert play.gate("pairing/group_approved", "G1").state == "stale"

    play.hand("pairing/agreements", {"text": "новое"}, "G1")
    play.sign("pairing/group_approved", "director", "G1")

    assert play.gate("pairing/group_approved", "G1").approved


def test_rule_2_a_machine_redoes_what_went_stale_by_itself(play):
    started(play)
    first = play.versions["start/summary"][""][-1].digest

    play.hand("start/plan", {"text": "Другой план", "items": ["а"]})

    assert play.versions["start/summary"][""][-1].digest != first
    assert play.paper("start/summary") == "valid"


def test_rule_3_silence_is_recorded_in_time_and_never_counts_as_valid(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("base/consents", {"status": "in_force"}, "m2")
    play.wait(days=9)

    assert play.versions["base/consents"]["m1"][-1].origin == "silent"
    assert play.paper("base/consents", "m1") == "draft"
    assert play.gate("base/mentee_ready", "m1").state == "not_ready"
    assert len(play.versions["base/consents"]["m2"]) == 1

    play.hand("base/consents", {"status": "in_force"}, "m1")

    assert play.gate("base/mentee_ready", "m1").state == "open"


def test_rule_3_silence_never_replaces_a_record_even_an_expired_one(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("base/consents", {"status": "in_force", "valid_until": "2026-09-10"}, "m1")
    play.wait(days=60)

    assert [version.origin for version in play.versions["base/consents"]["m1"]] == ["handed"]


def test_rule_3_within_counts_from_the_latest_opening(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    first = play.task("base/consent", "m1").due
    play.hand("base/consents", {"status": "in_force"}, "m1")
    play.wait(days=20)
    play.sign("base/mentee_ready", "curator", "m1", verdict="return")

    assert (play.task("base/consent", "m1").due - first).days == 20


def test_rule_4_a_paper_is_in_force_through_its_last_day_and_wakes_the_engine_at_midnight(play):
    based(play)
    play.hand("base/consents", {"status": "in_force", "valid_until": "2026-12-31"}, "m1")
    play.sign("base/mentee_ready", "curator", "m1")
    play.now = play.now.replace(year=2026, month=12, day=31, hour=23, minute=59)

    assert play.paper("base/consents", "m1") == "approved"
    assert play.plan().wakes["m1"].isoformat() == "2027-01-01T00:00:00+03:00"

    play.wait(until="2027-01-01")

    assert play.paper("base/consents", "m1") == "missing"
    assert play.gate("base/mentee_ready", "m1").state == "stale"


def test_rule_5_a_missing_optional_field_fails_the_check_and_a_paper_not_there_is_waited_for(play):
    play.settle()
    play.hand("start/rules", {"text": "Правила"})
    waiting = play.gate("start/begun").unmet

    assert [(each.requirement.id, each.holds) for each in waiting] == [("plan", None), ("forms", None)]

    play.hand("start/plan", {"text": "План без пунктов"})
    forms = next(each for each in play.gate("start/begun").unmet if each.requirement.id == "forms")

    assert forms.holds is False
    assert forms.reasons[0].because[0].code == "field_missing"
    assert forms.reasons[0].because[0].values["field"] == "items"


# --- gates ---------------------------------------------------------------------------------------


def test_rule_6_a_tables_own_checks_count_only_at_programme_level(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1")]})  # one row: the check asks for two
    play.hand("base/consents", {"status": "in_force"}, "m1")

    assert play.gate("base/mentee_ready", "m1").state == "open"
    assert play.task("base/list_mentees").state == "done"
    assert play.gate("base/mentees_closed").state == "not_ready"


def test_rule_7_another_persons_change_never_fells_a_signature(play):
    paired(play)
    play.hand("base/mentees", {"rows": [mentee("m1", request="новый"), mentee("m2")]})

    assert play.gate("base/mentee_ready", "m1").state == "stale"
    assert play.gate("base/mentee_ready", "m2").approved
    assert play.gate("base/mentees_closed").approved


def test_rule_7_a_fallen_signature_names_its_cause(play):
    started(play)
    play.hand("start/plan", {"text": "Иной", "items": ["а"]})
    gate = play.gate("start/agreed")

    assert gate.state == "stale"
    assert [(each.code, each.values["name"]) for each in gate.reasons] == [("fell", "plan")]


def test_rule_7_what_was_built_on_a_fallen_signature_goes_on_marked(play):
    based(play)
    play.hand("start/plan", {"text": "Иной", "items": ["а"]})

    assert play.gate("base/mentee_ready", "m1").approved
    assert play.task("base/consent", "m1").state == "done"
    basis = play.standing.stale_basis(play.methodology.stages["base"])
    assert [gate.path for gate in basis] == ["start/agreed"]


def test_rule_8_approve_needs_an_open_gate_and_return_does_not(play):
    play.settle()
    refused = play.try_sign("start/agreed", "curator")

    assert [problem.code for problem in refused] == ["G02"]

    play.sign("start/agreed", "curator", verdict="return", choice="rules")

    assert play.gate("start/agreed").state == "returned"


def test_rule_8_reject_ends_the_member_and_does_not_exist_at_programme_level(play):
    based(play)
    play.sign("base/mentee_ready", "curator", "m1", verdict="reject")

    assert play.standing.members.ending(Member("mentee", "m1")).cause == "rejected"
    assert [each.code for each in play.try_sign("base/mentees_closed", "curator", verdict="reject")] == [
        "G10"
    ]


def test_rule_8_an_unmet_requirement_that_can_be_waived_is_a_step_for_those_who_may(play):
    started(play)
    play.hand("start/plan", {"text": "Пустой", "items": []})
    play.sign("start/agreed", "council")
    play.sign("start/agreed", "curator")
    play.sign("start/agreed", "director")

    assert "MayWaive start/begun" in play.asked()

    play.waive("start/begun", "forms", "director")
    play.sign("start/begun", "director")

    assert play.gate("start/begun").approved


def test_rule_8_a_waiver_covers_what_it_was_given_for(play):
    started(play)
    play.hand("start/plan", {"text": "Пустой", "items": []})
    for role in ("council", "curator", "director"):
        play.sign("start/agreed", role)
    play.waive("start/begun", "forms", "director")
    play.hand("start/plan", {"text": "Опять пустой", "items": []})
    for role in ("council", "curator", "director"):
        play.sign("start/agreed", role)

    assert [each.requirement.id for each in play.gate("start/begun").unmet] == ["forms"]


# --- intake --------------------------------------------------------------------------------------


def test_rule_9_the_first_approval_closes_the_intake_and_a_later_row_is_late(play):
    based(play)
    rows = [mentee("m1"), mentee("m2"), mentee("m3")]
    play.hand("base/mentees", {"rows": rows})

    assert play.standing.members.late(Member("mentee", "m3"))
    assert not play.standing.members.late(Member("mentee", "m1"))
    assert play.gate("base/mentees_closed").approved
    assert play.task("base/consent", "m3").state == "open"


def test_rule_9_a_removed_row_fells_the_signature(play):
    based(play, mentees=3)
    play.hand("base/withdrawals", {"text": "отзыв"}, "m3")
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})

    assert play.gate("base/mentees_closed").state == "stale"


def test_rule_9_an_empty_register_never_passes_and_one_whose_members_all_ended_does(play):
    started(play)
    play.hand("base/mentees", {"rows": []})

    assert play.gate("base/mentees_closed").state == "not_ready"
    assert play.standing.gates.requirements.all_passed("base/mentee_ready").holds is None

    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("base/withdrawals", {"text": "отзыв"}, "m1")
    play.hand("base/withdrawals", {"text": "отзыв"}, "m2")

    assert play.standing.gates.requirements.all_passed("base/mentee_ready").holds is True
    assert play.gate("base/mentees_closed").state == "open"


# --- opening -------------------------------------------------------------------------------------


def test_rule_10_a_keyed_task_opens_for_a_member_that_has_what_it_needs(play):
    paired(play)
    third = {"rows": [mentee("m1"), mentee("m2"), mentee("m3")]}
    play.hand("base/mentees", third)

    assert play.task("work/begin", "G1").state == "open"
    assert play.task("base/consent", "m3").state == "open"


def test_rule_10_other_tasks_open_when_the_intakes_are_closed(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("base/mentors", {"rows": [mentor("t1"), mentor("t2")]})
    play.hand("base/consents", {"status": "in_force"}, "m1")
    play.hand("base/checks", {"status": "in_force"}, "t1")
    play.sign("base/mentee_ready", "curator", "m1")
    play.sign("base/mentor_ready", "curator", "t1")

    assert play.task("pairing/match").state != "open"
    assert "intake_open" in {each.code for each in play.standing.work.needs_missing("pairing", None)}

    play.sign("base/mentees_closed", "curator")
    play.sign("base/mentors_closed", "curator")

    assert play.versions["pairing/proposal"][""]


def test_rule_10_what_has_opened_stays_open(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("start/plan", {"text": "Иной", "items": ["а"]})  # the need is no longer approved

    assert play.task("base/consent", "m1").state == "open"


def test_rule_11_a_stage_is_active_n_of_m_and_done_when_each_live_member_passed_or_ended(play):
    started(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.hand("base/mentors", {"rows": [mentor("t1")]})
    play.hand("base/consents", {"status": "in_force"}, "m1")
    play.sign("base/mentee_ready", "curator", "m1")
    stage = play.stage("base")

    assert (stage.state, stage.passed, stage.of) == ("active", 1, 3)

    play.hand("base/checks", {"status": "in_force"}, "t1")
    play.sign("base/mentor_ready", "curator", "t1")
    play.hand("base/withdrawals", {"text": "отзыв"}, "m2")
    play.sign("base/mentees_closed", "curator")
    play.sign("base/mentors_closed", "curator")

    assert play.stage("base").state == "done"


def test_rule_11_after_a_latecomer_the_stage_is_done_with_one_late(play):
    based(play)
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2"), mentee("m3")]})
    stage = play.stage("base")

    assert (stage.state, stage.late) == ("done", 1)


# --- members -------------------------------------------------------------------------------------


def test_rule_12_a_group_ends_when_it_loses_its_last_mentor_and_its_mentee_is_matched_again(play):
    paired(play, mentees=2, mentors=3)
    play.hand("base/leavings", {"text": "уехал"}, "t1")

    assert play.standing.members.ending(Member("group", "G1")).cause == "lost_mentor"
    assert [row["mentees"] for row in play.versions["pairing/proposal"][""][-1].data["rows"]] == [["m1"]]
    assert "Ask pairing/confirm" in play.asked()


def test_rule_12_next_says_whether_the_mentees_of_an_ended_group_are_matched_again(play):
    paired(play, mentees=2, mentors=3)
    before = len(play.versions["pairing/proposal"][""])
    play.hand("work/endings", {"text": "цель достигнута"}, "G1")

    assert len(play.versions["pairing/proposal"][""]) == before

    play.hand("work/partings", {"text": "не сошлись"}, "G2")

    assert play.versions["pairing/proposal"][""][-1].data["rows"][0]["mentees"] == ["m2"]


def test_rule_12_an_ended_member_blocks_nothing_and_keeps_its_history(play):
    paired(play)
    play.hand("work/endings", {"text": "цель достигнута"}, "G1")
    worked(play, "G2")

    assert play.stage("work").state == "done"
    assert play.paper("pairing/agreements", "G1") == "withdrawn"
    assert play.versions["pairing/agreements"]["G1"]


def test_rule_13_a_group_freezes_when_a_consent_runs_out_and_the_curator_is_told_at_once(play):
    based(play)
    play.hand("base/consents", {"status": "in_force", "valid_until": "2026-12-31"}, "m1")
    play.sign("base/mentee_ready", "curator", "m1")
    confirm(play)
    for key in ("G1", "G2"):
        play.hand("pairing/agreements", {"text": "да"}, key)
        play.sign("pairing/group_approved", "director", key)
    play.wait(until="2027-01-02")

    assert play.task("work/begin", "G1").state == "frozen"
    assert play.task("work/begin", "G2").state == "open"
    assert "Mend group G1" in play.asked()

    play.hand("base/consents", {"status": "in_force", "valid_until": "2027-12-31"}, "m1")
    play.sign("base/mentee_ready", "curator", "m1")

    assert play.task("work/begin", "G1").state == "open"


def test_rule_13_a_group_of_several_freezes_when_one_of_them_ends(play):
    based(play, mentees=2, mentors=1, slots=2)
    row = {"group": "G1", "form": "any", "mentors": ["t1"], "mentees": ["m1", "m2"]}
    play.hand("pairing/pairs", {"rows": [row], "unmatched": []})
    play.hand("pairing/agreements", {"text": "да"}, "G1")
    play.sign("pairing/group_approved", "director", "G1")
    play.hand("base/withdrawals", {"text": "отзыв"}, "m2")

    assert play.task("work/begin", "G1").state == "frozen"

    play.hand("pairing/pairs", {"rows": [{**row, "mentees": ["m1"]}], "unmatched": []})
    play.hand("pairing/agreements", {"text": "новое"}, "G1")
    play.sign("pairing/group_approved", "director", "G1")

    assert play.task("work/begin", "G1").state == "open"


def test_rule_14_matching_takes_rows_that_passed_and_are_in_no_live_group(play):
    paired(play)
    proposals = len(play.versions["pairing/proposal"][""])
    play.hand("base/mentors", {"rows": [mentor("t1"), mentor("t2"), mentor("t3")]})

    assert len(play.versions["pairing/proposal"][""]) == proposals  # nobody waits: it does not run
    assert play.task("pairing/match").state == "done"

    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2"), mentee("m3")]})
    play.hand("base/consents", {"status": "in_force"}, "m3")
    play.hand("base/checks", {"status": "in_force"}, "t3")
    play.sign("base/mentor_ready", "curator", "t3")
    play.sign("base/mentee_ready", "curator", "m3")
    rows = play.versions["pairing/proposal"][""][-1].data["rows"]

    assert [row["mentees"] for row in rows] == [["m3"]]
    assert play.gate("pairing/group_approved", "G1").approved


def test_rule_14_a_group_sent_back_keeps_its_code_and_its_combination_is_refused(play):
    based(play)
    confirm(play)
    for key in ("G1", "G2"):
        play.hand("pairing/agreements", {"text": "да"}, key)
    play.sign("pairing/group_approved", "director", "G2")
    play.sign("pairing/group_approved", "director", "G1", verdict="return", choice="again")
    task = play.methodology.task("pairing/match")

    assert play.standing.pools.pool(task).refused == [["t1", ["m1"]]]
    assert play.gate("pairing/group_approved", "G1").state == "returned"
    assert play.gate("pairing/group_approved", "G2").approved
    proposal = play.versions["pairing/proposal"][""][-1].data
    assert proposal["unmatched"][0]["code"] == "m1"  # only the refused mentor has a seat

    play.hand("base/mentors", {"rows": [mentor("t1"), mentor("t2"), mentor("t3")]})
    play.hand("base/checks", {"status": "in_force"}, "t3")
    play.sign("base/mentor_ready", "curator", "t3")
    proposal = play.versions["pairing/proposal"][""][-1].data

    assert [(row["group"], row["mentors"]) for row in proposal["rows"]] == [("G1", ["t3"])]

    confirm(play)

    assert play.gate("pairing/group_approved", "G1").state == "not_ready"  # a new agreement is due
    assert play.paper("pairing/agreements", "G1") == "stale"


def test_rule_15_reopen_takes_the_member_at_hand_across_registers(play):
    based(play)
    confirm(play)
    play.hand("pairing/agreements", {"text": "да"}, "G1")
    play.sign("pairing/group_approved", "director", "G1", verdict="return", choice="mentor")

    assert play.task("base/check", "t1").state == "open"
    assert play.task("base/check", "t2").state == "done"
    assert play.gate("base/mentor_ready", "t1").approved  # what was approved stays until digests change

    play.hand("base/checks", {"status": "in_force", "valid_until": "2027-06-30"}, "t1")

    assert play.gate("base/mentor_ready", "t1").state == "stale"


def test_rule_15_what_was_handed_in_before_a_return_is_no_answer_to_it():
    form = b"check: {uses: form, who: {role: mentor, of: row}, writes: checks}"
    activities = b"with: {activities: {talk: {title: Talk, hours: 2}}}"
    training = b"check: {uses: training, who: {role: curator}, " + activities + b", writes: checks}"
    bundle = reader.collect(SMALL)
    bundle["stages/base.yaml"] = bundle["stages/base.yaml"].replace(form, training)
    play = based(Play(reader.read(bundle).or_refuse()))
    record = play.versions["base/checks"]["t1"]

    def attend(hours: int) -> None:
        done = {"completed": ["talk"][: hours - 1]}
        record.append(Version(play.tick(), str(hours), done, play.now, origin="collected"))
        play.settle()

    attend(1)
    play.sign("base/mentor_ready", "curator", "t1", verdict="return")

    assert play.task("base/check", "t1").state == "open"
    assert play.gate("base/mentor_ready", "t1").state == "returned"

    attend(2)

    assert play.task("base/check", "t1").state == "done"
    assert [each.origin for each in record] == ["handed", "collected", "made", "collected", "made"]


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
