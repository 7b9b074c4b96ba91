"""Word templates and notices: what they may use, what they may not, and the bytes they give."""

import base64
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.problems import InvalidDefinition, Location
from schemas.word_templates import NAMES, template_problems
from tasks.documents import prepare, render_docx, render_text, template_names, text_names
from tasks.papers import read_docx, unsafe

FOLDER = Path("definitions/target-model/documents")
TEMPLATES = sorted(FOLDER.glob("*.docx"))
TEXTS = sorted(FOLDER.glob("*.txt"))
NASTY = "А & Б <w:p/>"

MINIMAL: dict[str, Any] = {
    "school": {"id": "sosh-10", "title": "Школа № 10"},
    "year": "2026/27",
    "methodology": {"title": "Целевая модель наставничества"},
    "date": "10.10.2026",
    "director": "",
    "curator": "",
    "forms": {"pupil_pupil": "ученик – ученик"},
    "row": {},
    "rows": [],
    "papers": {},
}
GROUP = {
    "group": "Г-01",
    "form": "pupil_pupil",
    "mentors": ["Н-017-4"],
    "mentees": ["Н-021-5", "Н-022-1"],
    "starts": "2026-11-05",
    "ends": "2027-04-30",
}
PEOPLE = {
    "П-001-1": f"Директор {NASTY}",
    "П-002-9": f"Куратор {NASTY}",
    "Н-017-4": f"Воронов {NASTY}",
    "Н-021-5": f"Зайцева {NASTY}",
    "Н-022-1": f"Комаров {NASTY}",
}
FULL = MINIMAL | {
    "director": "П-001-1",
    "curator": "П-002-9",
    "row": GROUP | {"code": "Н-017-4", "place": f"Завод {NASTY}"},
    "rows": [GROUP, GROUP | {"group": "Г-02"}],
    "papers": {
        "launch_order": {"number": "45-о", "date": "2026-04-10", "monitoring_dates": ["2026-12-20"]},
        "forms_protocol": {"forms": ["pupil_pupil"]},
        "roadmap": {"rows": [{"activity": NASTY, "until": "2026-09-15"}]},
        "curator_order": {"number": "46-о", "date": "2026-05-08", "working_group": ["П-002-9"]},
        "training_programme": {"title": NASTY, "hours": 16, "rows": [{"title": "Общение", "hours": 6}]},
        "candidates": {"rows": [{"code": "Н-017-4", "form": "pupil_pupil"}]},
        "general_meeting": {"number": "3", "date": "2026-10-28"},
        "pairs": {"rows": [GROUP]},
        "mentor_reports": {"meetings": 14},
        "report": {
            "totals": {"mentees": 64, "mentors": 31, "groups": 33, "ended": 30, "meetings": 0},
            "forms": [{"form": "pupil_pupil", "mentees": 40, "mentors": 20, "groups": 21}],
            "grades": [{"grade": 8, "mentees": 12}],
            "indicators": [
                {"title": NASTY, "plan": 0.7, "fact": 0.1381, "numerator": 58, "denominator": 420}
            ],
            "response": [{"title": "Итоговая", "asked": 95, "answered": 88, "response_share": 0.9263}],
            "satisfaction": [{"role": "mentee", "answered": 60, "median": 8.5, "share": 0.88}],
            "response_share": 0.9,
            "influence": [NASTY, {"title": "Интерес", "n_pairs": 52, "improved": 31, "same": 15, "worse": 6}],
            "swot": [{"form": "pupil_pupil", "strengths": ["Опыт", NASTY], "threats": []}],
            "score": {"total": 15, "band": "optimal"},
            "problems": ["Мало помещений"],
            "proposals": [],
        },
    },
}
CONTEXTS = {"minimal": MINIMAL, "full": FULL}


