"""Overlays: what a school may say of its own is in force, and what would weaken the core is refused at its line."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from living import Life

from schemas import messages, reader
from schemas.columns import row_schema
from schemas.model import Methodology
from schemas.reader import Reading

CASES = Path(__file__).parent / "cases" / "overlays"
TARGET = Path(__file__).parent.parent / "definitions" / "target-model"
GOOD = sorted(path.name for path in (CASES / "good").iterdir())


def read(name: str) -> Reading:
    return reader.read_folder(TARGET, "", CASES / "good" / name / "overlay.yaml")


def with_overlay(name: str) -> Methodology:
    return read(name).or_refuse()


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", sorted((CASES / "bad").iterdir()), ids=lambda case: case.name)
def test_a_bad_overlay_is_told_in_just_these_words(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact but for the line of the methodology, which moves with every edit of it; the overlay's own line counts."""
    monkeypatch.chdir(case)
    found = reader.read_folder(TARGET, "", case / "overlay.yaml").problems
    text = "\n".join(messages.line(each, "ru") for each in found)
    said = re.sub(r"((?:stages|surveys)/\w+\.yaml|methodology\.yaml):\d+:\d+\)", r"\1:…)", text)

    assert said == (case / "expected.txt").read_text("utf-8").strip()


def test_a_refusal_names_the_line_of_the_methodology() -> None:
    """What is locked is shown where its author wrote it."""
    (found,) = reader.read_folder(TARGET, "", CASES / "bad" / "a-signature-removed" / "overlay.yaml").problems
    file, line, column = str(found.values["base"]).split(":")
    written = (TARGET / file).read_text("utf-8").splitlines()[int(line) - 1]

    assert written[int(column) - 1 :].startswith("{role: director, not: [confirm.actor]")


# --- what is allowed -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOOD)
def test_a_variation_of_a_real_school_passes_check(name: str) -> None:
    reading = read(name)

    told = [each.code for each in reading.problems]
    assert told == (["R79"] if name == "a-programme-of-two-years" else [])  # a warning: longer than usual
    assert reading.or_refuse().overlays == tuple(layer.name for layer in reading.layers) != ()


@pytest.mark.parametrize(
    ("month", "started", "order", "worked"),
    [
        ("september", "2027-09-01", "2027-09-15", "2028-04-23"),
        ("november", "2027-11-05", "2027-11-19", "2028-06-27"),
        ("january", "2027-01-12", "2027-01-26", "2027-09-04"),
        ("february", "2027-02-02", "2027-02-16", "2027-09-25"),
        ("march", "2027-03-02", "2027-03-16", "2027-10-23"),
        ("april", "2027-04-01", "2027-04-15", "2027-11-22"),
    ],
)
def test_a_school_starts_in_its_own_month(month: str, started: str, order: str, worked: str) -> None:
    """Each deadline has moved with the start: none is past when the programme begins."""
    life = Life(with_overlay(f"start-in-{month}"), start=started)
    life.settle()

    assert life.day_of("preparation/write_launch_order") == date.fromisoformat(order)

    for task in life.methodology.tasks.values():
        if task.due and task.due.by and task.stage == "preparation" and life.task(task.path).state == "open":
            assert not life.task(task.path).late, task.path

    life.live(until="work/plan")
    life.now += timedelta(days=1)

    assert life.day_of("work/finish", "G1") == date.fromisoformat(worked)


def test_an_ordered_list_of_bodies_signs_in_its_order() -> None:
    """Six bodies and the director, each in its turn and with the number and date of its protocol."""
    life = Life(with_overlay("an-ordered-list-of-bodies"))
    life.live(until="preparation/regulation")
    gate = "preparation/regulation_approved"

    assert [each.code for each in life.try_sign(gate, "governing_council", by="curator")] == ["G03"]
    assert "G07" in [each.code for each in life.try_sign(gate, "method_council", by="curator", number="")]

    life.live(until=f"{gate}:director")
    signed = [line.partition(":")[2] for line in life.story if line.startswith(gate)]

    assert [each for each in signed if each not in ("parents", "pupils")] == [
        "method_council", "pedsovet", "union", "governing", "director",
    ]  # fmt: skip
    assert signed.index("pedsovet") < signed.index("parents") < signed.index("union")
    assert signed.index("pedsovet") < signed.index("pupils") < signed.index("union")


