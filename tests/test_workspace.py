"""A workspace that is not as it should be: each loss has its own words, and nothing hides it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from workspaces import Room, new_room

from flows import cli
from flows.cli.definitions import quoted
from flows.people import make_key
from flows.settings import DEFINITIONS
from flows.store.store import HEAD

ROOT = Path(__file__).parent.parent
READ_NAMES = (
    ("people", "list", "sosh-10"),
    ("people", "add", "sosh-10", "--name", "Новикова Анна Петровна"),
    ("people", "assign", "sosh-10", "Н-001-8", "psychologist"),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "workspace"
    new_room(folder)
    return folder


@pytest.fixture
def room(made: Path, tmp_path: Path) -> Room:
    """A workspace with a school, two people and a programme; a test may spoil it."""
    return Room(Path(shutil.copytree(made, tmp_path / "workspace")))


def data(room: Room, name: str) -> Path:
    return room.folder / "data" / name


def sql(room: Room, *statements: str) -> None:
    with sqlite3.connect(data(room, "store.db")) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def told(room: Room, *words: str) -> tuple[int, str]:
    """The exit code and the one code that a command ends with; it says one line and no traceback."""
    answer = room(*words)
    assert len(answer.err.splitlines()) == 1, answer
    assert "Сбой программы" not in answer.err
    return answer.code, answer.err.rstrip().rpartition("[")[2].rstrip("]")


# --- the key to the names ------------------------------------------------------------------------


def test_a_lost_key_is_told_as_such_and_init_makes_no_other(room: Room) -> None:
    data(room, "people.key").unlink()

    for words in (("status", "sosh-10"), ("verify",), *READ_NAMES, ("init", str(room.folder))):
        assert told(room, *words) == (6, "W20"), words
    assert not data(room, "people.key").exists()
    assert "W20" in room("doctor").out


@pytest.mark.parametrize("wrong", ["another", "junk", "empty"])
def test_a_key_that_does_not_fit_is_told_by_all_who_read_names(room: Room, wrong: str) -> None:
    data(room, "people.key").unlink()
    if wrong == "another":
        make_key(data(room, "people.key"))
    else:
        data(room, "people.key").write_bytes(b"junk" if wrong == "junk" else b"")

    for words in (*READ_NAMES, ("verify",)):
        assert told(room, *words) == (6, "W21"), words
    assert "✗ Ключ к именам" in room("doctor").out
    assert "W21" in room("doctor").out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET code = 'Н-003-4' WHERE code = 'Н-002-6'",
        "UPDATE person SET school = 'sosh-11' WHERE code = 'Н-002-6'",
        "UPDATE person SET sealed = x'00' WHERE code = 'Н-002-6'",
        "UPDATE person SET lookup = 'x' WHERE code = 'Н-002-6'",
        "UPDATE person SET sealed = (SELECT sealed FROM person WHERE code = 'Н-001-8') WHERE code = 'Н-002-6'",
    ],
)
def test_verify_notices_a_changed_record_of_a_person(room: Room, statement: str) -> None:
    sql(room, statement)

    answer = room("verify")

    assert answer.code == 6
    assert "[V10]" in answer.err


def test_verify_notices_a_person_who_is_gone(room: Room) -> None:
    sql(room, "DELETE FROM person WHERE code = 'Н-002-6'")

    assert "[V11]" in room("verify").err


def test_a_changed_record_is_told_when_it_is_read(room: Room) -> None:
    sql(room, "UPDATE person SET sealed = x'00' WHERE code = 'Н-002-6'")

    assert told(room, "people", "list", "sosh-10") == (6, "V10")


@pytest.mark.parametrize("name", ["", "   ", "Орлова"])
def test_a_person_has_a_full_name(room: Room, name: str) -> None:
    assert told(room, "people", "add", "sosh-10", "--name", name) == (2, "P12")


def test_a_name_is_kept_without_needless_spaces(room: Room) -> None:
    room.do("people", "add", "sosh-10", "--name", "  Новикова  Анна ")

    assert "Новикова Анна\n" in room.do("people", "list", "sosh-10").out


# --- the database --------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_lost_database_is_told_and_never_made_anew(room: Room, left: str) -> None:
    data(room, "store.db").unlink()
    if left != "nothing":
        data(room, "store.db").touch()

    for words in (("status", "sosh-10"), ("verify",), ("init", str(room.folder))):
        assert told(room, *words) == (6, "W22"), words
    assert "W22" in room("doctor").out
    assert data(room, "store.db").exists() == (left != "nothing")


def test_files_alone_tell_of_a_lost_database(room: Room) -> None:
    data(room, "store.db").unlink()
    data(room, "people.key").unlink()

    assert told(room, "init", str(room.folder)) == (6, "W22")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_database_is_told(room: Room, content: bytes) -> None:
    data(room, "store.db").write_bytes(content)

    for words in (("status", "sosh-10"), ("init", str(room.folder))):
        assert told(room, *words) == (6, "W23"), words
    assert data(room, "store.db").read_bytes() == content


def test_a_database_that_is_damaged_further_in_is_told(room: Room) -> None:
    content = bytearray(data(room, "store.db").read_bytes())
    content[3 * 4096 :] = b"\xff" * (len(content) - 3 * 4096)
    data(room, "store.db").write_bytes(bytes(content))

    assert told(room, "status", "sosh-10") == (6, "W23")


def test_only_an_older_database_is_told_to_be_upgraded(room: Room) -> None:
    sql(room, "UPDATE alembic_version SET version_num = '0000'")
    assert told(room, "status", "sosh-10") == (2, "W02")

    sql(room, "UPDATE alembic_version SET version_num = '9999'")
    assert told(room, "status", "sosh-10") == (6, "W30")
    assert told(room, "init", str(room.folder)) == (6, "W30")


def test_an_init_that_was_stopped_anywhere_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the database, in the midst of it, and before the key."""
    folder = tmp_path / "workspace"
    room = Room(folder)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("alembic.command.upgrade", "flows.people.make_key"):
        with monkeypatch.context() as patch:
            patch.setattr(step, stop)
            assert room("init", str(folder)).code == 130
        assert told(room, "people", "list", "sosh-10") == (2, "W31")
    room.do("init", str(folder))
    room.do("init", str(folder))
    room.do("school", "add", "sosh-10", "--title", "МОУ СОШ №10")
    assert not list((folder / "data").glob("*.new*"))