def word(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """A Word file with these paragraphs, then these rows of a table."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if rows:
        table = document.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    return saved(document)


def saved(document: Any) -> bytes:
    """The bytes of a python-docx document."""
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def text_of(content: bytes) -> str:
    """All text of a Word file, footers too."""
    footers = [p.text for each in docx.Document(io.BytesIO(content)).sections for p in each.footer.paragraphs]
    return "\n".join([read_docx(content)["text"], *footers])


def codes(refusal: pytest.ExceptionInfo[InvalidDefinition]) -> list[str]:
    """The codes of a refusal's problems."""
    return [each.code for each in refusal.value.problems]


# --- the shipped templates -----------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_shipped_template_renders(path: Path, context: dict[str, Any]) -> None:
    """Every template renders, the same bytes each time, with no tag left and nothing unreadable."""
    template = path.read_bytes()

    content = render_docx(template, context, PEOPLE)

    assert content == render_docx(template, context, PEOPLE)
    assert unsafe(content) == []
    assert not re.search(r"\{[{%#]|[}%#]\}|Undefined|None", text_of(content))
    for cell in docx.Document(io.BytesIO(content)).element.body.iter("{*}tc"):
        assert cell[-1].tag.endswith("}p")  # Word refuses a file in which a cell has no paragraph


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_shipped_template_escapes_names(path: Path) -> None:
    """A name stands on the paper as it was written, whatever signs it holds."""
    content = render_docx(path.read_bytes(), FULL, PEOPLE)

    assert NASTY in text_of(content)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_shipped_template_holds_only_codes(path: Path) -> None:
    """Without names a paper shows the codes and nobody's name."""
    content = render_docx(path.read_bytes(), FULL)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        everything = b"".join(archive.read(each) for each in archive.namelist()).decode("utf-8", "replace")
    assert re.search(r"[НП]-\d{3}-\d", text_of(content))
    assert not re.search("Воронов|Зайцева|Комаров|Директор А|Куратор А", everything)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_shipped_template_is_fit_to_be_edited(path: Path) -> None:
    """Every tag stands whole in one run, and only known names are used."""
    for text in docx.Document(path).element.body.iter("{*}t"):
        assert len(re.findall(r"\{[{%]", text.text or "")) == len(re.findall(r"[%}]\}", text.text or ""))
    assert template_names(path.read_bytes()) <= NAMES


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_shipped_notice_renders(path: Path) -> None:
    """A notice is plain text: nothing is escaped, no line is left of a tag."""
    template = path.read_text("utf-8")

    assert text_names(template) <= NAMES
    assert f"Наставник: Воронов {NASTY}\n" in render_text(template, FULL, PEOPLE)
    assert "Наставник: —\n" in render_text(template, MINIMAL)
    assert "\n\n\n" not in render_text(template, FULL) + render_text(template, MINIMAL)


def test_the_methodology_names_only_shipped_templates() -> None:
    """Each template that a stage names is there, and each that is there is named."""
    stages = "".join(
        path.read_text("utf-8") for path in Path("definitions/target-model/stages").glob("*.yaml")
    )

    named = set(re.findall(r"template: documents/([a-z0-9.-]+)", stages))

    assert named == {path.name for path in [*TEMPLATES, *TEXTS]}


def test_order_prepared_and_filled_in_is_read_back() -> None:
    """What was typed into the blanks of a printed order comes back as its number, date and fields."""
    document = docx.Document(io.BytesIO(render_docx((FOLDER / "launch-order.docx").read_bytes(), MINIMAL)))
    line = next(each for each in document.paragraphs if each.text.startswith("от «"))
    line.text = "от «10» апреля 2026 г.\t№ 45-о"
    document.tables[-1].rows[0].cells[1].text = "10.04.2026"

    read = read_docx(saved(document))

    assert read["numbered"] == {"number": "45-о", "date": "2026-04-10"}
    values = {label: value for label, value, _ in read["fields"]}
    assert values["Начало внедрения"] == "10.04.2026"
    assert values["Окончание внедрения"] == ""


# --- data ----------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1))
def test_any_text_survives(text: str) -> None:
    """Whatever is in the data stands in the paper, and never becomes markup or a tag."""
    content = render_docx(word("[{{ row.x }}]"), {"row": {"x": text}})

    shown = text.translate(dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd"))
    assert f"[{shown}]" in read_docx(content)["text"]


def test_control_characters_do_not_break_a_paper() -> None:
    """A character that XML can't hold is replaced, not dropped with what follows it."""
    content = render_docx(word("{{ row.x }}"), {"row": {"x": "до\x0b\x00\ud800после"}})

    assert "до\ufffd\ufffd\ufffdпосле" in read_docx(content)["text"]


def test_unknown_names_are_all_told() -> None:
    """Every name that the data do not have is named, in parts that would not be rendered too."""
    with pytest.raises(InvalidDefinition) as refusal:
        render_docx(
            word("{{ shcool.title }}", "{% if year %}{% else %}{{ yaer }}{% endif %}"), MINIMAL, name="x"
        )

    assert codes(refusal) == ["N01", "N01"]
    assert {each.values["name"] for each in refusal.value.problems} == {"shcool", "yaer"}
    assert refusal.value.problems[0].at == Location("x")


# --- what a template may not do ------------------------------------------------------------------


@pytest.mark.parametrize(
    "template", ["{{ ''.__class__ }}", "{{ row|safe }}", "{{ row.items() }}", "{% set x = 1 %}"]
)
def test_word_template_runs_in_the_sandbox(template: str) -> None:
    """What is refused in a text is refused in a Word template too, in its footer as well."""
    document = docx.Document()
    document.sections[0].footer.paragraphs[0].text = template

    for each in (word(template), saved(document)):
        with pytest.raises(InvalidDefinition) as refusal:
            render_docx(each, {"row": {}})
        assert set(codes(refusal)) == {"N04"}
        assert refusal.value.problems[0].values["near"] == template


@pytest.mark.parametrize(
    "template", ["{{ row. }}", "{% if row %}", "{% endfor %}", "{{ " + "(" * 5000, "{{ «x» }}"]
)
def test_syntax_error_names_its_place(template: str) -> None:
    """A template that can't be parsed is refused with the text that stands there."""
    with pytest.raises(InvalidDefinition) as refusal:
        render_docx(word("Приказ", template), {"row": {}})

    found = refusal.value.problems[0]
    assert found.code == "N03"
    assert set(found.values) == {"what", "near"}


def test_tags_that_cross_are_refused() -> None:
    """A loop that opens before a table and closes inside it would give a broken document."""
    template = word("{% for x in row.list %}", rows=(("{{ x }}", "{% endfor %}"),))

    with pytest.raises(InvalidDefinition) as refusal:
        render_docx(template, {"row": {"list": [1, 2]}})

    assert codes(refusal) == ["N03"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"plain text", word("x")[:-200]])
def test_broken_template(content: bytes) -> None:
    """What is no Word file is refused as such."""
    with pytest.raises(InvalidDefinition) as refusal:
        render_docx(content, {})

    assert codes(refusal) == ["N02"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"plain text", word("x")[:-200]])
