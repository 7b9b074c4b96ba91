"""`show`: a methodology to read and to look at, by itself and as a school's programme stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml
from browsing import browser_page
from jsonschema import Draft202012Validator
from play import SMALL
from test_definitions import TARGET
from workspaces import Room, new_room

from flows.views import definition, definition_json, svg
from flows.views.diagram import Diagram, Edge, diagram
from flows.views.mermaid import mermaid
from schemas import reader
from schemas.model import Methodology
from schemas.spans import Span
from schemas.validation import shipped

GOLDEN = Path(__file__).parent / "golden"
STAGE_STATES = ("done", "active", "waiting", "reopened", "blocked")
GATE_STATES = ("approved", "open", "not_ready", "returned", "stale")
HOSTILE = 'Стадия "Б" <b>ж</b> & `а` ]}) end; %% \\ #35; | --> ]]> </title>'


def read(folder: Path) -> Methodology:
    return reader.read_folder(folder).or_refuse()


@pytest.fixture(scope="module")
def target() -> Methodology:
    return read(TARGET)


def in_states(found: Diagram, shift: int) -> Diagram:
    """The picture of a programme in which every state occurs."""
    columns = tuple(
        replace(
            column, state=STAGE_STATES[(place + shift) % 5], counted="117 / 1200",
            papers=tuple(replace(paper, state="approved") for paper in column.papers),
            gates=tuple(
                replace(gate, state=GATE_STATES[(place + index + shift) % 5], counted="117 / 1200")
                for index, gate in enumerate(column.gates)
            ),
        )
        for place, column in enumerate(found.columns)
    )  # fmt: skip
    return replace(found, columns=columns, school="sosh-10", year="2026/27")


def renamed(found: Diagram, title: str) -> Diagram:
    """The same picture with one title everywhere."""
    columns = tuple(
        replace(
            column, title=title, papers=tuple(replace(paper, title=title) for paper in column.papers),
            gates=tuple(
                replace(gate, title=title, signers=(title, title), returns=((title, (1, 2)),))
                for gate in column.gates
            ),
        )
        for column in found.columns
    )  # fmt: skip
    back = tuple(replace(edge, labels=(title,)) for edge in found.back)
    return replace(found, title=title, columns=columns, back=back)


# --- text and data -------------------------------------------------------------------------------


def test_the_text_reads_as_it_did() -> None:
    """The small methodology, word for word."""
    assert definition.text(read(SMALL), "ru") + "\n" == (GOLDEN / "show-small.txt").read_text("utf-8")


def test_how_long_a_paper_is_kept_is_told(target: Methodology) -> None:
    """Longer than a school year, too."""
    consents = target.artefact("mentee_base/consents")

    assert consents.retention == Span(months=36)
    assert f"{consents.title}; отдельно: Наставляемый; действует до дня в поле valid_until; хранят 3 г." in (
        definition.text(target, "ru")
    )


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_text_names_everything(target: Methodology, language: str) -> None:
    """Each paper, task, gate, requirement, signature and way back of every stage by its name."""
    words = set(re.findall(r"\w+", definition.text(target, language)))
    for stage in target.stages.values():
        names = {*stage.needs, *stage.params, *stage.artefacts, *stage.tasks, *stage.checkpoints}
        for gate in stage.checkpoints.values():
            names |= {*gate.sign_off, *gate.on_return, *(each.id for each in gate.requires)}

        assert names - words == set(), stage.id


@pytest.mark.parametrize("folder", [TARGET, SMALL], ids=lambda folder: folder.name)
def test_the_data_keep_to_their_schema(folder: Path) -> None:
    Draft202012Validator(shipped("output", "show")).validate(definition_json.as_json(read(folder)))


def test_the_data_say_what_the_definition_says(target: Methodology) -> None:
    """Dues, reads, signatures and ways back come out as they stand in the file."""
    written = yaml.safe_load((TARGET / "stages" / "matching.yaml").read_text("utf-8"))
    stage = next(each for each in definition_json.as_json(target)["stages"] if each["id"] == "matching")
    tasks = {each["id"]: each for each in stage["tasks"]}
    gates = {each["id"]: each for each in stage["checkpoints"]}

    assert {name: task.get("reads", []) for name, task in written["tasks"].items()} == {
        name: task["reads"] for name, task in tasks.items()
    }
    assert tasks["confirm"]["due"] == {"within": {"length": "P3D", "school_days": True}}
    for name, gate in written["checkpoints"].items():
        ways = {each["id"]: each["title"] for each in gates[name]["on_return"]}
        assert ways == {key: each["title"] for key, each in gate["on_return"].items()}
        assert [each["id"] for each in gates[name]["signatures"]] == list(gate["sign_off"])
    assert gates["nobody_lost"]["requirements"][-1]["waive"] == ["director"]


# --- pictures ------------------------------------------------------------------------------------


def test_the_picture_looks_as_it_did() -> None:
    """The small methodology, stroke for stroke."""
    assert svg.svg(diagram(read(SMALL)), "ru") + "\n" == (GOLDEN / "show-small.svg").read_text("utf-8")


def test_the_picture_of_the_target_model_is_small_and_told_in_words(target: Methodology) -> None:
    """Below 60 KB in every state; its description names each stage and each way back."""
    found = diagram(target)
    for each in (found, in_states(found, 0)):
        drawn = svg.svg(each, "ru")
        root = Xml.fromstring(drawn)
        told = root.findtext("{*}desc") or ""

        assert len(drawn.encode()) < 60_000
        assert root.get("role") == "img"
        assert all(f"{column.number}. {column.title}" in told for column in each.columns)
        assert all(label in told for edge in each.back for label in edge.labels)
        assert len(found.back) == len(root.findall("{*}g[@class='back']")) > 0


def test_a_state_is_told_without_colours_too(target: Methodology) -> None:
    """A black-and-white print: each stage and gate has its sign and its word."""
    drawn = svg.svg(in_states(diagram(target), 0), "ru")
    plain = " ".join(
        each.text or "" for each in Xml.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    )

    for told in (
        "✓ завершена",
        "▶ идёт",
        "· ждёт",
        "↺ открыта заново",
        "✗ остановлена",
        "! подпись утратила силу",
    ):
        assert plain.count(told) >= 2, told  # in the picture and in the legend


@pytest.mark.parametrize("title", [HOSTILE, "", "Ш" * 300, "слово-" * 60])
def test_no_title_breaks_a_picture(target: Methodology, title: str) -> None:
    """What stands in a title is text, in SVG and in Mermaid."""
    found = renamed(diagram(target), title)
    drawn = svg.svg(found, "ru")

    texts = [each.text or "" for each in Xml.fromstring(drawn).iter()]
    assert "b" not in {each.tag.rpartition("}")[2] for each in Xml.fromstring(drawn).iter()}
    assert [each for each in texts if title.split(" ")[0][:5] in each]
    for line in mermaid(found, "ru").splitlines():
        assert line.count('"') in (0, 2), line
        assert not set("<>`;\\") & set(re.sub(r"<br/>|-->|-\.->|#\d+;", "", line)), line


def test_mermaid_has_every_gate_edge_and_state(target: Methodology) -> None:
    found = in_states(diagram(target), 0)
    drawn = mermaid(found, "ru")

    assert all(gate.title in drawn for column in found.columns for gate in column.gates)
    assert drawn.count("-->") == len(found.forward)
    assert drawn.count("-.->") == len(found.back)
    assert set(re.findall(r"class s\d_\w+ (\w+)", drawn)) <= set(re.findall(r"classDef (\w+)", drawn))


def test_edges_go_forward_and_back_as_the_definition_says(target: Methodology) -> None:
    """From a paper's stage to the one that needs it; from a gate to the stages it may send back to."""
    found = diagram(target)
    pairs = {(each.start + 1, each.end + 1) for each in found.forward}

    assert {(1, 2), (2, 5), (4, 5), (5, 6), (6, 7)} <= pairs
    assert all(start < end for start, end in pairs)
    assert {(each.start + 1, each.end + 1): each.labels for each in found.back}[5, 3] == (
        "Нет подходящего наставника",
    )


