"""Overlays in a workspace: added to a school, pinned when its programme starts, shown, certified."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from workspaces import Room

from schemas.validation import shipped, violations

GOOD = Path(__file__).parent / "cases" / "overlays" / "good"
BAD = Path(__file__).parent / "cases" / "overlays" / "bad"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = Room(tmp_path / "workspace")
    room.do("init", str(room.folder))
    return room


def own(room: Room, case: Path, school: str) -> Path:
    """A case's folder as the folder of a school in the workspace."""
    folder = room.folder / "definitions" / "schools" / school
    shutil.copytree(case, folder)
    return folder / "overlay.yaml"


def started(room: Room, name: str, school: str) -> Path:
    overlay = own(room, GOOD / name, school)
    room.do("school", "add", school, "--title", "Школа", "--overlay", str(overlay))
    room.do("start", school, "--year", "2026/27")
    return overlay


@pytest.mark.parametrize("name", sorted(path.name for path in GOOD.iterdir()))
def test_a_school_with_an_overlay_is_added_and_starts(name: str, room: Room) -> None:
    overlay = own(room, GOOD / name, "ours")
    text = "\n".join(
        line for line in overlay.read_text("utf-8").splitlines() if not line.startswith("school:")
    )
    overlay.write_text(text + "\n", "utf-8")
    room.do("school", "add", "ours", "--title", "Школа", "--overlay", str(overlay))
    room.do("start", "ours", "--year", "2026/27")

    assert json.loads(room.do("status", "ours", "--json").out)["stages"][0]["state"] == "active"


def test_an_overlay_on_a_methodology_that_lies_nowhere_is_told_by_a_check_of_any(room: Room) -> None:
    overlay = own(room, GOOD / "papers-of-ones-own", "sosh-4")
    overlay.write_text(overlay.read_text("utf-8").replace("[target_model@", "[target_modle@"), "utf-8")
    answer = room("check", str(room.folder / "definitions" / "target-model"))

    assert answer.code == 3
    assert "[O02]" in answer.err + answer.out


def test_a_plan_is_not_written_over_a_folder(room: Room) -> None:
    room.do("school", "add", "sosh-4", "--title", "Школа")
    room.do("start", "sosh-4", "--year", "2026/27")
    definitions = room.folder / "definitions"
    command = ("plan", "--all", "--definitions", str(definitions / "target-model"), "--out")
    answer = room(*command, str(definitions))
    lost = room(*command, str(definitions / "no" / "plan.json"))

    assert "это папка" in answer.err
    assert "[W24]" in answer.err
    assert lost.code == 2
    assert "[U04]" in lost.err
    assert not definitions.with_name("definitions.new").exists()


def test_an_overlay_of_another_school_is_refused_at_its_line(room: Room) -> None:
    overlay = own(room, GOOD / "papers-of-ones-own", "sosh-4")
    answer = room("school", "add", "sosh-5", "--title", "Школа", "--overlay", str(overlay))

    assert answer.code == 3
    assert "overlay.yaml:7:9: надстройка написана для школы «sosh-4», а не для «sosh-5»" in answer.err
    assert "[O15]" in answer.err


def test_a_bad_overlay_is_refused_and_no_school_is_added(room: Room) -> None:
    overlay = own(room, BAD / "a-signature-removed", "sosh-10")
    answer = room("school", "add", "sosh-10", "--title", "Школа", "--overlay", str(overlay))

    assert answer.code == 3
    assert "overlay.yaml:11:22:" in answer.err
    assert "[O06]" in answer.err
    assert room("start", "sosh-10", "--year", "2026/27").code == 2


def test_an_overlay_that_is_not_there_is_wrong_usage(room: Room) -> None:
    answer = room("school", "add", "sosh-10", "--title", "Школа", "--overlay", str(room.folder / "none.yaml"))

    assert answer.code == 2
    assert "[U04]" in answer.err


def test_an_overlay_in_the_place_of_another_schools_is_refused_everywhere(room: Room) -> None:
    overlay = started(room, "papers-of-ones-own", "sosh-4")
    overlay.write_text(overlay.read_text("utf-8").replace("school: sosh-4", "school: sosh-5"), "utf-8")
    definitions = str(room.folder / "definitions" / "target-model")
    answers = [
        room("start", "sosh-4", "--year", "2027/28"),
        room("plan", "sosh-4", "--definitions", definitions),
    ]

    assert [each.code for each in answers] == [3, 3]
    assert all("[O15]" in each.err for each in answers)


