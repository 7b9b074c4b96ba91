"""What hostile and careless files get: a case for each, for each code of `check`, and advice that fits the slip."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from test_definitions import CASES, content_of

from flows import cli
from schemas import messages, reader
from schemas.messages import codes, hint, line
from schemas.problems import Location, problem
from schemas.sources import parse_yaml

ROWS = yaml.safe_load((CASES.parent / "hostile.yaml").read_text("utf-8"))
# Codes of a definition's families that `check` of a folder of texts never tells, and why.
ELSEWHERE = {
    "C05": "a paper lacks the field: only a paper shows it",
    "C06": "too many rows: only papers show it",
    "C07": "a division by zero and the like: only papers show it",
    "S14": "a rule of JSON Schema that no key of the language uses",
    "Y02": "a file of a megabyte: made by a test below",
    "R89": "a file that nobody reads: only a folder has one, see test_strays",
}


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, rows in ROWS.items() for row in rows])
def test_what_was_tried_against_readers_has_its_cases(kind: str, row: str) -> None:
    """No row of the list is without a case that is refused."""
    assert ROWS[kind][row]
    for name in ROWS[kind][row]:
        assert (CASES / name / "expected.txt").read_text("utf-8").strip(), name


def test_every_code_that_check_tells_has_a_case() -> None:
    """A code without a case would be words that nobody has read."""
    told = "".join((case / "expected.txt").read_text("utf-8") for case in CASES.iterdir())
    missing = {code for code in codes() if code[0] in "YJSRC" and f"[{code}]" not in told}

    assert missing == set(ELSEWHERE)


def test_there_are_as_many_bad_definitions_as_promised() -> None:
    """Half a methodologist's mistakes are of the shape, half of the meaning; none is accepted."""
    refused = [
        case
        for case in CASES.iterdir()
        if "предупреждение: " not in (case / "expected.txt").read_text("utf-8")
    ]

    assert len(refused) >= 150
    assert all(reader.read(content_of(case)).methodology is None for case in refused[::10])


def test_a_file_of_a_megabyte_is_refused_by_its_size() -> None:
    """What is too large is not read at all."""
    content = content_of(CASES / "many-at-once")
    content["stages/start.yaml"] = b"# " + b"x" * (1 << 20) + b"\n"

    assert "Y02" in [each.code for each in reader.read(content).problems]


def test_words_that_look_like_something_else_stay_texts() -> None:
    """`no` is a country, 12:30 a time of day and 2026-09-01 what the schema makes of it."""
    text = "no: no\nswitch: on\nYes: Yes\ntime: 12:30\nlong: 190:20:30\nday: 2026-09-01\ncode: 0x1F\noctal: 0o17\n"
    source, found = parse_yaml(text.encode(), "x.yaml")

    assert found == []
    assert source is not None
    assert source.data == {
        "no": "no", "switch": "on", "Yes": "Yes", "time": "12:30", "long": "190:20:30", "day": "2026-09-01",
        "code": "0x1F", "octal": "0o17",
    }  # fmt: skip


def test_a_byte_order_mark_of_utf_8_changes_nothing() -> None:
    """Editors of Windows write it unasked."""
    text = "id: start\ntitle: Начало\n".encode()

    assert parse_yaml(b"\xef\xbb\xbf" + text, "x")[0] == parse_yaml(text, "x")[0]


def test_a_warning_leaves_the_methodology_usable() -> None:
    """Only what cannot work is refused."""
    reading = reader.read(content_of(CASES / "all-warnings-at-once"))

    assert reading.methodology is not None
    assert reading.methodology.id == "small"
    assert all(messages.is_warning(each) for each in reading.problems)


# --- advice --------------------------------------------------------------------------------------

KNOWN = ["mentee", "mentor", "write_rules", "title", "base/mentees", "work/group_done"]


@pytest.mark.parametrize(
    ("written", "kind", "right"),
    [
        ("mеntee", "nearest_cyrillic", "mentee"),
        ("ьутеуу", "nearest_layout", "mentee"),
        ("ЬУТЕУУ".lower(), "nearest_layout", "mentee"),
        ("mnetee", "nearest", "mentee"),
        ("Mentee", "nearest", "mentee"),
        ("write-rules", "nearest", "write_rules"),
        ("write rules", "nearest", "write_rules"),
        ("mentees", "nearest", "mentee"),
        ("titel", "nearest", "title"),
        ("base/mentee", "nearest", "base/mentees"),
        ("base/group_done", "nearest", "work/group_done"),
        ("work/group-done", "nearest", "work/group_done"),
    ],
)
def test_advice_names_what_was_meant(written: str, kind: str, right: str) -> None:
    """A slip of one kind gets the word that belongs there, and the kind of the slip where it can't be seen."""
    found = hint(written, KNOWN)

    assert (found.name, found.values.get("name")) == (kind, right)