def test_what_is_not_there_is_no_workspace(tmp_path: Path) -> None:
    assert told(Room(tmp_path), "verify") == (2, "W01")


def test_an_init_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")

    for name in ("README.md", "README.md/below"):
        assert told(Room(tmp_path / name), "init", str(tmp_path / name)) == (2, "W29")
        assert told(Room(tmp_path / name), "demo", str(tmp_path / name)) == (2, "W29")


@pytest.mark.parametrize("error", [PermissionError(13, "x", "/place"), OSError(30, "x", "/place")])
def test_a_place_that_can_not_be_written_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "mkdir", refuse)

    for command in ("init", "demo"):
        assert told(Room(tmp_path), command, str(tmp_path / "new")) == (6, "W24")


def test_settings_that_may_not_be_read_are_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise PermissionError(13, "x", "/place")

    monkeypatch.setattr(Path, "is_file", refuse)

    assert told(room, "status", "sosh-10") == (2, "W24")


def test_a_fault_of_init_is_not_written_into_another_workspace(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError

    monkeypatch.chdir(room.folder)
    monkeypatch.setattr("flows.store.migrate.upgrade", break_down)
    room("init", str(tmp_path / "new"))

    assert not data(room, "nastavnik-fault.log").exists()
    assert (tmp_path / "new" / "data" / "nastavnik-fault.log").exists()


def test_a_database_that_can_not_be_opened_is_told(room: Room) -> None:
    (room.folder / "nastavnik.yaml").write_text("database: sqlite:///data\n")  # a folder, not a file

    assert told(room, "status", "sosh-10") == (6, "W24")


# --- PostgreSQL ----------------------------------------------------------------------------------


def test_a_postgresql_that_is_not_there_is_told_without_its_password(room: Room) -> None:
    (room.folder / "nastavnik.yaml").write_text("database: postgresql://me:secret@127.0.0.1:1/x\n")

    answer = room("status", "sosh-10")

    assert (answer.code, answer.err.count("\n")) == (6, 1)
    assert "[W28]" in answer.err
    assert "secret" not in answer.err
    assert told(room, "init", str(room.folder)) == (6, "W28")


def test_a_missing_driver_is_told_with_what_to_install(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    (room.folder / "nastavnik.yaml").write_text("database: postgresql+psycopg://127.0.0.1/x\n")

    assert told(room, "status", "sosh-10") == (6, "W26")
    assert "[postgres]" in room("status", "sosh-10").err


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "advice"),
    [
        ("methodolgy: definitions/mine", "S01", "возможно, «methodology»?"),
        ("language: de", "S04", "можно: ru, en"),
        ("database: mysql://me:secret@host/x", "W27", "mysql; напишите sqlite или postgresql"),
        ("prefect_database: postgresql://host/x", "W27", "postgresql+asyncpg"),
        ("timezone: Moscow", "W13", "Europe/Moscow"),
        ("prefect: {PREFECT_X: [1]}", "S03", ""),
        ("- methodology", "S03", ""),
    ],
)
def test_settings_that_mean_nothing_are_told_with_their_place(
    room: Room, line: str, code: str, advice: str
) -> None:
    (room.folder / "nastavnik.yaml").write_text(f"# здесь\n{line}\n", "utf-8")

    for words in (("status", "sosh-10"), ("check",), ("doctor",), ("init", str(room.folder))):
        answer = room(*words)
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer
        assert "nastavnik.yaml:2:" in answer.err
        assert f"[{code}]" in answer.err
        assert advice in answer.err
        assert "secret" not in answer.err