def test_a_stage_of_ones_own_opens_and_closes_between_two_others() -> None:
    life = Life(with_overlay("an-extra-stage"))
    life.live(until="mentor_training/mentor_admitted:psychologist")

    assert life.stage("matching").state == "waiting"

    life.live()
    own, meeting = life.story.index("trial_week/held:curator"), life.story.index("matching/general_meeting")

    assert life.closed
    assert list(life.methodology.stages)[4] == "trial_week"
    assert own < meeting


def test_stages_are_regrouped_and_follow_another_order() -> None:
    """Mentors first: the base of mentees waits for theirs."""
    life = Life(with_overlay("stages-regrouped"))
    life.live()
    done = life.story.index

    assert life.closed
    assert list(life.methodology.stages)[1:3] == ["mentor_base", "mentee_base"]
    assert done("mentor_base/base_ready:curator") < done("mentee_base/mentees")
    assert life.methodology.stages["closing"].title == "Этап 4. Итоги"


def test_a_programme_of_two_years_ends_when_it_ends() -> None:
    """A programme is closed by its last signature, not by a date, so a group can be given eighteen months."""
    life = Life(with_overlay("a-programme-of-two-years"), start="2026-01-12")
    life.live(until="work/plan")

    assert life.day_of("work/finish", "G1") == date(2027, 7, 12)
    assert life.methodology.stages["work"].params["min_meetings"] == 24

    life.now += timedelta(days=520)
    life.live()

    assert life.closed
    assert life.now.year == 2027


def test_a_school_uses_its_own_forms_and_no_others() -> None:
    methodology = with_overlay("forms-of-ones-own")
    life = Life(methodology, form="teacher_pupil", mentor="teacher")
    life.live()

    assert life.closed
    assert methodology.forms["group_group"].title == "группа – группа"

    other = Life(methodology, form="employer_pupil")
    other.settle()
    other.hand("preparation/programme", {"forms": ["employer_pupil"]})

    assert other.paper("preparation/programme") == "draft"


def test_a_group_with_a_group_has_two_mentors() -> None:
    """The check of the school's own stands beside that of the methodology."""
    checks = with_overlay("forms-of-ones-own").artefact("matching/pairs").checks

    assert {each.id for each in checks} == {"group_size", "groups"}


def test_others_are_responsible() -> None:
    life = Life(with_overlay("who-is-responsible"))
    life.settle()
    asked = {step.task: step.role for step in life.plan().steps if hasattr(step, "task")}

    assert asked["preparation/inform"] == "adviser"
    assert asked["preparation/find_resources"] == "deputy"

    life.live(until="mentor_training/mentor_admitted:deputy")

    assert "mentor_training/mentor_admitted:curator" in life.story
    assert life.methodology.roles["curator"].title == "Координатор наставничества"


def test_papers_of_ones_own_are_required_and_others_are_renamed() -> None:
    life = Life(
        with_overlay("papers-of-ones-own"),
        papers={"work/diary": {"entries": ["Познакомились", "Решали задачи"]}},
    )
    life.live(until="work/final")
    life.hand("work/diary", {"entries": ["Познакомились"]}, "G1", by="mentor")

    assert life.gate("work/group_finished", "G1").state == "not_ready"
    assert [each.requirement.id for each in life.gate("work/group_finished", "G1").unmet] == ["written"]

    life.hand("work/diary", {"entries": ["Познакомились", "Решали задачи"]}, "G1", by="mentor")

    assert life.gate("work/group_finished", "G1").state == "open"
    assert life.methodology.artefact("mentor_base/candidates").title == "Банк менторов"
    assert life.story.index("mentor_training/self_analyses") < life.story.index(
        "mentor_training/mentor_admitted:psychologist"
    )


