"""Whatever overlay is accepted: every rule of the methodology still holds wherever the school's own rules hold."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from schemas import reader
from schemas.certificate import certificate, certificate_problems
from schemas.conditions import Condition, evaluate
from schemas.digests import digest
from schemas.layers import Layered, value_at, whole
from schemas.overlay import Laid, lay
from schemas.policies import policy_of
from schemas.sources import Source, parse_yaml

TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
HEAD = {"dsl": "overlay/v1", "id": "mine", "version": "1", "extends": ["target_model@1"]}
Data = dict[str, Any]
Path_ = tuple[str, ...]


@cache
def base() -> Layered:
    content = reader.collect(TARGET)
    sources: dict[str, dict[str, Source]] = {"stages": {}, "surveys": {}, "": {}}
    for name, raw in content.items():
        folder, _, file = name.rpartition("/")
        if name.endswith(".yaml") and folder in sources:
            source, problems = parse_yaml(raw, name)
            assert source is not None, problems
            sources[folder][file.removesuffix(".yaml")] = source
    return whole(sources[""]["methodology"], sources["stages"], sources["surveys"])


@cache
def places() -> list[Path_]:
    """Every place of the methodology that a patch can name."""
    return list(_places(base().data, ()))


def _places(data: Any, path: Path_) -> Iterator[Path_]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*path, key)
            yield from _places(value, (*path, key))


def at(path: Path_, value: Any) -> Data:
    """A patch of one place."""
    for step in reversed(path):
        value = {step: value}
    return value


def joined(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return (
            {key: joined(one.get(key), other.get(key)) for key in one.keys() | other.keys()} if one else other
        )
    return other if other is not None else one


VALUES: list[Any] = [
    None, None, True, False, -1, 0, 1, 3, 10, 20, 0.5, 0.85, 0.95, 1.0, "valid", "approved", "opinion", "free",
    "locked", "curator", "director", "P1D", "P90D", "04-15", "12-01", "Своё название", "true", "row.minor", "mentee",
    "required", [], ["director"], ["curator", "director"], ["confirm.actor"], ["mentor_base/base"],
    {"who": ["curator"], "reason": "required"}, {"within": "P1D"}, {"by": "05-01"}, {"status": "in_force"},
    {"role": "curator"}, {"check": "true", "message": "Так"}, {"is": "valid"}, {"ends": "mentee"},
    {"number": "required", "date": "required"}, {"until": "valid_until"}, {"tasks.*.due": "free"}, {"a": None},
]  # fmt: skip
KEYS = [
    "mine", "x_mine", "when", "blocks", "optional", "on_request", "waive", "each", "checks", "who", "due", "after",
    "if_silent", "act", "document", "last", "overlay", "required", "belongs_to", "in_force", "is", "then", "where",
    "recorded_by", "default", "show_also", "on_return", "not", "why",
]  # fmt: skip
PARTS: dict[str, list[Data]] = {
    "artefacts": [{"title": "Своя бумага", "schema": "signed_document"}],
    "tasks": [
        {"uses": "form", "who": {"role": "curator"}, "writes": "mine"},
        {"uses": "form", "who": {"role": "curator"}, "writes": "consents", "then": {"ends": "mentee"}},
    ],
    "sign_off": [
        {"role": "psychologist"},
        {"role": "curator", "act": "opinion", "document": {"date": "required"}},
    ],
    "requires": [
        {"check": "1 == 1", "message": "Так"},
        {"check": "1 == 2", "message": "Нет"},
        {"is": "valid"},
    ],
    "checks": [{"check": "1 == 1", "message": "Так"}, {"check": "1 == 2", "message": "Нет", "blocks": False}],
    "params": [{"type": "integer", "default": 3}],
    "on_return": [{"title": "Ещё", "reopen": ["base"]}],
    "needs": [{"artefact": "preparation/programme"}],
}


@cache
def interesting() -> dict[str, list[Path_]]:
    """The places by what can be done with them."""
    data = base().data
    values = {path: value_at(data, path) for path in places()}
    return {
        "change": places(),
        "delete": places(),
        "key": [path for path, value in values.items() if isinstance(value, Mapping)],
        "part": [path for path in places() if path[-1] in PARTS],
        "title": [path for path in places() if path[-1] == "title"],
        "number": [path for path, value in values.items() if isinstance(value, int | float)],
        "signature": [path for path in places() if len(path) > 4 and path[4] in ("sign_off", "requires")],
        "threshold": [path for path in places() if path[2:3] == ("params",) and path[-1] == "default"],
        "due": [path for path in places() if "due" in path],
    }


def one(chance: Random) -> Data:
    """A change, a deletion or an addition somewhere."""
    kind = chance.choice(list(interesting()))
    path = chance.choice(interesting()[kind])
    match kind:
        case "delete":
            return at(path, None)
        case "title":
            return at(path, "Своё название")
        case "part":
            return at((*path, "mine"), chance.choice(PARTS[path[-1]]))
        case "key":
            return at((*path, chance.choice(KEYS)), chance.choice(VALUES))
        case "threshold":
            return at(path, chance.choice([1, 3, 5, 10, 20, 0.6, 0.85, 0.95]))
    return at(path, chance.choice(VALUES))


def accepted(chance: Random, document: Layered | None = None) -> Data:
    """An overlay that is accepted: of what chance proposes, what the policy lets pass, up to four changes."""
    found: Data = {}
    left = 4
    for _ in range(24):
        more = joined(found, one(chance))
        if left and not laid_with(more, document).problems:
            found, left = more, left - 1
    return found


SEEDS = st.integers(0, 10**9).map(Random)


def laid_with(patch: Data, document: Layered | None = None) -> Laid:
    return lay(document or base(), Source("mine.yaml", {**HEAD, "set": patch}))


# --- the rules of a definition -------------------------------------------------------------------


def rules(data: Mapping[str, Any]) -> dict[Path_, str]:
    """Each condition of a definition by its place."""
    return {path: value_at(data, path) for path in _places(data, ()) if is_condition(data, path)}


def is_condition(data: Mapping[str, Any], path: Path_) -> bool:
    return path[-1] in ("check", "when", "where") and isinstance(value_at(data, path), str)


ROWS = [
    {"code": code, "form": form, "request": request, "minor": minor, "adult": not minor, "category": category,
     "grade": grade, "experience_years": years, "slots": 1, "mentees": ["m1"], "mentors": ["t1"],
     "next_action": "", "consent": False}
    for code, form, request, minor, category, grade, years in [
        ("m1", "pupil_pupil", "", True, "pupil", 7, 0),
        ("m2", "teacher_teacher", "физика", False, "teacher", 0, 6),
        ("m3", "employer_pupil", "цель", True, "employer", 9, 3),
    ]
]  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> Data:
    """Papers as a condition may find them: whatever is named holds rows and the usual fields."""
    rows = draw(st.lists(st.sampled_from(ROWS), max_size=3))
    paper = {
        "rows": rows, "unmatched": rows[:1], "forms": draw(st.sampled_from([[], ["pupil_pupil"], ["any"]])),
        "status": draw(st.sampled_from(["in_force", "refused"])), "result": draw(st.sampled_from(["clean", "found"])),
        "decision": draw(st.sampled_from(["admitted", "refused"])), "hours": draw(st.integers(0, 30)),
        "completed": draw(st.sampled_from([[], ["safety"]])), "kind": draw(st.sampled_from(["trial", "final"])),
        "outcome": draw(st.sampled_from(["good", "bad"])), "response_share": draw(st.sampled_from([0.5, 0.7, 1.0])),
        "events": [{"audience": draw(st.sampled_from(["parents", "staff"]))}],
    }  # fmt: skip
    return {"paper": paper, "row": draw(st.sampled_from(ROWS)), "many": draw(st.integers(0, 12))}


def world_of(stage: Mapping[str, Any], world: Data) -> Data:
    """The names that a stage's conditions know, with its params as they stand."""
    names = [*stage.get("artefacts", {}), *stage.get("needs", {})]
    params = {name: each.get("default") for name, each in stage.get("params", {}).items()}
    return {**{name: world["paper"] for name in names}, "row": world["row"], "params": params,
            **({"meetings": [world["paper"]] * world["many"]} if "meetings" in names else {})}  # fmt: skip


