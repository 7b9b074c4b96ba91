"""The store: appended and chained, whole or not at all, one reconcile at a time – on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from flows.engine.snapshot import Decision
from flows.people import People, make_key
from flows.store import records
from flows.store.files import Files
from flows.store.store import HEAD, Store
from flows.store.verify import damage
from schemas.problems import Refusal

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)


def begun(store: Store) -> records.Programme:
    """A school with a programme."""
    bundle = store.files.put(b"{}")
    with store.write() as transaction:
        transaction.add_school("s", "Школа", "Europe/Moscow", NOW)
        return transaction.start("s", "2026/27", bundle, "small", NOW)


def test_what_was_accepted_is_read_back_as_it_was(store: Store) -> None:
    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        transaction.accept(
            row, "start/plan", "", {"текст": "ё", "n": 1.5}, NOW, origin="handed", by="Н-001-8"
        )
        transaction.fact(row, "start/write_plan", "", "opened", NOW)
        transaction.decide(
            row, "start/agreed", "", Decision(0, "director", "approve", "director", "Н-001-8", NOW)
        )
    with store.read() as view:
        found = view.snapshot(view.programme("s"))

    assert found.versions_of("start/plan")[0].data == {"текст": "ё", "n": 1.5}
    assert found.facts_of("start/write_plan")[0].kind == "opened"
    assert found.decisions_on("start/agreed")[0].by == "Н-001-8"
    assert [each.seq for each in (*found.versions_of("start/plan"), *found.facts_of("start/write_plan"))] == [
        1,
        2,
    ]


def test_a_snapshot_reads_only_the_news_and_never_changes_an_older_one(store: Store) -> None:
    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        transaction.accept(row, "a/b", "", {"n": 1}, NOW, origin="handed")
    with store.read() as view:
        older = view.snapshot(view.programme("s"))
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        transaction.accept(row, "a/b", "", {"n": 2}, NOW, origin="handed")
    with store.read() as view:
        newer = view.snapshot(view.programme("s"))

    assert [each.data["n"] for each in older.versions_of("a/b")] == [1]
    assert [each.data["n"] for each in newer.versions_of("a/b")] == [1, 2]
    assert newer.versions_of("a/b")[0] is older.versions_of("a/b")[0]


def test_what_was_taken_back_is_nowhere(store: Store) -> None:
    """A transaction that fails leaves neither rows nor a journal line, nor anything in the memory of snapshots."""
    programme = begun(store)

    def fail() -> None:
        with store.write() as transaction:
            row = transaction.programme_by_id(programme.id)
            transaction.accept(row, "a/b", "", {"n": 1}, NOW, origin="handed")
            transaction.snapshot(row)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as view:
        assert view.snapshot(view.programme("s")).versions_of("a/b") == ()
    assert damage(store)[:2] == ([], 0)


def test_papers_of_a_school_are_seen_by_all_its_years_until_one_is_closed(store: Store) -> None:
    """A finished year sees nothing newer; the next year reads the newest."""
    first = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(first.id)
        transaction.accept(row, "start/rules", "", {"n": 1}, NOW, origin="handed", of_school=True)
        transaction.stage_done(row, "", NOW)
        second = transaction.start("s", "2027/28", row.bundle, "small", NOW)
        transaction.accept(second, "start/rules", "", {"n": 2}, NOW, origin="handed", of_school=True)
    with store.read() as view:
        old, new = (
            view.snapshot(view.programme("s", "2026/27")),
            view.snapshot(view.programme("s", "2027/28")),
        )

    assert [each.data["n"] for each in old.versions_of("start/rules")] == [1]
    assert [each.data["n"] for each in new.versions_of("start/rules")] == [1, 2]


def test_schools_do_not_see_each_other(store: Store) -> None:
    begun(store)
    with store.write() as transaction:
        transaction.add_school("t", "Другая", "Asia/Vladivostok", NOW)
        other = transaction.start("t", "2026/27", "x", "small", NOW)
        transaction.accept(other, "a/b", "", {"n": 1}, NOW, origin="handed", of_school=True)
    with store.read() as view:
        assert view.snapshot(view.programme("s")).versions == {}
        assert view.snapshot(view.programme("t")).versions_of("a/b")


def test_the_lease_is_for_one_and_its_token_fences_the_others_off(store: Store) -> None:
    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        token = transaction.acquire(row, 60)

        assert token == 1
        assert transaction.acquire(row, 60) is None  # this process lives and has it

        row.lease_owner = "another-host:1:1"
        row.lease_until = 0.0  # it ran out
        later = transaction.acquire(row, 60)

        assert later == 2
        with pytest.raises(Refusal):
            transaction.fence(row, 1)


def test_the_lease_of_a_process_that_died_is_taken_at_once(store: Store) -> None:
    import socket

    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        row.lease_owner = f"{socket.gethostname()}:999999:1"
        row.lease_until = 9e12

        assert transaction.acquire(row, 60) is not None


def test_news_during_a_reconcile_are_not_lost_at_its_release(store: Store) -> None:
    programme = begun(store)
    with store.write() as transaction:
        token = transaction.acquire(transaction.programme_by_id(programme.id), 60)
    with store.write() as transaction:
        transaction.fact(transaction.programme_by_id(programme.id), "a/b", "", "opened", NOW)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)

        assert token is not None
        assert transaction.release(row, token, None) is False  # go round once more
        assert transaction.release(row, token, None) is True


def test_what_is_due_is_found_in_one_query(store: Store) -> None:
    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        token = transaction.acquire(row, 60)
        assert token is not None
        transaction.release(row, token, datetime(2026, 9, 10, tzinfo=UTC))
    with store.read() as view:
        assert view.due(datetime(2026, 9, 9, tzinfo=UTC)) == []
        assert [each.id for each in view.due(datetime(2026, 9, 10, tzinfo=UTC))] == [programme.id]


def test_two_writers_at_once_leave_one_chain(store: Store) -> None:
    programme = begun(store)

    def write(letter: str) -> None:
        for number in range(20):
            with store.write() as transaction:
                row = transaction.programme_by_id(programme.id)
                transaction.accept(row, "a/b", letter, {"n": number}, NOW, origin="handed")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert damage(store)[:2] == ([], 40)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE decision SET by = 'Н-999-9'", "V07"),
        ("DELETE FROM decision", "V08"),
        ("UPDATE journal SET at = 'x' WHERE seq = 1", "V05"),
        ("DELETE FROM journal WHERE seq = 1", "V04"),
        ("UPDATE content SET body = '{}'", "V09"),
        ("DELETE FROM content", "V09"),
    ],
)
def test_an_edit_of_history_is_noticed(store: Store, statement: str, code: str) -> None:
    programme = begun(store)
    with store.write() as transaction:
        row = transaction.programme_by_id(programme.id)
        transaction.accept(row, "a/b", "", {"n": 1}, NOW, origin="handed")
        transaction.decide(row, "a/g", "", Decision(0, "x", "approve", "director", "Н-001-8", NOW))
    assert damage(store)[0] == []
    with store.engine.begin() as connection:
        connection.execute(text(statement))

    assert code in {each.code for each in damage(store)[0]}


def test_a_damaged_file_is_never_read_as_good(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    digest = files.put("Приказ".encode())

    assert files.get(digest) == "Приказ".encode()
    assert files.put("Приказ".encode()) == digest

    files.path(digest).write_bytes(b"x")
    with pytest.raises(Refusal):
        files.get(digest)
    files.path(digest).unlink()
    with pytest.raises(Refusal):
        files.get(digest)


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    versions = Path(__file__).parent.parent / "flows" / "store" / "migrations" / "versions"

    assert max(path.name.split("_")[0] for path in versions.glob("r*.py")) == f"r{HEAD}"


def test_names_are_sealed_and_found_by_a_keyed_index(store: Store, tmp_path: Path) -> None:
    make_key(tmp_path / "people.key")
    begun(store)
    with store.write() as transaction:
        people = People(transaction, tmp_path / "people.key")
        code = people.add("s", {"name": "Ёлкина Алёна Ивановна", "phone": "+7 900 000-00-01"})
        assert people.find("s", "елкина  Алена ивановна") == [code]
        assert people.card("s", code)["phone"] == "+7 900 000-00-01"
        assert people.names("s") == {code: "Ёлкина Алёна Ивановна"}
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM person")).all()

    assert "Ёлкина".encode() not in b"".join(each for row in rows for each in row if isinstance(each, bytes))
    assert all("лкина" not in str(each) for row in rows for each in row if isinstance(each, str))