@pytest.mark.parametrize("back", [Edge(0, 1, ("Дальше",)), Edge(3, 2, ("Назад",)), Edge(1, 6, ("Далеко",))])
def test_a_way_back_is_drawn_wherever_it_leads(target: Methodology, back: Edge) -> None:
    """Also into a later stage: what is sent back need not lie behind."""
    found = replace(diagram(target), back=(back,))

    assert len(Xml.fromstring(svg.svg(found, "ru")).findall("{*}g[@class='back']/{*}path")) == 1


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return new_room(tmp_path_factory.mktemp("room") / "workspace")


def test_a_school_is_shown_as_it_stands(room: Room) -> None:
    """The states of `status` are those of the picture, in all three forms."""
    stages = json.loads(room.do("status", "sosh-10", "--json").out)["stages"]
    drawn = room.do("show", "--school", "sosh-10", "--format", "svg").out
    flow = room.do("show", "--school", "sosh-10", "--format", "mermaid").out

    assert {each["state"] for each in stages} == {"active", "waiting"}
    assert "sosh-10 2026/27" in drawn
    heads = [each for each in Xml.fromstring(drawn).findall("{*}g[@class='stage']")]
    for stage, head in zip(stages, heads, strict=True):
        box = head.find("{*}rect")
        assert box is not None
        assert box.get("style") == f"fill:{svg.FILLS[stage['state']]}"
        assert f"class s{stage['number']}_{stage['id']} {stage['state']}" in flow
    assert room.do("show", "--school", "sosh-10").out.startswith("Целевая модель наставничества")


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with browser_page() as opened:
        yield opened


