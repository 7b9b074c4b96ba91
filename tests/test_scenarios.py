"""Scenarios: what they say, how they are played, what they cover, and whether they would notice a slip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from play import SMALL

from flows import cli, mutating
from flows.engine.coverage import wanted_conditions, wanted_gates
from flows.engine.mutants import Trial, mutants, sample_of
from flows.engine.scenarios import Played, play_all
from flows.mutating import tried_of
from schemas import messages, reader, validation
from schemas.problems import NOWHERE
from schemas.reader import Reading
from schemas.sources import load_yaml

CASES = Path(__file__).parent / "cases" / "scenarios"
TARGET = Path(__file__).parent.parent / "definitions" / "target-model"


def laid(case: str) -> tuple[Reading, dict[str, bytes]]:
    """The small methodology with the scenarios of a case."""
    content = reader.collect(SMALL)
    for path in sorted((CASES / case).glob("*.yaml")):
        content[f"scenarios/{path.name}"] = path.read_bytes()
    return reader.read(content), content


def played(reading: Reading) -> dict[str, Played]:
    return play_all(reading.or_refuse(), reading.scenarios, reading.scenarios)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_scenario_is_told_in_just_these_words(case: Path) -> None:
    """Each case folder holds scenarios of the small methodology, and the exact lines expected."""
    reading, _ = laid(case.name)
    found = list(reading.problems)
    if not found:
        for name, each in played(reading).items():
            found += each.problems
            assert each.after == "" or name == "after"

    lines = "".join(f"{messages.line(each, 'ru')}\n" for each in found)
    assert lines == (case / "expected.txt").read_text("utf-8")


def test_a_branch_leaves_what_it_begins_with_as_it_was() -> None:
    """Two scenarios that begin with the same one do not see each other."""
    found = played(laid("good")[0])
    start = found["begun"].player
    assert start is not None

    assert [found[name].green for name in ("begun", "one_is_enough", "let_go")] == [True] * 3
    assert not start.waivers.get("start/begun", {}).get("")
    assert len(start.versions["start/plan"][""]) == 1


def test_scenarios_are_no_part_of_what_programmes_are_pinned_to() -> None:
    """A changed scenario changes no digest."""
    with_scenarios, without = laid("good")[0], reader.read_folder(SMALL)

    assert with_scenarios.scenarios
    assert with_scenarios.or_refuse().digest == without.or_refuse().digest
    assert with_scenarios.bundle.keys() == without.bundle.keys()


def test_coverage_names_what_no_scenario_saw() -> None:
    """A condition counts when it was true and when it was false; a checkpoint in each outcome that it has."""
    reading, _ = laid("good")
    seen = frozenset().union(*(each.marks for each in played(reading).values()))
    lacks = {each.pointer: each.lacks(seen) for each in wanted_conditions(reading.or_refuse())}
    gates = {each.pointer: each.lacks(seen) for each in wanted_gates(reading.or_refuse())}

    assert lacks["checkpoints", "begun", "requires", "forms", "check"] == []
    assert lacks["artefacts", "mentees", "checks", "many", "check"] == ["true", "false"]
    assert gates["checkpoints", "agreed"] == ["choice:rules", "choice:plan"]
    assert gates["checkpoints", "begun"] == []


def slips(content: dict[str, bytes], wanted: str) -> set[tuple[str, str]]:
    sources = {"stages/start.yaml": load_yaml(content["stages/start.yaml"], "stages/start.yaml")}
    reading = reader.read(content)
    trial = Trial(reading, content, played(reading))
    return {
        ("/".join(map(str, each.mutant.pointer)), messages.in_words(each.mutant.what, "ru"))
        for each in map(trial.of, mutants(sources))
        if each.outcome == wanted
    }


def test_a_slip_is_noticed_by_the_scenario_that_speaks_of_it() -> None:
    """What the scenarios say is guarded: thresholds, requirements, signatures; the rest survives and is named."""
    _, content = laid("good")
    survived, killed = slips(content, "survived"), {place for place, _ in slips(content, "killed")}

    assert {"params/min_forms/default", "checkpoints/begun/requires/forms", "checkpoints/begun/requires/forms/waive",
            "checkpoints/agreed/sign_off/director/role"} <= killed  # fmt: skip
    assert ("tasks/write_rules/due/within", "было «P10D», стало «P11D»") in survived
    assert "checkpoints/begun/requires/forms/check" in killed


def test_a_slip_that_cannot_be_read_is_counted_apart() -> None:
    """Dropping a param's only use is fine; dropping what a signature compares with is refused by the reader."""
    _, content = laid("good")
    content["stages/start.yaml"] = content["stages/start.yaml"].replace(
        b"min_forms: {type: integer, default: 1}", b"min_forms: {type: integer, default: 1, maximum: 1}"
    )

    assert ("params/min_forms/default", "было «1», стало «2»") in slips(content, "refused")


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    assert sample_of(600, 5, 1) == sample_of(600, 5, 1)
    assert sample_of(600, 5, 1) != sample_of(600, 5, 2)
    assert len(sample_of(600, 5, 1)) == 5
    assert sample_of(3, 10**6, 1) == sample_of(3, None, 1) == [0, 1, 2]


