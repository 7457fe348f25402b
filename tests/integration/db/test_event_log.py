import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, select, text

from domain.errors import StorageUnavailable, UserNotFound
from infrastructure.db import tables
from infrastructure.db.engine import make_engine
from infrastructure.db.event_log import GroupCommitEventLog
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from tests.integration.db.samples import at_once, count, person, shown, store


def stored_ids(engine):
    with engine.connect() as connection:
        return connection.scalars(select(tables.impressions.c.id)).all()


def held(engine):
    """Keep others from writing impressions; returns the connection that does."""
    connection = engine.connect()
    connection.execute(text("LOCK TABLE impressions" if engine.dialect.name == "postgresql" else "BEGIN IMMEDIATE"))
    return connection


class Appending:
    """Calls of `append` that are under way, each in a thread."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(20)
        self.calls = []

    def start(self, log, impression):
        self.calls.append(self.pool.submit(log.append, impression))

    def wait(self):
        """For each call the type of the error that it raised, or None."""
        errors = [call.exception(timeout=20) for call in self.calls]
        self.pool.shutdown()
        return [error and type(error) for error in errors]


class Gate:
    """Holds whoever inserts an impression, until it is opened."""

    def __init__(self, engine):
        self.reached, self.opened = Event(), Event()
        event.listen(engine, "before_cursor_execute", self.hold)

    def hold(self, connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO impressions"):
            self.reached.set()
            assert self.opened.wait(timeout=20)

    def appending(self, log, impressions):
        """Append all: the writer has taken the first alone, and the others are waiting."""
        appending = Appending()
        appending.start(log, impressions[0])
        assert self.reached.wait(timeout=20)
        for impression in impressions[1:]:
            appending.start(log, impression)
        while len(log) < len(impressions) - 1:
            time.sleep(0.001)
        return appending

    def open(self):
        self.opened.set()


@pytest.fixture
def gate(engine):
    return Gate(engine)


@pytest.fixture
def log(engine):
    log = GroupCommitEventLog(engine)
    yield log
    log.close()


def test_what_many_threads_append_is_stored_exactly_once(engine, log):
    impressions = [shown() for _ in range(16 * 20)]

    def append(start):
        for impression in impressions[start : start + 20]:
            log.append(impression)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(append, range(0, len(impressions), 20)))
    assert sorted(stored_ids(engine)) == sorted(impression.id for impression in impressions)


def test_an_impression_is_there_for_everybody_once_append_has_returned(engine, log):
    for expected in range(1, 6):
        log.append(shown())
        assert count(engine, tables.impressions) == expected


def test_what_arrives_during_a_commit_shares_the_next_one(engine, log, gate):
    commits = []
    event.listen(engine, "commit", commits.append)
    waiting = gate.appending(log, [shown() for _ in range(10)])
    gate.open()
    waiting.wait()
    assert count(engine, tables.impressions) == 10
    assert len(commits) == 2


def test_an_impression_appended_twice_is_stored_once(engine, log):
    impression = shown()
    log.append(impression)
    log.append(replace(impression, engine="another"))
    with engine.connect() as connection:
        assert connection.scalars(select(tables.impressions.c.engine)).all() == ["ncf"]


def test_one_bad_impression_does_not_take_its_batch_with_it(engine, work, log, gate):
    store(work, users=[person()])
    waiting = gate.appending(log, [shown(user_id) for user_id in (1, 404, None, 405, 1)])
    gate.open()
    assert waiting.wait() == [None, UserNotFound, None, UserNotFound, None]
    assert count(engine, tables.impressions) == 3


@pytest.mark.postgres
def test_a_batch_and_an_erasure_of_its_users_do_not_wait_in_a_circle(emptied_postgres_url):
    engine = make_engine(emptied_postgres_url)
    work, log, gate = SqlUnitsOfWork(engine), GroupCommitEventLog(engine), Gate(engine)
    store(work, users=[person("ann"), person("bob")])
    with work() as eraser:
        eraser.users.erase(1)
        waiting = gate.appending(log, [shown(), shown(2), shown(1)])
        gate.open()
        with engine.connect() as connection:
            blocked = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while not connection.scalar(text(blocked)):
                connection.rollback()
        eraser.users.erase(2)
        eraser.commit()
    assert waiting.wait() == [None, UserNotFound, UserNotFound]
    log.close()
    engine.dispose()


def test_a_database_that_does_not_answer_is_reported_in_time_and_used_again_later(engine):
    log = GroupCommitEventLog(engine, queue_size=2, timeout_s=0.2)
    blocker = held(engine)
    outcomes = at_once(*(lambda: log.append(shown()) for _ in range(6)))
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 6
    blocker.rollback()
    last = shown()
    while True:
        try:
            log.append(last)
            break
        except StorageUnavailable:
            time.sleep(0.01)
    assert last.id in stored_ids(engine)
    log.close()


def test_a_failing_database_is_reported_to_every_caller(sqlite_engine):
    log = GroupCommitEventLog(sqlite_engine)
    log.append(shown())
    sqlite_engine.dispose()
    Path(sqlite_engine.url.database).write_bytes(b"no database at all" * 1000)
    outcomes = at_once(*(lambda: log.append(shown()) for _ in range(8)))
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 8
    log.close()


def test_an_unreachable_server_is_reported():
    log = GroupCommitEventLog(make_engine("postgresql://nobody@127.0.0.1:9/nothing"))
    with pytest.raises(StorageUnavailable):
        log.append(shown())
    log.close()


def test_closing_stores_what_is_waiting_and_takes_nothing_more(engine, gate):
    log = GroupCommitEventLog(engine, max_batch=3)
    waiting = gate.appending(log, [shown() for _ in range(10)])
    closing = Thread(target=log.close)
    closing.start()
    gate.open()
    closing.join(timeout=20)
    assert not closing.is_alive()
    assert waiting.wait() == [None] * 10
    assert count(engine, tables.impressions) == 10
    with pytest.raises(StorageUnavailable):
        log.append(shown())


def test_a_log_that_was_never_used_can_be_closed(engine):
    GroupCommitEventLog(engine).close()


APPEND_FOR_EVER = """
import sys, threading
from infrastructure.db.engine import make_engine
from infrastructure.db.event_log import GroupCommitEventLog
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from tests.integration.db.samples import shown

log = GroupCommitEventLog(make_engine(sys.argv[1]))

def append():
    while True:
        impression = shown()
        log.append(impression)
        sys.stdout.write(impression.id + "\\n")
        sys.stdout.flush()

for _ in range(8):
    threading.Thread(target=append).start()
"""


@pytest.mark.parametrize("round_", range(5))
def test_whatever_was_acknowledged_survives_a_kill(engine, database_url, round_):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", APPEND_FOR_EVER, database_url], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        acknowledged = [process.stdout.readline().strip() for _ in range(100 + 50 * round_)]
        process.send_signal(signal.SIGKILL)
        # A line that the kill cut short acknowledged nothing.
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert len(acknowledged) >= 100 and len(set(acknowledged)) == len(acknowledged)
    found = stored_ids(engine)
    assert set(acknowledged) <= set(found) and len(set(found)) == len(found)
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(engine.url.database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
