"""LANGUAGE.md §6, rules 9 to 15, played on the small methodology: intake, opening, members."""

from __future__ import annotations

from play import SMALL, Play, based, confirm, mentee, mentor, paired, started, worked

from flows.engine.snapshot import Member, Version
from schemas import reader

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
