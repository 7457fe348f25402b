"""What SQLite and PostgreSQL say differently."""

from typing import Any

from sqlalchemy import Connection, Select, Table, column, func, select, text
from sqlalchemy import table as table_clause
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import ExecutionContext

_LOCKS_ROWS = "locks_rows"


def upsert(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that takes ON CONFLICT."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def locked(statement: Select[Any], shared: bool = False) -> Select[Any]:
    """Lock the selected rows until the transaction ends; SQLite, which has no such clause, locks the database.

    `shared` keeps others from removing the rows, and from nothing else.
    """
    return statement.with_for_update(read=shared, key_share=shared).execution_options(**{_LOCKS_ROWS: True})


def lock_all(connection: Connection, statement: Select[Any]) -> int:
    """Lock all that the statement selects without fetching it. Returns the number of rows."""
    counted = select(func.count()).select_from(locked(statement).subquery())
    return connection.scalar(counted.execution_options(**{_LOCKS_ROWS: True})) or 0


def locks_rows(context: ExecutionContext | None) -> bool:
    """Whether a statement about to be executed locks rows by one of the functions above."""
    return context is not None and bool(context.execution_options.get(_LOCKS_ROWS))


def advance_ids(connection: Connection, table: Table, highest: int) -> None:
    """See to it that generated ids of the table go on above `highest`. SQLite does so by itself.

    Explicit ids are given by one transaction at a time (each raises the catalogue's revision or moves a load's cursor
    first), so that nobody else can move the sequence at the same time.
    """
    if connection.dialect.name != "postgresql":
        return
    name = f"{table.name}_id_seq"
    sequence = table_clause(name, column("last_value"))
    connection.execute(select(func.setval(name, highest)).select_from(sequence).where(sequence.c.last_value <= highest))


def lift_time_limit(connection: Connection) -> None:
    """Let the statements of this transaction take as long as they need."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