def test_what_is_tried_on_many_cores_is_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mutant comes to the same in a process of its own, and the first comes first."""
    _, content = laid("good")
    chosen = list(range(2 * mutating.AT_ONCE))

    def tried(cores: int) -> list[tuple[object, str, str]]:
        monkeypatch.setattr(mutating.os, "cpu_count", lambda: cores)
        return [(each.mutant.pointer, each.outcome, each.by) for each in tried_of(content, "", chosen)]

    assert tried(2) == tried(1)


# --- the command ---------------------------------------------------------------------------------


def folder(tmp_path: Path, case: str) -> Path:
    """A folder with the small methodology and the scenarios of a case."""
    _, content = laid(case)
    for name, each in content.items():
        path = tmp_path / "methodology" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each)
    return tmp_path / "methodology"


def test_the_command_ends_with_3_where_a_scenario_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["test", str(folder(tmp_path, "good"))]) == 0
    assert "✓ let_go" in capsys.readouterr().out
    assert cli.run(["test", str(folder(tmp_path / "bad", "steps-not-accepted"))]) == 3

    told = capsys.readouterr().out
    assert "✗ early" in told
    assert "after: не сыгран, он начинается с early" in told


def test_the_answer_as_json_keeps_to_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--mutate", "--sample", "3", "--seed", "1", "--format", "json"]
    cli.run(["test", str(folder(tmp_path, "good")), *words])
    found = json.loads(capsys.readouterr().out)
    schema = validation.shipped("output", "test")

    assert validation.violations(schema, found, lambda pointer, *, key=False: NOWHERE) == []
    assert found["mutants"]["tried"] == 3


def test_only_what_an_edit_touches_is_played_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a workspace the last green run is remembered, with what it saw."""
    there = folder(tmp_path, "good")
    workspace = tmp_path / "workspace"
    assert cli.run(["init", str(workspace)]) == 0

    def run(*words: str) -> str:
        capsys.readouterr()
        assert cli.run(["--workspace", str(workspace), "test", str(there), *words]) == 0
        return capsys.readouterr().out

    first = run()
    again = run()
    assert "✓ begun" in first
    assert "✓" not in again
    assert first.splitlines()[-3:] == again.splitlines()[-3:]  # the coverage is told all the same

    path = there / "stages" / "work.yaml"  # nothing happens there in these scenarios
    path.write_bytes(path.read_bytes().replace(b"P14D", b"P15D"))
    assert "✓" not in run()
    path = there / "stages" / "start.yaml"
    path.write_bytes(path.read_bytes().replace(b"P10D", b"P11D"))
    assert "✓ begun" in run()
    path = there / "scenarios" / "let_go.yaml"
    path.write_bytes(path.read_bytes().replace("Школа мала".encode(), "Так вышло".encode()))
    changed = run()
    assert "✓ let_go" in changed
    assert "✓ one_is_enough" not in changed
    assert "✓ one_is_enough" in run("--all")


# --- the shipped methodology ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def target() -> tuple[Reading, dict[str, Played]]:
    reading = reader.read_folder(TARGET)
    return reading, played(reading)


def test_the_target_model_keeps_what_its_scenarios_say(target: tuple[Reading, dict[str, Played]]) -> None:
    assert {name: each.problems for name, each in target[1].items() if not each.green} == {}


def test_the_target_model_is_covered_whole(target: tuple[Reading, dict[str, Played]]) -> None:
    """Each condition true and false, each checkpoint in each of its outcomes."""
    reading, found = target
    seen = frozenset().union(*(each.marks for each in found.values()))
    wanted = wanted_conditions(reading.or_refuse()) + wanted_gates(reading.or_refuse())

    assert len(wanted) > 60
    assert {each.pointer: each.lacks(seen) for each in wanted if each.lacks(seen)} == {}


def test_the_scenarios_of_the_target_model_notice_a_sample_of_slips(
    target: tuple[Reading, dict[str, Played]],
) -> None:
    """The whole is tried by `make mutate`."""
    reading, found = target
    content = reader.collect(TARGET)
    sources = {
        name: load_yaml(each, name)
        for name, each in content.items()
        if name == "methodology.yaml" or name.startswith("stages/")
    }
    every = list(mutants(sources))
    trial = Trial(reading, content, found)
    tried = [trial.of(every[number]) for number in sample_of(len(every), 10, 4)]
    noticed = sum(1 for each in tried if each.outcome == "killed")
    survived = [each.mutant.pointer for each in tried if each.outcome == "survived"]

    assert noticed >= 0.8 * (noticed + len(survived)), survived


def test_answers_in_a_scenario_are_held_against_their_survey() -> None:
    """Some may be left out; what the survey does not know or take is told at its place."""
    content = reader.collect(SMALL.parent / "surveys")
    content["scenarios/asked.yaml"] = """\
dsl: scenario/v1
id: asked
title: Ответы, каких не бывает
year: "2026/27"
starts: "2026-09-01"
steps:
  - hand: ask/mentees
    rows: {Н-001-8: {category: pupil, grade: 7, minor: true, form: pupil_pupil, request: Математика}}
  - hand: ask/before/Н-001-8
    data: {comfort: 55, comfrt: 5}
""".encode()
    reading = reader.read(content)

    assert [
        f"{each.at.line}:{each.at.column} {each.values['code']}" for each in played(reading)["asked"].problems
    ] == [
        "10:21 D08",
        "10:25 D01",
    ]


@pytest.mark.parametrize("words", [("--sample", "3"), ("--at-least", "0.9"), ("--mutate", "--sample", "0")])
def test_trial_changes_are_asked_for_by_mutate_and_in_numbers(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["test", str(SMALL), *words]) == 2
    assert "[X22]" in (err := capsys.readouterr().err) or "[U01]" in err
