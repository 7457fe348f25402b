"""What SQLite and PostgreSQL say differently."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, Connection, Select, Table, column, func, insert, literal, select, text
from sqlalchemy import table as table_clause
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import ExecutionContext

_LOCKS_ROWS = "locks_rows"


def to_json(value: object) -> str:
    """How either database is given JSON."""
    return orjson.dumps(value).decode()


def upsert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that takes ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def locked(statement: Select[Any], shared: bool = False, skip: bool = False) -> Select[Any]:
    """Lock the selected rows until the transaction ends; SQLite, which has no such clause, locks the database.

    `shared` keeps others from removing the rows, and from nothing else. `skip` leaves out the rows that somebody else
    is changing, and lets others refer to those that are locked.
    """
    clause = statement.with_for_update(read=shared, key_share=shared or skip, skip_locked=skip)
    return clause.execution_options(**{_LOCKS_ROWS: True})


def lock_all(connection: Connection, statement: Select[Any]) -> int:
    """Lock all that the statement selects without fetching it. Returns the number of rows."""
    counted = select(func.count()).select_from(locked(statement).subquery())
    return connection.scalar(counted.execution_options(**{_LOCKS_ROWS: True})) or 0


def locks_rows(context: ExecutionContext | None) -> bool:
    """Whether a statement about to be executed locks rows by one of the functions above."""
    return context is not None and bool(context.execution_options.get(_LOCKS_ROWS))


def advance_ids(connection: Connection, table: Table, highest: int) -> None:
    """See to it that generated ids of the table go on above `highest`. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    name = f"{table.name}_id_seq"
    # Moving a sequence is not part of the transaction: two at once could move it back.
    lock_name(connection, name)
    sequence = table_clause(name, column("last_value"))
    connection.execute(select(func.setval(name, highest)).select_from(sequence).where(sequence.c.last_value <= highest))


def lock_name(connection: Connection, name: str) -> None:
    """Let one transaction at a time go on that locks the same name. SQLite, again, locks the database."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))
    else:
        connection.execute(select(literal(1)).execution_options(**{_LOCKS_ROWS: True}))


def lift_time_limit(connection: Connection) -> None:
    """Let the statements of this transaction take, and wait for locks, as long as they need."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Between transactions: SQLite changes a table by copying it, and dropping the old one would cascade."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


@contextmanager
def waiting_long(connection: Connection, seconds: int = 60) -> Iterator[None]:
    """Between transactions: let SQLite wait for the write lock as long as another process may take to migrate."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout = {seconds * 1000}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {usual}")


def broken_foreign_keys(connection: Connection) -> int:
    """Rows that refer to nothing, which only SQLite can come to have."""
    if connection.dialect.name != "sqlite":
        return 0
    return len(connection.execute(text("PRAGMA foreign_key_check")).all())


def as_array(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """All values of a column as one array, in the order in which a subquery gives them; perhaps None when it is empty.

    Both databases keep that order: PostgreSQL's manual says so, and SQLite drops a subquery's ORDER BY only below
    aggregates that it knows not to depend on it.
    """
    return func.json_agg(column, type_=JSON) if dialect == "postgresql" else func.json_group_array(column, type_=JSON)


def insert_plain(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert tuples of numbers and text, which need no conversion, straight through the driver in half the time."""
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=names)
    if connection.dialect.positional:
        picked = operator.itemgetter(*(names.index(name) for name in compiled.positiontup or ()))
        parameters: list[Any] = [picked(row) for row in rows]
    else:
        parameters = [dict(zip(names, row, strict=True)) for row in rows]
    if parameters:
        connection.exec_driver_sql(compiled.string, parameters)
