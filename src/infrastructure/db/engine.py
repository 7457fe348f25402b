"""Connections to a database: SQLite, which is the default, or PostgreSQL.

Both behave alike. A statement sees what was committed before it began; from the first statement of a transaction that
writes or locks, SQLite has the write lock, so that concurrent writers queue instead of failing on an outdated snapshot.
"""

import math
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import InvalidConfig, StorageUnavailable
from infrastructure.db.dialect import locks_rows
from infrastructure.db.errors import translate, unavailable

T = TypeVar("T")

#: SQLite's pragmas for every connection, and what each must read back as
PRAGMAS: tuple[tuple[str, str, object], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
)

CACHE_KIB = 16 * 1024


def make_engine(url: str, *, pool_size: int = 10, timeout_s: float = 5.0) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…`. Nothing is opened before it is used.

    `timeout_s` bounds every wait: for a connection, for a lock, and on PostgreSQL for a statement. Raises
    `InvalidConfig` for any other URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without its cause, which may quote a part of the password.
        raise InvalidConfig("The database URL cannot be read.") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = _sqlite_engine(parsed, pool_size, timeout_s)
    elif backend in {"postgresql", "postgres"}:
        engine = _postgresql_engine(parsed.set(drivername="postgresql+psycopg"), pool_size, timeout_s)
    else:
        raise InvalidConfig(f"There is no storage for {backend!r}: use sqlite:///path or postgresql://…")
    event.listen(engine, "handle_error", translate, retval=True)
    return engine


def connecting(connect: Callable[[], T]) -> T:
    """Take a connection from the pool. Raises `StorageUnavailable` when none is free in time."""
    try:
        return connect()
    except PoolTimeout as exhausted:
        raise unavailable() from exhausted


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose work counts once the block is left without an error."""
    with connecting(engine.connect) as connection, connection.begin():
        yield connection


def reading(engine: Engine) -> Engine:
    """The same engine for single statements that only read: PostgreSQL is spared opening and ending a transaction."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


def _sqlite_engine(url: URL, pool_size: int, timeout_s: float) -> Engine:
    if url.database in {None, "", ":memory:"}:
        raise InvalidConfig("SQLite needs a file: a database in memory is lost with the process.")
    file = Path(str(url.database))
    engine = create_engine(
        url,
        pool_size=pool_size,
        # A connection is a file handle: threads beyond the pool's size get one of their own rather than wait.
        max_overflow=-1,
        connect_args={"timeout": timeout_s},
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "do_connect")
    def make_file(*_: object) -> None:
        # SQLite would make the file readable for everybody; its journals take the file's own permissions.
        if not file.exists():
            try:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as refused:
                raise StorageUnavailable(f"The database file cannot be made: {refused.strerror}.") from refused

    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "before_cursor_execute", _begin_before_writing)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver would begin transactions by its own rules, and not for DDL; we begin them ourselves.
    connection.isolation_level = None
    # The default of 2 MB holds too little of the ratings' indexes: a large load takes half as long again with it.
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    for name, value, expected in PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != expected:
            raise StorageUnavailable(f"SQLite did not take {name} = {value}, which durable storage needs.")


def _begin_before_writing(
    connection: Connection,
    cursor: DBAPICursor,
    statement: str,
    parameters: object,
    context: ExecutionContext | None,
    executemany: bool,
) -> None:
    if not cursor.connection.in_transaction and (_writes(statement) or locks_rows(context)):
        cursor.execute("BEGIN IMMEDIATE")


def _writes(statement: str) -> bool:
    return not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "EXPLAIN", "BEGIN"))


def _postgresql_engine(url: URL, pool_size: int, timeout_s: float) -> Engine:
    milliseconds = math.ceil(timeout_s * 1000)
    return create_engine(
        url,
        pool_size=pool_size,
        pool_timeout=timeout_s,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": math.ceil(timeout_s),
            "tcp_user_timeout": milliseconds,
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} -c timezone=UTC",
        },
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()