def test_tables_have_columns_of_ones_own() -> None:
    """Titles, order, a column of the school's own, and none of those that it does not keep."""
    methodology = with_overlay("columns-of-ones-own")
    roadmap = row_schema(methodology.schema_of(methodology.artefact("preparation/roadmap")))["properties"]
    base = row_schema(methodology.schema_of(methodology.artefact("mentee_base/mentees")))["properties"]

    assert [each["title"] for each in roadmap.values() if not each.get("x-hidden")] == [
        "Этап", "Содержание и план мероприятий", "Сроки", "Ответственный", "Ожидаемый результат",
    ]  # fmt: skip
    assert base["x_bus"]["title"] == "Маршрут школьного автобуса"


def test_questions_of_ones_own_stand_where_they_belong() -> None:
    methodology = with_overlay("questions-of-ones-own")

    assert list(methodology.surveys["interim"]["questions"])[:3] == ["frequency", "bus", "bus_why"]
    assert methodology.surveys["parents_sosh_30"]["title"] == "Что говорят родители"
    assert "closing/parents_view" in Life(methodology).live().story


@pytest.mark.parametrize(
    ("name", "form", "category", "mentor", "asked"),
    [
        ("a-kindergarten", "teacher_teacher", "teacher", "teacher", ["matching/worker_consents"]),
        (
            "a-college",
            "employer_student",
            "student",
            "employer",
            ["mentor_base/candidate_ready:master", "matching/practice_contract"],
        ),
        (
            "a-boarding-school",
            "pupil_pupil",
            "pupil",
            "pupil",
            ["mentee_base/tutor_notes", "mentee_base/mentee_ready:tutor"],
        ),
        ("an-extra-school", "teacher_child", "pupil", "teacher", []),
    ],
)
def test_another_kind_of_organisation_lives_its_year(
    name: str, form: str, category: str, mentor: str, asked: list[str]
) -> None:
    events = {"events": [{"audience": "parents"}, {"audience": "partners"}]}
    life = Life(
        with_overlay(name),
        form=form,
        category=category,
        mentor=mentor,
        papers={"preparation/protocols": events},
    )
    life.live()

    assert life.closed
    assert set(asked) <= set(life.story)


def test_a_kindergarten_has_one_form_only() -> None:
    life = Life(with_overlay("a-kindergarten"), form="pupil_pupil")
    life.settle()
    life.hand("preparation/programme", {"forms": ["pupil_pupil"]})

    assert life.paper("preparation/programme") == "draft"


def test_four_layers_are_in_force_together() -> None:
    """Federal, region, municipality, school: the strictest number, each one's signature and paper."""
    reading = read("four-layers")
    methodology = reading.or_refuse()
    life = Life(methodology)
    life.live(until="preparation/launched:director")

    assert [layer.name for layer in reading.layers] == [
        "federal_2030@1", "region_sever@1", "town_ozersk@1", "sosh_1_ozersk@1",
    ]  # fmt: skip
    assert methodology.stages["work"].params["min_meetings"] == 12
    assert methodology.stages["mentor_training"].params["hours_required"] == 24
    assert "preparation/regulation_approved:town" in life.story
    assert "preparation/contract" in life.story
    assert methodology.task("preparation/sign_contract").role == "curator"


def test_every_layer_is_the_base_of_the_next() -> None:
    """Without its own overlay the school has the region's rules, and what the region locked stays so."""
    content = dict(read("four-layers").bundle)
    school = content["applied/04-four-layers.yaml"].decode()
    content["applied/04-four-layers.yaml"] = school.replace("min_meetings: 12", "min_meetings: 9").encode()
    refused = reader.read(content).problems

    assert [each.code for each in refused] == ["O09"]

    content["applied/04-four-layers.yaml"] = (school + "  title: Наша программа\n").encode()

    assert [each.code for each in reader.read(content).problems] == ["O03"]