def verdicts(data: Mapping[str, Any], world: Data, places: Iterator[Path_]) -> dict[Path_, bool | None]:
    found = {}
    for path in places:
        stage = data["stages"][path[1]]
        found[path] = evaluate(Condition.of(value_at(data, path)), world_of(stage, world)).holds
    return found


def guards(data: Mapping[str, Any]) -> list[Path_]:
    """The conditions that stand between a paper, or a gate, and its being right."""
    return [path for path in rules(data) if path[0] == "stages" and path[-1] == "check"]


many = settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@many
@given(SEEDS, worlds())
def test_what_is_accepted_implies_every_condition_of_the_methodology(chance: Random, world: Data) -> None:
    """Where all of the school's conditions of a gate or a paper hold, those of the methodology hold as well."""
    laid = laid_with(accepted(chance))
    before, after = base().data, laid.document.data
    old, new = verdicts(before, world, iter(guards(before))), verdicts(after, world, iter(guards(after)))

    for path, holds in old.items():
        around = path[:5] if path[2] != "enter" else path[:3]
        own = [each for place, each in new.items() if place[: len(around)] == around]
        assert path in new, path
        assert holds or not all(own), path


@many
@given(SEEDS)
def test_what_is_accepted_keeps_every_requirement_signature_and_place(chance: Random) -> None:
    """Nothing that the methodology asks for is gone: requirement, signer, paper, or who is asked."""
    laid = laid_with(accepted(chance))
    before, after = base().data, laid.document.data

    assert rules(before).items() <= rules(after).items()

    for name, stage in before["stages"].items():
        mine = after["stages"][name]
        for key, param in stage.get("params", {}).items():
            more, less = mine["params"][key]["default"], param["default"]
            assert more >= less if param["stricter"] == "higher" else more <= less
        for key, need in stage.get("needs", {}).items():
            assert mine["needs"][key] == need
        for key, artefact in stage["artefacts"].items():
            same = ("schema", "each", "belongs_to")
            assert [mine["artefacts"][key].get(each) for each in same] == [
                artefact.get(each) for each in same
            ]
            assert mine["artefacts"][key].get("required", False) >= artefact.get("required", False)
        for key, task in stage["tasks"].items():
            same = ("uses", "with", "writes", "when", "if_silent", "then", "reads")
            assert [mine["tasks"][key].get(each) for each in same] == [task.get(each) for each in same]
            assert mine["tasks"][key].get("on_request", False) <= task.get("on_request", False)
            assert ("who" in mine["tasks"][key]) == ("who" in task)
        for key, gate in stage["checkpoints"].items():
            own = mine["checkpoints"][key]
            assert own.get("each") == gate.get("each")
            assert gate["requires"].keys() <= own["requires"].keys()
            for requirement, value in gate["requires"].items():
                assert level(own["requires"][requirement]) == level(value)
                assert waivers(own["requires"][requirement]) <= waivers(value)
            for signer, entry in gate["sign_off"].items():
                theirs = own["sign_off"][signer]
                assert theirs["role"] == entry["role"]
                assert (theirs.get("act") == "opinion") <= (entry.get("act") == "opinion")
                assert set(entry.get("not", [])) <= set(theirs.get("not", []))
                assert set(entry.get("after", [])) <= set(theirs.get("after", []))
                for asked, how in entry.get("document", {}).items():
                    assert how != "required" or theirs["document"][asked] == "required"


