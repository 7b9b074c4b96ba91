"""What a plan says: each class of effect on a small example, why signatures fall, names that move, and laws."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from edits import WHOLE, Replacements, edited, read
from hypothesis import given, settings
from hypothesis import strategies as st
from play import SMALL, Play, based, mentee, paired, small, started
from wander import Wanderer, reading

from flows.engine import migration
from flows.engine.differences import differences
from flows.engine.migration import MigrationPlan
from flows.engine.renaming import idle_renames, moves_of
from flows.engine.snapshot import Snapshot
from flows.engine.standing import Standing
from schemas import reader
from schemas.model import Methodology

STOP = (
    "  stop: {uses: form, on_request: true, who: {role: curator}, writes: endings, "
    "then: {ends: group, next: leave}}\n"
)
BUDGET: Replacements = {
    "stages/start.yaml": (
        ("  note: {", "  budget: {title: Смета, schema: paper}\n  note: {"),
        ("  annotate: {", "  count: {uses: form, who: {role: curator}, writes: budget}\n  annotate: {"),
        ("      plan: approved", "      plan: approved\n      budget: valid"),
    )
}


def effect(play: Play, new: Methodology) -> MigrationPlan:
    return migration.plan(
        play.methodology, new, differences(play.methodology, new), play.snapshot, play.now
    )  # fmt: skip


def standing(play: Play, new: Methodology) -> Standing:
    between = differences(play.methodology, new)
    return Standing(new, between.moves.applied(play.snapshot, play.seq + 1), play.now)


def told(found: MigrationPlan, name: str = "effect") -> dict[str, str]:
    return {each.item: getattr(each, name) for each in found.shifts}


# --- classes ---------------------------------------------------------------------------------------


def test_an_edit_of_what_is_behind_touches_nobody() -> None:
    """The last day of a paper that is handed in, in a stage that is done."""
    new = read({"stages/start.yaml": (("due: {within: P10D}", "due: {within: P20D}"),)})

    assert effect(started(Play(small())), new).effect == "untouched"


def test_an_edit_of_what_is_ahead_changes_only_the_future() -> None:
    new = read({"stages/work.yaml": (("due: {within: P10D}", "due: {within: P20D}"),)})
    found = effect(started(Play(small())), new)

    assert found.effect == "future"
    assert [each.item for each in found.ahead] == ["work/begin"]
    assert not found.shifts


def test_a_due_date_of_open_work_moves() -> None:
    play = Play(small())
    play.settle()
    found = effect(play, read({"stages/start.yaml": (("due: {within: P10D}", "due: {within: P20D}"),)}))

    assert found.effect == "active"
    (date,) = found.dates
    assert date.item == "start/write_rules"
    assert date.before is not None
    assert date.after is not None
    assert (date.after - date.before).days == 10


def test_a_new_required_paper_reopens_a_stage_that_was_done() -> None:
    """The signature did not cover it: the gate falls, naming it, and somebody is asked for the paper."""
    play = started(Play(small()))
    found = effect(play, read(BUDGET))

    assert found.effect == "falls"
    assert told(found)["start"] == "falls"
    gate = next(each for each in found.shifts if each.item == "start/begun")
    assert (gate.before, gate.after, gate.signatures) == ("approved", "stale", ("director",))
    assert [each.code for each in gate.reasons][:1] == ["fell_more"]
    assert [getattr(step, "task", "") for step in found.asked.steps] == ["start/count"]


def test_the_first_signatures_of_a_gate_fall_with_their_reason_too() -> None:
    """Nothing was passed yet, and the council's opinion is not lost without a word."""
    play = Play(small())
    play.settle()
    play.hand("start/rules", {"text": "Правила"})
    play.hand("start/plan", {"text": "План", "items": ["а", "б"]})
    play.sign("start/agreed", "council")
    found = effect(
        play,
        read(
            {
                "stages/start.yaml": (
                    ("{rules: valid, plan: valid}", "{rules: valid, plan: valid, summary: valid}"),
                )
            }
        ),
    )
    gate = next(each for each in found.shifts if each.item == "start/agreed")

    assert gate.signatures == ("council",)
    assert [each.code for each in gate.reasons][:1] == ["fell_more"]