def test_check_finds_a_broken_template(content: bytes) -> None:
    """What `check` reads by itself is broken for it too, and the file is named."""
    assert [(each.code, each.at.file) for each in template_problems(content, "a.docx")] == [("N02", "a.docx")]


@pytest.mark.parametrize(
    "tag", ["{{ year", "{% if year %}да", "{{ school.title |}}", "{% for x in rows %}{% endif %}"]
)
def test_check_finds_a_tag_that_cannot_be_read(tag: str) -> None:
    """A template is refused before a programme starts with it, with the paragraph in question."""
    found = template_problems(word("Приказ", tag), "a.docx")

    assert [each.code for each in found] == ["N03"]


def test_check_lets_pass_what_word_makes_of_a_tag() -> None:
    """Tags that stand for a paragraph, a row, a span, and curly quotes are no faults."""
    template = word(
        "{%p if year %}", "{{ year|default(“нет”) }} {{r year }}", "{%p endif %}",
        rows=(("{%tr for x in rows %}", ""), ("{% colspan 2 %}{{ x }}", ""), ("{%tr endfor %}", "")),
    )  # fmt: skip

    assert template_problems(template, "a.docx") == ()


def test_table_without_grid() -> None:
    """A package that opens but is not whole is a broken template, not a fault of ours."""
    document = docx.Document(io.BytesIO(word("{{ year }}", rows=(("x",),))))
    table = document.tables[0]._tbl
    table.remove(table.tblGrid)

    with pytest.raises(InvalidDefinition) as refusal:
        render_docx(saved(document), MINIMAL)

    assert codes(refusal) == ["N02"]


