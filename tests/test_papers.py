"""Papers handed in as DOCX: what is read from them, and which are not opened."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from schemas.problems import InvalidData, Location
from tasks.papers import read_docx, unsafe

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def saved(document: Any) -> bytes:
    """The bytes of a python-docx document."""
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def order(*lines: str) -> bytes:
    """An order with these lines and a table of two fields."""
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    table = document.add_table(rows=0, cols=2)
    for label, value in (("Начало внедрения:", "10.04.2026"), ("Окончание внедрения", "____ 20___ г.")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, value
    return saved(document)


def repacked(content: bytes, add: Mapping[str, bytes] | None = None, drop: str = "") -> bytes:
    """The same archive with parts added or replaced."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        parts = {name: source.read(name) for name in source.namelist() if name != drop} | dict(add or {})
        for name, part in parts.items():
            made.writestr(name, part)
    return target.getvalue()


def related(kind: str, target: str = "http://example.org/x", mode: str = "External") -> bytes:
    """An order whose document has one more relation."""
    content = order()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
    line = f'<Relationship Id="rId99" Type="{RELATIONS}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    changed = relations.replace("</Relationships>", f"{line}</Relationships>").encode()
    return repacked(content, {"word/_rels/document.xml.rels": changed})


def code(content: bytes) -> str:
    """The code with which a paper is refused."""
    with pytest.raises(InvalidData) as refusal:
        read_docx(content, "приказ.docx")
    assert refusal.value.problems[0].at == Location("приказ.docx")
    return refusal.value.problems[0].code


# --- reading -------------------------------------------------------------------------------------


def test_table_of_two_columns_is_fields() -> None:
    """A table of two columns gives labels with values, an unfilled line gives an empty one."""
    read = read_docx(order("ПРИКАЗ", "№ 45-о от 10.04.2026", "Куратор: Белова М. И."))

    assert read["fields"] == [
        ("Куратор", "Белова М. И.", {"line": 3}),
        ("Начало внедрения", "10.04.2026", {"sheet": "таблица 1", "cell": "B1"}),
        ("Окончание внедрения", "", {"sheet": "таблица 1", "cell": "B2"}),
    ]
    assert read["tables"] == [
        [["Начало внедрения:", "10.04.2026"], ["Окончание внедрения", "____ 20___ г."]],
    ]
    assert read["text"].startswith("ПРИКАЗ\n№ 45-о от 10.04.2026\n")
    assert read["numbered"] == {"number": "45-о", "date": "2026-04-10"}


@pytest.mark.parametrize(
    ("line", "number", "date"),
    [
        ("№ 45-о от 10.04.2026", "45-о", "2026-04-10"),
        ("от 10 апреля 2026 г. № 45", "45", "2026-04-10"),
        ("от «10» мая 2026 года\t№\u00a045/1.", "45/1", "2026-05-10"),
        ("ПРИКАЗ № 01-12/45 от 1.09.2026 г.", "01-12/45", "2026-09-01"),
        ("Протокол № 3 от 28 октября 2026 г.", "3", "2026-10-28"),
        ("10.04.2026 № 45-О", "45-О", "2026-04-10"),
        ("10.04.2026 г. Пермь № 45-о", "45-о", "2026-04-10"),
    ],
)
def test_number_and_date(line: str, number: str, date: str) -> None:
    """The number and date of an order are found in the ways in which schools write them."""
    assert read_docx(order("Школа № 10", line))["numbered"] == {"number": number, "date": date}


@pytest.mark.parametrize(
    "line",
    [
        "На основании распоряжения от 25.12.2019 № Р-145",
        "Приложение к приказу № 45-о от 10.04.2026",
        "от «____» ______________ 20___ г.\t№ __________",
        "№ 45 от 31.02.2026",
        "от 10 брюмера 2026 г. № 45",
        "№ о от 10.04.2026",
    ],
)
def test_number_of_another_paper_is_not_taken(line: str) -> None:
    """A number inside a sentence, a blank and a day that does not exist are no number of this paper."""
    assert read_docx(order(line))["numbered"] == {}


def test_number_and_date_in_a_table() -> None:
    """A heading laid out as a table is read like a line."""
    document = docx.Document()
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "10.04.2026", "№ 45-о"

    assert read_docx(saved(document))["numbered"] == {"number": "45-о", "date": "2026-04-10"}