def test_a_new_paper_that_is_handed_in_does_not_bring_an_old_signature_back() -> None:
    """Who signed without seeing it signs again."""
    play, new = started(Play(small())), read(BUDGET)
    moved = differences(play.methodology, new).moves.applied(play.snapshot, play.seq + 1)
    later = Play(new)
    later.versions["start/budget"][""] = []
    later.seq, later.now = play.seq + 1, play.now
    later.hand("start/budget", {"text": "смета"})
    both = Snapshot(
        moved.school, moved.year, moved.zone, {**moved.versions, "start/budget": later.versions["start/budget"]},
        moved.facts, moved.decisions, moved.waivers, moved.holders, moved.stages_done,
        asked_more=moved.asked_more,
    )  # fmt: skip
    gate = Standing(new, both, play.now).gates.gate(new.checkpoint("start/begun"))

    assert gate.state == "stale"
    assert gate.ready


def test_a_condition_that_holds_as_it_is_now_keeps_the_signature() -> None:
    """A threshold that is met is no reason to sign again; one that is not met fells the signature."""
    play = started(Play(small()))
    met = read({"stages/start.yaml": (("default: 1}", "default: 2}"),)})
    missed = read({"stages/start.yaml": (("default: 1}", "default: 3}"),)})

    assert effect(play, met).effect == "untouched"
    assert told(effect(play, missed))["start/begun"] == "falls"


def test_another_signer_must_sign_himself() -> None:
    play = started(Play(small()))
    old, new = "sign_off: {director: {role: director}}\nmay", "sign_off: {director: {role: curator}}\nmay"
    found = effect(play, read({"stages/start.yaml": ((old, new),)}))
    gate = next(each for each in found.shifts if each.item == "start/begun")

    assert gate.effect == "falls"
    assert [each.code for each in gate.reasons] == ["fell_signer"]


def test_a_signature_that_is_asked_for_no_more_completes_the_gate() -> None:
    """Also the intake, which is closed by the last of those that are left."""
    extra = "curator: {role: curator, document: {date: required}}, director: {role: director}}"
    back = "\n    on_return: {again: {title: Дополнить, reopen: [list_mentees]}}"
    one = "sign_off: {curator: {role: curator, document: {date: required}}}" + back
    two = one.replace("curator: {role: curator, document: {date: required}}}", extra, 1)
    old = read({"stages/base.yaml": ((one, two),)})
    play = started(Play(old))
    play.hand("base/mentees", {"rows": [mentee("m1"), mentee("m2")]})
    play.sign("base/mentees_closed", "curator")
    assert play.gate("base/mentees_closed").state == "open"
    now = standing(play, small())

    assert now.gates.gate(small().checkpoint("base/mentees_closed")).approved
    assert now.members.closed_at("mentee") is not None


def test_a_removed_task_is_asked_for_no_more() -> None:
    play = paired(Play(small()))
    found = effect(play, read({"stages/work.yaml": (
        ("  endings: {title: Завершение, schema: paper, each: group}\n", ""),
        (STOP, ""),
    )}))  # fmt: skip

    assert {each.item: each.effect for each in found.shifts if each.kind == "tasks"} == {
        "work/stop": "removed"
    }


def test_a_paper_that_does_not_fit_its_new_schema_is_a_draft_until_it_is_corrected() -> None:
    play = based(Play(small()))
    content = reader.collect(SMALL)
    name = "artefacts/consent.schema.json"
    content[name] = content[name].replace(b'"required": ["status"]', b'"required": ["status", "valid_until"]')
    found = effect(play, reader.read(content).or_refuse())
    consents = next(each for each in found.shifts if each.item == "base/consents")

    assert (consents.before, consents.after) == ("approved", "draft")
    assert [each.code for each in consents.reasons] == ["misfits"]


def test_a_closed_year_is_never_touched() -> None:
    play = started(Play(small()))
    play.closed, play.closed_at = play.tick(), play.now
    found = effect(play, read(WHOLE))

    assert (found.effect, found.closed) == ("untouched", True)


# --- names -----------------------------------------------------------------------------------------