def level(value: Any) -> Any:
    return value if isinstance(value, str) else value.get("is", value.get("check"))


def waivers(value: Any) -> set[str]:
    return set() if isinstance(value, str) else set(value.get("waive", {}).get("who", []))


@many
@given(SEEDS)
def test_a_second_overlay_takes_back_nothing(chance: Random) -> None:
    """Two layers weaken no more than one: the rules of both below are there after the second."""
    first = laid_with(accepted(chance))
    second = laid_with(accepted(chance, first.document), first.document)
    free = {path for path in rules(first.document.data) if policy_of(first.document.data, path)[0] == "free"}
    kept = {path: text for path, text in rules(first.document.data).items() if path not in free}

    assert rules(base().data).items() <= rules(second.document.data).items()
    assert kept.items() <= rules(second.document.data).items()


# --- the certificate -----------------------------------------------------------------------------


@many
@example(Random(13318), True)  # who does a task is changed where the base leaves its role free
@given(SEEDS, st.booleans())
def test_a_certificate_says_kept_exactly_when_the_overlay_is_accepted(chance: Random, good: bool) -> None:
    patch = accepted(chance) if good else one(chance)
    overlay = {**HEAD, "set": patch}
    found = certificate(base().data, [overlay])

    assert found["kept"] == (not laid_with(patch).problems)
    if found["kept"]:
        assert {each["verdict"] for each in found["core"]} <= {"kept", "stricter", "freed"}
    told = [each.code for each in certificate_problems(json.loads(json.dumps(found)), "proof.json")]
    assert told == ([] if found["kept"] else ["O19"])