def test_content_controls_and_tracked_changes() -> None:
    """Text in content controls and insertions counts; prompts, deletions and moved text do not."""
    document = docx.Document()
    run = "<w:r><w:t>{}</w:t></w:r>"
    for inner in (
        f"<w:sdt><w:sdtPr/><w:sdtContent>{run.format('в поле')}</w:sdtContent></w:sdt>",
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run.format('подсказка')}</w:sdtContent></w:sdt>",
        f"<w:ins>{run.format('вставлено')}</w:ins>",
        "<w:del><w:r><w:delText>удалено</w:delText></w:r></w:del>",
        f"<w:moveFrom>{run.format('перенесено')}</w:moveFrom>",
    ):
        document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>"))
    block = f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p>{run.format('блок')}</w:p></w:sdtContent></w:sdt>"
    document.element.body.insert(0, parse_xml(block))

    assert read_docx(saved(document))["text"].split() == ["блок", "вставлено", "в", "поле"]


def test_a_cell_keeps_its_lines_and_an_inner_table() -> None:
    """A cell with several paragraphs or a table inside gives all its text."""
    document = docx.Document()
    cell = document.add_table(rows=1, cols=2).rows[0].cells[1]
    cell.text = "первая"
    cell.add_paragraph("вторая")
    cell.add_table(rows=1, cols=1).rows[0].cells[0].text = "внутри"

    assert read_docx(saved(document))["tables"] == [[["", "первая\nвторая\nвнутри"]]]


# --- refusing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500),
        order()[:-100],
        repacked(order(), drop="[Content_Types].xml"),
        repacked(order(), drop="word/document.xml"),
        repacked(order(), {"word/document.xml": b"<w:document"}),
        repacked(order(), {"word/_rels/document.xml.rels": b"<Relationships"}),
        repacked(order(), {"word/x.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    ],
    ids=["empty", "pdf", "doc", "cut", "no types", "no document", "broken", "broken relations", "entities"],
)
def test_not_a_word_file(content: bytes) -> None:
    """What is no DOCX, or a broken one, is refused as such."""
    assert code(content) == "N05"


def test_excel_is_not_word() -> None:
    """Another kind of office file is no DOCX."""
    types = b'<Types><Override ContentType="application/vnd.openxmlformats.sheet.main+xml"/></Types>'

    assert code(repacked(order(), {"[Content_Types].xml": types})) == "N05"


@pytest.mark.parametrize(
    "content",
    [
        repacked(order(), {"word/vbaProject.bin": b"x"}),
        repacked(order(), {"word/VBAPROJECT.BIN": b"x"}),
        related("vbaProject", "x.bin", "Internal"),
    ],
    ids=["part", "upper case", "renamed"],
)
def test_macros(content: bytes) -> None:
    """A file with macros is refused, whatever their part is called."""
    assert code(content) == "N06"


def test_macro_enabled_type() -> None:
    """A .docm renamed to .docx is refused."""
    content = order()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read("[Content_Types].xml").replace(
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        )

    assert code(repacked(content, {"[Content_Types].xml": types})) == "N06"


@pytest.mark.parametrize(
    "content",
    [
        related("attachedTemplate"),
        related("image"),
        related("oleObject", "embeddings/x.bin", "Internal"),
        related("aFChunk", "chunk.html", "Internal"),
        repacked(order(), {"word/embeddings/oleObject1.bin": b"x"}),
    ],
    ids=["template", "linked image", "object", "altChunk", "embedding"],
)
def test_external_content(content: bytes) -> None:
    """What would be fetched from outside or opened by another program is refused."""
    assert code(content) == "N07"


def test_target_of_a_relation_is_not_told() -> None:
    """A refusal names the kind of the relation, not the path, which may hold somebody's name."""
    found = unsafe(related("attachedTemplate", "file:///C:/Users/Зайцева/x.dotm"))

    assert [each.values for each in found] == [{"what": "attachedtemplate"}]


def test_hyperlink_is_harmless() -> None:
    """A link that is only followed by a click does not matter."""
    assert unsafe(related("hyperlink")) == []


def test_zip_bomb() -> None:
    """A file that unpacks to far more than it weighs is refused unread."""
    assert code(repacked(order(), {"word/media/x.xml": bytes(60_000_000)})) == "N08"
    assert code(repacked(order(), {"word/media/x.xml": bytes(20_000_000)})) == "N08"
    assert code(repacked(order(), {f"word/{number}.xml": b"" for number in range(2_100)})) == "N08"


def test_size_that_lies() -> None:
    """A directory that understates a part's size gains nothing: the part is then broken."""
    content = bytearray(repacked(order(), {"word/a.xml": bytes(1_000_000)}))
    at = content.rfind((1_000_000).to_bytes(4, "little"))
    content[at : at + 4] = (10).to_bytes(4, "little")

    assert code(bytes(content)) == "N05"