def test_renames_alone_change_nothing_but_names() -> None:
    """A stage, a paper and a task: what was done stays done, signed and made from what it was made from."""
    others = ("  note: {", "  annotate", "letters", "write_letter", "mentees: valid}", "P7D")
    renames = {
        name: tuple(pair for pair in pairs if not any(word in pair[0] for word in others))
        for name, pairs in WHOLE.items()
    }
    renames["stages/start.yaml"] += (("reads: [plan], writes: note", "reads: [roadmap], writes: note"),)
    play = paired(Play(small()))
    play.hand("start/note", {"text": "записка"})
    found = effect(play, read(renames))

    assert found.shifts == ()
    assert found.dates == ()
    assert found.asked.steps == found.no_longer.steps == ()
    assert found.effect == "future"


def test_moves_survive_being_stored() -> None:
    moves = differences(small(), read(WHOLE)).moves

    assert moves_of(json.loads(json.dumps(moves.as_json()))) == replace(moves, reshaped=())
    assert moves.renamed()["start/plan"] == "start/roadmap"
    assert moves.renamed()["pairing/pairs"] == "matching/pairs"


def test_a_chain_of_renames_leads_from_any_of_its_names() -> None:
    """A school that skipped an edit follows two at once."""
    line = "may_reopen: [director]"
    new = read({"stages/start.yaml": ((line, f"{line}\nrenamed: {{letter: memo, memo: note}}"),)})
    for former in ("letter", "memo"):
        old = read({"stages/start.yaml": (
            ("  note: {", f"  {former}: {{"), ("writes: note}", f"writes: {former}}}"),
        )})  # fmt: skip

        assert differences(old, new).paths == {f"start/{former}": "start/note"}


@pytest.mark.parametrize(
    ("renamed", "codes"),
    [
        ("{old: plan}", []),
        ("{older: old, old: plan}", []),
        ("{begin: start}", []),
        ("{old: plam}", ["M01"]),
        ("{a: b, b: a}", ["M01", "M01"]),
        ("{rules: plan}", ["M02"]),
        ("{base: start}", ["M02"]),
        ("{a: plan, b: plan}", ["M03"]),
    ],
)
def test_renamed_leads_from_what_is_gone_to_what_is_there(renamed: str, codes: list[str]) -> None:
    content = edited({"stages/start.yaml": (("may_reopen: [director]", f"renamed: {renamed}"),)})

    assert [each.code for each in reader.read(content).problems] == codes


def test_one_stage_alone_was_another_before() -> None:
    line = "may_reopen: [director]"
    content = edited({
        "stages/start.yaml": ((line, "renamed: {first: start}"),),
        "stages/base.yaml": ((line, "renamed: {first: base}"),),
    })  # fmt: skip

    assert [each.code for each in reader.read(content).problems] == ["M04"]


# --- laws ------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), steps=st.integers(0, 30))
def test_a_definition_against_itself_is_an_empty_plan(seed: int, steps: int) -> None:
    play = Wanderer(reading().or_refuse(), seed)
    for _ in range(steps):
        play.step()
    again = reader.read(dict(reading().bundle)).or_refuse()
    between = differences(play.methodology, again)

    assert between.changes == ()
    assert effect(play, again) == MigrationPlan("untouched", closed=play.closed is not None)


@pytest.mark.parametrize(
    ("renamed", "idle"),
    [
        ("{note: remark}", []),
        ("{nonesuch: remark}", [("start", "nonesuch", "remark")]),  # a slip in the former name
        ("{note: begun}", [("start", "note", "begun")]),  # a paper that becomes a gate
        ("{note: summary}", [("start", "note", "summary")]),  # a name with a history of its own
    ],
)
def test_a_rename_that_leads_nothing_on_is_seen(renamed: str, idle: list[tuple[str, str, str]]) -> None:
    old = small()
    stage = replace(old.stages["start"], renamed=yaml.safe_load(renamed))
    artefacts = {("remark" if name == "note" else name): each for name, each in stage.artefacts.items()}
    new = replace(old, stages={**old.stages, "start": replace(stage, artefacts=artefacts)})

    assert idle_renames([old], new) == idle
    assert idle_renames([new], new) == []
