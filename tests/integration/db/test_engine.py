import sqlite3
import stat
import time
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from domain.errors import Invalid, InvalidConfig, StorageUnavailable
from domain.paging import PageRequest
from infrastructure.db import tables
from infrastructure.db.engine import make_engine
from infrastructure.db.sqlite import PRAGMAS
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from tests.integration.db.samples import at_once, count, film, person, store


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "nonsense", ""])
def test_a_url_that_cannot_be_used_is_refused(url):
    with pytest.raises(InvalidConfig):
        make_engine(url)


@pytest.mark.parametrize("url", ["postgresql://h/d", "postgresql+psycopg://h/d", "postgresql+psycopg2://h/d"])
def test_postgresql_is_reached_through_psycopg(url):
    assert make_engine(url).url.drivername == "postgresql+psycopg"


def test_an_error_shows_no_password():
    with pytest.raises(InvalidConfig) as refused:
        make_engine("postgresql://me:secret@host:not-a-port/db")
    assert "secret" not in str(refused.value)


def test_an_error_does_not_show_what_was_to_be_stored(engine):
    with pytest.raises(DBAPIError) as failed, engine.connect() as connection:
        connection.execute(text("SELECT missing FROM users WHERE email = :email"), {"email": "anna@example.com"})
    assert "anna@example.com" not in str(failed.value)


def test_the_database_file_and_its_folder_are_made_for_the_owner_alone(tmp_path):
    file = tmp_path / "new" / "folder" / "marquee.db"
    engine = make_engine(f"sqlite:///{file}")
    assert not file.parent.exists(), "nothing is made before it is needed"
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(("marquee.db", "marquee.db-wal", "marquee.db-shm"), 384)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    engine.dispose()


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable), make_engine(f"sqlite:///{tmp_path / 'file' / 'marquee.db'}").connect():
        pass


def test_every_sqlite_connection_is_durable_and_checks_references(sqlite_engine):
    with sqlite_engine.connect() as one, sqlite_engine.connect() as another:
        for connection in (one, another):
            found = {name: connection.scalar(text(f"PRAGMA {name}")) for name, _, _ in PRAGMAS}
            assert found == {name: expected for name, _, expected in PRAGMAS}
            assert (found["journal_mode"], found["synchronous"], found["foreign_keys"]) == ("wal", 2, 1)


def test_a_pragma_that_does_not_take_stops_the_connection(sqlite_engine, monkeypatch):
    monkeypatch.setattr("infrastructure.db.sqlite.PRAGMAS", (("synchronous", "OFF", 2),))
    with pytest.raises(StorageUnavailable, match="synchronous"):
        sqlite_engine.connect()


def test_a_reader_is_not_kept_waiting_by_a_writer(sqlite_engine):
    work = SqlUnitsOfWork(sqlite_engine)
    with work() as writer, work() as reader:
        writer.users.add(person())
        assert reader.users.list_page(PageRequest()).total == 0
        writer.commit()
        assert reader.users.list_page(PageRequest()).total == 1


def test_units_of_work_that_read_and_then_write_queue_up(work, engine):
    store(work, items=[film()])

    def sign_up(name):
        with work() as open_work:
            open_work.users.list_page(PageRequest())
            time.sleep(0.01)
            open_work.users.add(person(name))
            open_work.commit()

    assert at_once(*(lambda name=f"user{n}": sign_up(name) for n in range(10))) == [None] * 10
    assert count(engine, tables.users) == 10


def test_a_writer_that_breaks_off_lets_the_next_one_write(sqlite_engine):
    work = SqlUnitsOfWork(sqlite_engine)
    with pytest.raises(RuntimeError), work() as first:
        first.users.add(person("broke off"))
        raise RuntimeError
    with sqlite_engine.connect() as second:
        second.execute(tables.counters.insert().values(name="lost", value=1))
        second.invalidate()
    store(work, users=[person()])
    assert count(sqlite_engine, tables.counters) == 0


def test_one_thread_does_not_wait_for_itself_for_ever(database_url):
    engine = make_engine(database_url, timeout_s=0.2)
    work = SqlUnitsOfWork(engine)
    with work() as outer:
        outer.users.add(person("ann"))
        with pytest.raises(StorageUnavailable):
            store(work, users=[person("ann")])
        outer.commit()
    assert count(engine, tables.users) == 1
    engine.dispose()