@pytest.mark.parametrize("year", ["0000/01", "9999/00", "2062/63"])
def test_a_year_far_from_now_is_taken_for_a_slip(room: Room, year: str) -> None:
    room.do("school", "add", "sosh-4", "--title", "Школа")

    assert "[W34]" in room("start", "sosh-4", "--year", year).err


@pytest.mark.parametrize("title", [" ", "а\x1b[31mб", ""])
def test_a_title_that_nobody_can_read_is_refused(room: Room, title: str) -> None:
    assert "[W33]" in room("school", "add", "sosh-4", "--title", title).err


def test_a_plan_of_a_day_to_come_is_a_plan_of_now(room: Room) -> None:
    started(room, "papers-of-ones-own", "sosh-4")
    definitions = str(room.folder / "definitions" / "target-model")

    assert room("plan", "sosh-4", "--definitions", definitions, "--as-of", "9999-12-31").code == 0


@pytest.mark.parametrize("text", ['"\\ud800"', "9" * 5000])
def test_json_that_nothing_can_be_made_of_is_refused(room: Room, tmp_path: Path, text: str) -> None:
    path = tmp_path / "some.json"
    path.write_text(f'{{"schema": {text}}}', "utf-8")

    assert room("verify", "--certificate", str(path)).code == 6
    assert "[M09]" in room("apply", str(path)).err


def test_a_school_is_given_an_overlay_later(room: Room) -> None:
    """A running programme keeps its pin; `plan` shows it what the overlay means, and `apply` does it."""
    room.do("school", "add", "sosh-4", "--title", "Школа")
    room.do("start", "sosh-4", "--year", "2026/27")
    overlay = own(room, GOOD / "papers-of-ones-own", "sosh-4")
    changed = room.do("school", "change", "sosh-4", "--overlay", str(overlay))
    definitions, planned = str(room.folder / "definitions" / "target-model"), str(room.folder / "plan.json")

    assert "plan и apply" in changed.err
    assert room("plan", "sosh-4", "--definitions", definitions, "--out", planned, "--exit-code").code == 5
    room.do("apply", planned)
    assert room("plan", "sosh-4", "--definitions", definitions, "--exit-code").code == 0
    assert "size(diary.entries)" in room.do("show", "--school", "sosh-4").out


def test_a_change_of_a_school_says_what(room: Room) -> None:
    room.do("school", "add", "sosh-4", "--title", "Школа")
    assert "Лицей № 4" in room.do("school", "change", "sosh-4", "--title", "Лицей № 4").err
    assert "[W32]" in room("school", "change", "sosh-4").err
    assert "[W04]" in room("school", "change", "sosh-5", "--title", "Лицей").err


def test_every_lost_overlay_is_told_at_once(room: Room) -> None:
    for school in ("sosh-4", "sosh-5"):
        overlay = own(room, GOOD / "papers-of-ones-own", school)
        overlay.write_text(overlay.read_text("utf-8").replace("school: sosh-4", f"school: {school}"), "utf-8")
        room.do("school", "add", school, "--title", "Школа", "--overlay", str(overlay))
        room.do("start", school, "--year", "2026/27")
        overlay.unlink()
    answer = room("plan", "--all", "--definitions", str(room.folder / "definitions" / "target-model"))

    assert answer.code == 2
    assert answer.err.count("[O16]") == 2


def test_an_edit_that_breaks_overlays_is_refused_with_all_of_them(room: Room) -> None:
    for name in ("papers-of-ones-own", "questions-of-ones-own"):
        text = (GOOD / name / "overlay.yaml").read_text("utf-8")
        started(room, name, text.split("school: ")[1].split("\n")[0])
    methodology = room.folder / "definitions" / "target-model" / "methodology.yaml"
    methodology.write_text(
        methodology.read_text("utf-8").replace('version: "1.0"', 'version: "2.0"'), "utf-8"
    )
    answer = room("plan", "--all", "--definitions", str(methodology.parent))

    assert answer.code == 3
    assert answer.err.count("overlay.yaml:") == 2


def test_an_overlay_that_has_gone_is_asked_for_when_the_programme_starts(room: Room) -> None:
    overlay = own(room, GOOD / "papers-of-ones-own", "sosh-4")
    room.do("school", "add", "sosh-4", "--title", "Школа", "--overlay", str(overlay))
    overlay.unlink()
    answer = room("start", "sosh-4", "--year", "2026/27")

    assert answer.code == 2
    assert "[O16]" in answer.err