# --- bytes ---------------------------------------------------------------------------------------


def test_nothing_tells_who_and_when() -> None:
    """Two templates that differ only in author and dates give the same bytes."""
    first = docx.Document(io.BytesIO(word("{{ year }}")))
    second = docx.Document(io.BytesIO(word("{{ year }}")))
    second.core_properties.author = "Зайцева П."
    second.core_properties.last_modified_by = "Комаров И."
    second.core_properties.revision = 7

    assert render_docx(saved(first), MINIMAL) == render_docx(saved(second), MINIMAL)


def test_title_is_kept_as_it_is() -> None:
    """The title of a template is no template: its signs stay."""
    document = docx.Document(io.BytesIO(word("{{ year }}")))
    document.core_properties.title = "Приказ & {{ shcool }}"

    content = render_docx(saved(document), MINIMAL)

    assert docx.Document(io.BytesIO(content)).core_properties.title == "Приказ & {{ shcool }}"


def test_footers_are_rendered_and_checked() -> None:
    """A footer is a part of the template like any other."""
    document = docx.Document()
    document.sections[0].footer.paragraphs[0].text = "{{ school.id }} {{ row.x }}"
    template = saved(document)

    assert template_names(template) == {"school", "row"}
    assert f"sosh-10 {NASTY}" in text_of(render_docx(template, MINIMAL | {"row": {"x": NASTY}}))


def test_rows_of_a_table_are_repeated() -> None:
    """A row between {%tr for %} and {%tr endfor %} stands once for each line of the data."""
    rows = (("{%tr for r in rows %}", ""), ("{{ loop.index }}", "{{ r.group }}"), ("{%tr endfor %}", ""))

    content = render_docx(word("x", rows=rows), {"rows": [{"group": "Г-01"}, {"group": "Г-02"}]})

    assert read_docx(content)["tables"] == [[["1", "Г-01"], ["2", "Г-02"]]]


def test_two_thousand_rows_can_be_handed_in_again() -> None:
    """The longest order that we print is not taken for a bomb when it comes back."""
    rows = [GROUP | {"group": f"Г-{number}"} for number in range(2_000)]

    content = render_docx((FOLDER / "pairing-order.docx").read_bytes(), MINIMAL | {"rows": rows})

    assert len(read_docx(content)["tables"][-1]) == 2_001


def test_prepare_gives_one_document_a_key() -> None:
    """The engine gets each document with the digests of what it was made from."""
    template = (FOLDER / "agreement.docx").read_bytes()
    values = {
        "template": base64.b64encode(template).decode(),
        "template_name": "documents/agreement.docx",
        "contexts": {"Г-01": FULL, "Г-02": FULL | {"row": GROUP | {"group": "Г-02"}}},
    }

    documents = prepare(values)["documents"]

    assert documents == prepare(values)["documents"]
    assert list(documents) == ["Г-01", "Г-02"]
    assert documents["Г-01"]["template"] == "documents/agreement.docx"
    assert documents["Г-01"]["template_digest"] == documents["Г-02"]["template_digest"]
    assert documents["Г-01"]["data_digest"] != documents["Г-02"]["data_digest"]
    assert "Г-02" in text_of(base64.b64decode(documents["Г-02"]["docx"]))
    assert all(len(documents["Г-01"][f"{each}_digest"]) == 64 for each in ("template", "data", "docx"))