def test_a_lock_that_is_held_too_long_makes_storage_unavailable(database_url):
    engine = make_engine(database_url, timeout_s=0.2)
    holder = make_engine(database_url)
    store(SqlUnitsOfWork(holder), users=[person()])
    with SqlUnitsOfWork(holder)() as first, SqlUnitsOfWork(engine)() as second:
        first.users.erase(1)
        with pytest.raises(StorageUnavailable):
            second.users.erase(1)
    engine.dispose()
    holder.dispose()


def test_a_full_disk_makes_storage_unavailable_and_leaves_reading_alone(sqlite_engine):
    work = SqlUnitsOfWork(sqlite_engine)

    @event.listens_for(sqlite_engine, "connect")
    def be_full(connection, _):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    sqlite_engine.dispose()
    with pytest.raises(StorageUnavailable):
        store(work, items=[film(f"Film {n}", description="text " * 500) for n in range(50)])
    with work() as open_work:
        assert open_work.items.get_many([1]) == {}


def test_a_damaged_file_makes_storage_unavailable(tmp_path):
    (tmp_path / "marquee.db").write_bytes(b"this is no database" * 500)
    with pytest.raises(StorageUnavailable), make_engine(f"sqlite:///{tmp_path / 'marquee.db'}").connect():
        pass


def test_a_mistake_in_a_statement_is_not_hidden_as_an_outage(engine):
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT no_such_column FROM users"))


@pytest.mark.postgres
def test_no_free_connection_in_time_makes_storage_unavailable(emptied_postgres_url):
    engine = make_engine(emptied_postgres_url, pool_size=1, timeout_s=0.2)
    held = [engine.connect() for _ in range(11)]
    with pytest.raises(StorageUnavailable), SqlUnitsOfWork(engine)():
        pass
    for connection in held:
        connection.close()
    engine.dispose()


def test_a_server_that_is_not_there_makes_storage_unavailable():
    with pytest.raises(StorageUnavailable), SqlUnitsOfWork(make_engine("postgresql://nobody@127.0.0.1:9/x"))():
        pass


@pytest.mark.postgres
def test_a_lost_connection_is_reported_once_and_replaced(emptied_postgres_url):
    engine, other = make_engine(emptied_postgres_url), make_engine(emptied_postgres_url)

    def cut():
        with other.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    work = SqlUnitsOfWork(engine)
    with work() as open_work:
        open_work.users.list_page(PageRequest())
        cut()
        with pytest.raises(StorageUnavailable):
            open_work.users.add(person())
    store(work, users=[person()])
    cut()
    with work() as open_work:
        assert open_work.users.get(1).username == "ann", "an idle connection that was lost is replaced unseen"
    engine.dispose()
    other.dispose()


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_ended(emptied_postgres_url):
    engine = make_engine(emptied_postgres_url, timeout_s=0.2)
    with engine.connect() as connection, pytest.raises(StorageUnavailable):
        connection.execute(text("SELECT pg_sleep(20)"))
    engine.dispose()


@pytest.mark.parametrize("title", ["nul \x00 character", "".join(map(chr, range(20_000, 30_000)))])
def test_text_that_one_database_cannot_hold_is_invalid_or_kept_whole(work, title):
    try:
        store(work, items=[film(title)])
    except Invalid:
        return
    with work() as open_work:
        assert open_work.items.get(1).title == title


@pytest.mark.parametrize("bad", [{"title": "half of a \ud83c pair"}, {"year": 2**70}])
def test_a_value_that_no_database_can_hold_is_invalid(work, engine, bad):
    with pytest.raises(Invalid):
        store(work, items=[film(**bad)])
    assert count(engine, tables.items) == 0


def test_sqlite_is_left_with_a_clean_file(sqlite_engine):
    store(SqlUnitsOfWork(sqlite_engine), users=[person()], items=[film()], ratings=[(1, 1, 4.0, 1)])
    sqlite_engine.dispose()
    connection = sqlite3.connect(sqlite_engine.url.database)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert [path.name for path in Path(sqlite_engine.url.database).parent.iterdir()] == ["marquee.db"]