def test_what_is_edited_afterwards_does_not_touch_a_running_programme(room: Room) -> None:
    """The overlays lie in the bundle, with the files that they brought."""
    overlay = started(room, "papers-of-ones-own", "sosh-4")
    before = room.do("show", "--school", "sosh-4", "--format", "json").out
    status = room.do("status", "sosh-4", "--json").out
    overlay.write_text(overlay.read_text("utf-8").replace("Банк менторов", "Список менторов"), "utf-8")
    shutil.rmtree(overlay.parent / "artefacts")

    assert room.do("show", "--school", "sosh-4", "--format", "json").out == before
    assert room.do("status", "sosh-4", "--json").out == status

    overlay.unlink()

    assert room.do("show", "--school", "sosh-4", "--format", "json").out == before


def test_each_value_is_shown_with_its_origin(room: Room) -> None:
    started(room, "papers-of-ones-own", "sosh-4")
    text = room.do("show", "--school", "sosh-4").out
    found = json.loads(room.do("show", "--school", "sosh-4", "--format", "json").out)
    origins = found["origins"]

    assert "Надстройка «СОШ №4: банк наставников и дневник» (sosh_4@1):" in text
    assert "stages.mentor_base.artefacts.candidates.title: было База наставников, стало Банк менторов" in text
    assert violations(shipped("output", "show"), found, lambda _, *, key=False: None) == []
    assert origins["stages.mentor_base.artefacts.candidates.title"]["from"] == "sosh_4@1"
    assert origins["stages.mentor_base.artefacts.candidates.schema"]["from"] == "target_model@1.0"
    assert origins["stages.work.checkpoints.group_finished.requires.diary"]["from"] == "sosh_4@1"


def test_each_of_four_layers_is_named(room: Room) -> None:
    started(room, "four-layers", "sosh-1")
    text = room.do("show", "--school", "sosh-1").out
    origins = json.loads(room.do("show", "--school", "sosh-1", "--format", "json").out)["origins"]

    assert [line for line in text.splitlines() if line.startswith("Надстройка")] == [
        "Надстройка «Концепция до 2030 года» (federal_2030@1):",
        "Надстройка «Северная область» (region_sever@1):",
        "Надстройка «Город Озёрск» (town_ozersk@1):",
        "Надстройка «СОШ №1 города Озёрска» (sosh_1_ozersk@1):",
    ]
    assert origins["stages.work.params.min_meetings.default"]["from"] == "sosh_1_ozersk@1"
    assert origins["stages.mentor_training.params.hours_required.default"]["from"] == "region_sever@1"


def test_a_certificate_is_made_and_checked_alone(room: Room, tmp_path: Path) -> None:
    started(room, "four-layers", "sosh-1")
    proof = tmp_path / "proof.json"
    proof.write_text(room.do("show", "--school", "sosh-1", "--certificate").out, "utf-8")

    assert "Свидетельство верно" in room.do("verify", "--certificate", str(proof)).err

    found = json.loads(proof.read_text("utf-8"))
    assert violations(shipped("output", "certificate"), found, lambda _, *, key=False: None) == []
    assert found["kept"] is True
    assert {each["verdict"] for each in found["changes"]} == {"allowed"}

    proof.write_text(proof.read_text("utf-8").replace('"stricter"', '"kept"'), "utf-8")
    answer = room("verify", "--certificate", str(proof))

    assert answer.code == 6
    assert "[O17]" in answer.err


def test_without_an_overlay_there_is_nothing_to_certify(room: Room) -> None:
    answer = room("show", "--certificate")

    assert answer.code == 6
    assert "[O20]" in answer.err


def test_check_tells_the_problems_of_all_overlays_at_once_each_with_its_file(room: Room) -> None:
    for name in ("a-signature-removed", "a-check-removed"):
        own(room, BAD / name, name)
    own(room, GOOD / "papers-of-ones-own", "sosh-4")
    answer = room("check", str(room.folder / "definitions" / "target-model"))
    lines = answer.out.splitlines()

    assert answer.code == 3
    assert len(lines) == 2
    assert "schools/a-check-removed/overlay.yaml:11:20:" in lines[0]
    assert "schools/a-signature-removed/overlay.yaml:11:22:" in lines[1]


def test_check_of_one_overlay_tells_its_own_problems_only(room: Room) -> None:
    bad = own(room, BAD / "a-signature-removed", "sosh-10")
    good = own(room, GOOD / "papers-of-ones-own", "sosh-4")

    assert room("check", str(bad)).code == 3
    assert room("check", str(good)).code == 0