FAULTS = """() => {
    const faults = [], box = each => each.getBBox(), svg = document.querySelector('svg');
    const inside = (inner, outer) => inner.x >= outer.x && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
    const whole = {x: 0, y: 0, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height};
    const texts = [...svg.querySelectorAll('text')];
    for (const text of texts)
        if (!inside(box(text), whole)) faults.push(['outside', text.textContent]);
    for (const group of svg.querySelectorAll('.gate')) {
        const frame = box(group.querySelector('rect'));
        for (const text of group.querySelectorAll('text'))
            if (!inside(box(text), frame)) faults.push(['gate', text.textContent]);
    }
    for (const group of svg.querySelectorAll('.stage')) {
        const head = box(group.querySelector('rect'));
        for (const text of group.querySelectorAll('text')) {
            const {x, width} = box(text);
            if (x < head.x || x + width > head.x + head.width) faults.push(['stage', text.textContent]);
        }
    }
    texts.forEach((one, index) => texts.slice(index + 1).forEach(other => {
        const a = box(one), b = box(other);
        const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
        const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
        if (wide > 1 && high > 1) faults.push(['over', one.textContent, other.textContent]);
    }));
    return faults;
}"""


@pytest.mark.slow
@pytest.mark.parametrize("font", ["DejaVu Sans", "Liberation Sans"])
def test_no_text_leaves_its_frame_or_lies_on_another(page: Any, target: Methodology, font: str) -> None:
    """In both of the usual kinds of font, in every state, also with words that are too wide for a column."""
    plain = diagram(target)
    broad = renamed(plain, "Широкошляпочный ёжик-щёголь ЖЮШЩ-100500 в общеобразовательнейшем")
    for found in (plain, *(in_states(plain, shift) for shift in range(5)), broad, in_states(broad, 2)):
        page.set_content(svg.svg(found, "ru").replace("'DejaVu Sans',Verdana,", f"'{font}',"))

        assert page.evaluate(FAULTS) == []


@pytest.mark.slow
def test_what_shows_faults_can_see_them(page: Any, target: Methodology) -> None:
    """The same look at a picture whose letters are twice as large finds many."""
    page.set_content(svg.svg(diagram(target), "ru").replace("12px", "24px"))

    assert {each[0] for each in page.evaluate(FAULTS)} >= {"gate", "stage", "over"}