def test_every_setting_that_is_known_is_taken(room: Room) -> None:
    (room.folder / "nastavnik.yaml").write_text(
        "methodology: definitions/target-model\nlanguage: en\ndatabase: sqlite:///data/store.db\n"
        "prefect_database: postgresql+asyncpg://me@host/x\ntimezone: Asia/Omsk\nx-note: ours\n"
        "prefect:\n  PREFECT_SERVER_LOGGING_LEVEL: INFO\n  PREFECT_CLIENT_MAX_RETRIES: 5\n"
    )
    assert "running" in room.do("status", "sosh-10").out
    (room.folder / "nastavnik.yaml").write_text("prefect:\n")
    room.do("status", "sosh-10")


def test_check_names_the_folder_that_it_has_checked(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outside a workspace that is the shipped methodology."""
    assert f"(папка {room.folder / 'definitions' / 'target-model'})" in room.do("check").err
    monkeypatch.chdir(room.folder)
    assert "(папка definitions/target-model)" in room.do("check", "definitions/target-model").err
    monkeypatch.chdir(tmp_path)
    assert cli.run(["check"]) == 0
    assert f"(папка {DEFINITIONS / 'target-model'})" in capsys.readouterr().err


# --- the rest ------------------------------------------------------------------------------------


def test_serve_on_a_port_that_is_taken_says_so_at_once(room: Room) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = room("serve", "--port", str(port))

    assert answer.code == 6
    assert f"порт {port} занят" in answer.err
    assert "--port" in answer.err


@pytest.mark.parametrize("port", ["80000", "-1"])
def test_a_port_that_is_none_is_a_wrong_command(room: Room, port: str) -> None:
    assert told(room, "serve", f"--port={port}") == (2, "U01")


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("nastavnik") != "0.0.0"


@pytest.mark.skipif(sys.platform == "win32", reason="files of Windows have no such modes")
def test_whatever_is_written_is_the_owners_alone(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.umask(0o022); from flows import cli; cli.run(['init', sys.argv[1]]);"
        "open(sys.argv[1] + '/data/server.log', 'ab').close()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "w")], cwd=ROOT, check=True)

    for path in (tmp_path / "w" / "data").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(os.name == "nt", reason="the quotes of POSIX shells")
def test_a_path_with_spaces_is_quoted_where_it_is_to_be_typed(tmp_path: Path) -> None:
    folder = tmp_path / "моя школа"

    assert f"nastavnik --workspace '{folder}' school add" in Room(folder)("init", str(folder)).err
    assert quoted(Path("/a/b")) == "/a/b"


def test_doctor_says_what_it_has_found_in_words(room: Room) -> None:
    answer = room("doctor")

    assert f"✓ База данных: SQLite, схема {HEAD}, школ: 1" in answer.out
    assert "✓ Ключ к именам" in answer.out


def test_doctor_asks_for_the_versions_that_the_project_asks_for(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect and FastAPI that do not go together are told before anything is run."""
    told = {each["check"]: each["ok"] for each in json.loads(room("doctor", "--json").out)["checks"]}
    monkeypatch.setattr("flows.doctor.version", lambda name: {"fastapi": "0.154.0"}.get(name, version(name)))
    other = {each["check"]: each["ok"] for each in json.loads(room("doctor", "--json").out)["checks"]}

    assert (told["pair"], other["pair"]) == (True, False)