PROOF = {**HEAD, "params": {"work": {"min_meetings": 12}}, "set": {"title": "Наша программа"}}


@settings(max_examples=20)
@given(st.data())
def test_no_single_edit_of_a_certificate_passes(data: st.DataObject) -> None:
    """Not even one whose seal was made anew."""
    proof = json.loads(json.dumps(certificate(base().data, [PROOF])))
    edited = copy.deepcopy(proof)
    part = data.draw(st.sampled_from([key for key in proof if key != "seal"]))
    holder, key = edited, part
    while isinstance(holder[key], dict | list) and holder[key]:
        holder = holder[key]
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = "другое" if not isinstance(holder[key], bool) else not holder[key]

    assert certificate_problems(edited, "proof.json")
    sealed = {key: value for key, value in edited.items() if key != "seal"}
    again = certificate_problems({**sealed, "seal": digest(sealed)}, "proof.json")
    assert again or part == "evidence"


@pytest.mark.parametrize(
    "evidence", [{}, {"methodology": {}, "overlays": []}, {"methodology": {"id": 1}, "overlays": [{}]}]
)
def test_evidence_that_is_none_is_refused(evidence: Data) -> None:
    proof = {**certificate(base().data, [PROOF]), "evidence": evidence}
    sealed = {key: value for key, value in proof.items() if key != "seal"}

    assert certificate_problems({**sealed, "seal": digest(sealed)}, "proof.json")


def test_the_patches_of_these_tests_are_not_all_refused() -> None:
    """A property over nothing proves nothing: some of each kind is accepted."""
    patches = [
        {"stages": {"matching": {"title": "Пары"}}},
        {"stages": {"work": {"params": {"min_meetings": {"default": 12}}}}},
        at(("stages", "work", "checkpoints", "group_finished", "requires", "mine"), PARTS["requires"][0]),
    ]
    assert [laid_with(patch).problems for patch in patches] == [()] * 3
    assert sum(len(accepted(Random(seed))) > 0 for seed in range(10)) == 10


@pytest.mark.parametrize(
    "heads",
    [
        [{"extends": ["zzz@9"]}],
        [{"extends": [*HEAD["extends"], "region@3"]}],  # a layer is left out
        [{"id": "region", "version": "3"}, {}],  # a layer that the last one does not name
    ],
)
def test_a_certificate_of_overlays_that_lie_elsewhere_is_refused(heads: list[Data]) -> None:
    """However it is sealed."""
    proof = certificate(base().data, [{**PROOF, **head} for head in heads])

    assert [each.code for each in certificate_problems(json.loads(json.dumps(proof)), "proof.json")] == [
        "O18"
    ]
