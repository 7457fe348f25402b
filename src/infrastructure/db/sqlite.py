"""SQLite: durable, strict about references, and one writer at a time without failing the others."""

import os
import sqlite3
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import InvalidConfig, StorageUnavailable
from infrastructure.db.dialect import locks_rows, to_json
from infrastructure.db.errors import unavailable

#: pragmas of every connection, and what each must read back as
PRAGMAS: tuple[tuple[str, str, object], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    # In KiB. The default of 2 MB holds too little of the ratings' indexes: large loads take half as long again.
    ("cache_size", "-16384", -16384),
)

#: seconds between attempts to set up a file that another process is setting up
RETRY_S = 0.01

_READS = ("SELECT", "PRAGMA", "EXPLAIN", "BEGIN")
_HAS_TURN = "has_turn"


def sqlite_engine(url: URL, pool_size: int, timeout_s: float) -> Engine:
    """An engine for a database file, which is made when it is first opened. Raises `InvalidConfig` without a file."""
    if url.database in {None, "", ":memory:"}:
        raise InvalidConfig("SQLite needs a file: a database in memory is lost with the process.")
    file = Path(str(url.database))
    engine = create_engine(
        url,
        pool_size=pool_size,
        # A connection is a file handle: threads beyond the pool's size get one of their own rather than wait.
        max_overflow=-1,
        connect_args={"timeout": timeout_s},
        hide_parameters=True,  # what people wrote must not stand in a traceback
        json_serializer=to_json,
        json_deserializer=orjson.loads,
    )
    writers = WriterQueue(timeout_s)
    event.listen(engine, "do_connect", lambda *_: _make_file(file))
    event.listen(engine, "connect", lambda connection, _: _prepare(connection, timeout_s))
    event.listen(engine, "before_cursor_execute", writers.begin_before_writing)
    event.listen(engine, "checkin", writers.leave)
    return engine


class WriterQueue:
    """Begins transactions, and lets the writers of this process have SQLite's one write lock in turn.

    A statement sees what was committed before it began, as it does on PostgreSQL; the first one that writes or locks
    begins a transaction that has the lock. So writers wait for each other, instead of failing because what they have
    read is outdated. Left to itself SQLite would make a waiting writer sleep, up to a tenth of a second at a time, and
    whoever happened to wake first would go on: some waited for seconds.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._turn = Lock()

    def begin_before_writing(
        self,
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        parameters: object,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> None:
        if cursor.connection.in_transaction:
            return
        if statement.lstrip()[:7].upper().startswith(_READS) and not locks_rows(context):
            return
        if not connection.info.get(_HAS_TURN):
            if not self._turn.acquire(timeout=self._timeout_s):
                raise unavailable()
            connection.info[_HAS_TURN] = True
        cursor.execute("BEGIN IMMEDIATE")

    def leave(self, connection: sqlite3.Connection | None, entry: ConnectionPoolEntry) -> None:
        """A connection has come back to the pool, its transaction has ended one way or the other."""
        if entry.info.pop(_HAS_TURN, False):
            self._turn.release()


def _make_file(file: Path) -> None:
    # SQLite would make the file readable for everybody; its journals take the file's own permissions.
    if file.exists():
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as refused:
        raise StorageUnavailable(f"The database file cannot be made: {refused.strerror}.") from refused


def _prepare(connection: sqlite3.Connection, timeout_s: float) -> None:
    # The driver would begin transactions by rules of its own, and none for DDL.
    connection.isolation_level = None
    for name, value, expected in PRAGMAS:
        _set(connection, f"PRAGMA {name} = {value}", timeout_s)
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != expected:
            raise StorageUnavailable(f"SQLite did not take {name} = {value}, which durable storage needs.")


def _set(connection: sqlite3.Connection, pragma: str, timeout_s: float) -> None:
    """A new file can change to WAL while nobody else does so; of several, SQLite fails all but one without waiting."""
    deadline = monotonic() + timeout_s
    while True:
        try:
            connection.execute(pragma)
            return
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(RETRY_S)