@pytest.mark.parametrize(
    ("written", "kind"), [("Kласс", "nearest_latin"), ("Rkfcc", "nearest_layout"), ("класс", "nearest")]
)
def test_advice_on_russian_names_knows_the_latin_letters_too(written: str, kind: str) -> None:
    """A header typed in the Latin layout, or with one Latin letter, is found as well."""
    assert (hint(written, ["Класс", "Фамилия"]).name, hint(written, ["Класс"]).values["name"]) == (
        kind,
        "Класс",
    )


def test_advice_on_what_resembles_nothing_lists_what_there_is() -> None:
    """Nobody is sent to a name by chance."""
    assert hint("pedsovet", ["curator", "director"]).name == "nearest_none"


@pytest.mark.parametrize(
    ("written", "advice", "told"),
    [
        ("base/mentes", "nearest", "base/mentees"),  # like one of its own stage
        ("base/letter", "nearest_none", ["base/consents", "base/mentees"]),  # like one elsewhere alone
        ("base/letters", "nearest", "work/letters"),  # moved
        ("bsae/mentes", "nearest", "base/mentees"),
    ],
)
def test_a_path_is_looked_for_in_its_own_stage_first(written: str, advice: str, told: object) -> None:
    found = hint(written, ["base/mentees", "base/consents", "work/letters"])

    assert (found.name, found.values.get("name", found.values.get("known"))) == (advice, told)


# --- formats -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A methodology with a fault in each of two files, in a folder whose name needs escaping."""
    found = tmp_path / "100%, вуз: 1"
    for name, text in content_of(CASES / "many-at-once").items():
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return found


def checked(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run(["check", str(folder), *words])
    return code, *capsys.readouterr()


def test_a_broken_methodology_file_is_no_silence_about_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be held against it, and that is said."""
    path = folder / "methodology.yaml"
    before = checked(folder, capsys)
    path.write_text(path.read_text("utf-8").replace("number: 1", "number: один", 1), "utf-8")
    after = checked(folder, capsys)

    assert "methodology.yaml:" in after[1]
    assert "проверены каждый сам по себе" in after[2]
    assert "проверены каждый сам по себе" not in before[2]


def test_annotations_of_github_are_escaped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A percent sign, a comma or a colon in a path would cut an annotation short."""
    code, out, _ = checked(folder, capsys, "--format", "github")
    lines = out.splitlines()

    assert code == 3
    assert len(lines) == 4
    for each in lines:
        found = re.fullmatch(r"::error file=([^,:]+),line=(\d+),col=(\d+),title=([A-Z]\d\d)::(.+)", each)
        assert found, each
        assert "/100%25%2C вуз%3A 1/stages/" in found.group(1)
        assert not re.search(r"%(?!25|0A|0D)", found.group(5))


def test_a_problem_without_a_line_is_annotated_at_its_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """GitHub wants no line 0."""
    code, out, _ = checked(tmp_path, capsys, "--format", "github")

    assert code == 3
    assert out.startswith(f"::error file={tmp_path}/methodology.yaml,title=R00::")


def test_json_tells_the_same_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Place, code and words are those of the lines, with the severity beside."""
    _, text, _ = checked(folder, capsys)
    code, out, _ = checked(folder, capsys, "--format", "json")
    found = json.loads(out)["problems"]

    assert code == 3
    assert [
        f"{each['file']}:{each['line']}:{each['column']}: {each['message']} [{each['code']}]"
        for each in found
    ] == (text.splitlines())
    assert {each["severity"] for each in found} == {"error"}
    assert "\x1b" not in text


@pytest.mark.parametrize(("form", "sign"), [("text", ": предупреждение: "), ("github", "::warning file=")])
def test_warnings_alone_end_well(
    form: str, sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What only warns does not fail a build."""
    for name, content in content_of(CASES / "all-warnings-at-once").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    code, out, err = checked(tmp_path, capsys, "--format", form)

    assert code == 0
    assert [sign in each for each in out.splitlines()] == [True] * 4
    assert "Предупреждений: 4" in err


def test_a_line_break_in_a_value_stays_one_annotation() -> None:
    """What a file holds can't begin a command of its own."""
    from flows.cli.definitions import annotation

    found = annotation(problem("S05", Location("a.yaml", 1, 2), value="x\n::error::y", advice=""), "ru")

    assert "\n" not in found
    assert "%0A" in found


def test_an_error_stands_before_no_warning() -> None:
    """Text lines of both kinds have one form: place, words, code in brackets at the end."""
    for name in ("all-warnings-at-once", "many-at-once"):
        for each in reader.read(content_of(CASES / name)).problems:
            assert re.fullmatch(r"[\w./]+:\d+:\d+: .+ \[[A-Z]\d\d\]", line(each))
