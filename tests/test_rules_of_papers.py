"""LANGUAGE.md §6, rules 1 to 8, played on the small methodology: papers and gates."""

from __future__ import annotations

from play import based, mentee, paired, started

from flows.engine.snapshot import Member

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
