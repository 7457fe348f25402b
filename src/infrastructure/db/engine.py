"""Connections to a database: SQLite, which is the default, or PostgreSQL. Both behave alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import InvalidConfig
from infrastructure.db.errors import translate, unavailable
from infrastructure.db.postgresql import postgresql_engine
from infrastructure.db.sqlite import sqlite_engine

T = TypeVar("T")


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
    match parsed.get_backend_name():
        case "sqlite":
            engine = sqlite_engine(parsed, pool_size, timeout_s)
        case "postgresql" | "postgres":
            engine = postgresql_engine(parsed, pool_size, timeout_s)
        case other:
            raise InvalidConfig(f"There is no storage for {other!r}: use sqlite:///path or postgresql://…")
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
