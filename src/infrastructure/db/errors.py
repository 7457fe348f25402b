"""What a database says went wrong, in terms of the domain. The one place where the two are matched."""

import re
import sqlite3
from collections.abc import Callable

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from domain.errors import (
    EmailTaken,
    ExternalIdTaken,
    Invalid,
    ItemIdTaken,
    MarqueeError,
    StorageUnavailable,
    TitleTaken,
    UsernameTaken,
)

#: constraint → the fact that it states when it is broken
CONSTRAINTS: dict[str, Callable[[], MarqueeError]] = {
    "uq_users_email_key": EmailTaken,
    "uq_users_username_key": UsernameTaken,
    "pk_items": ItemIdTaken,
    "uq_items_title_key": TitleTaken,
    "uq_items_kind_external_id": ExternalIdTaken,
}

#: SQLite's primary result codes for a database that cannot be used now, whatever the statement
UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


def unavailable() -> StorageUnavailable:
    """What is raised wherever the database cannot be used."""
    return StorageUnavailable("The database cannot be reached or written to now.")


def translate(context: ExceptionContext) -> MarqueeError | None:
    """A listener for `handle_error`: the domain error to raise in place of the driver's, or None to keep that one."""
    error = context.sqlalchemy_exception
    if context.is_pre_ping:
        return None
    if _cannot_be_stored(context):
        return Invalid("A value is too large, too long or of the wrong form to be stored.")
    if isinstance(error, IntegrityError):
        named = CONSTRAINTS.get(broken_constraint(error) or "")
        return named() if named else None
    if error is not None and _is_unavailable(error, context.original_exception, context.dialect.name):
        return unavailable()
    return None


def broken_constraint(error: IntegrityError) -> str | None:
    """The name of the broken constraint. SQLite names its columns instead, and for foreign keys nothing at all."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name)
    found = _SQLITE_UNIQUE.search(str(error.orig))
    if found is None:
        return None
    table, columns = "", []
    for qualified in found.group(1).split(", "):
        table, _, column = qualified.partition(".")
        columns.append(column)
    return f"pk_{table}" if columns == ["id"] else f"uq_{table}_{'_'.join(columns)}"


def _cannot_be_stored(context: ExceptionContext) -> bool:
    """Whether a value, not the database, is at fault. Some never get past the driver."""
    original = context.original_exception
    # PostgreSQL's class 54 says that a limit of its own was passed, such as the length of an indexed text.
    too_long = str(getattr(original, "sqlstate", "")).startswith("54")
    return too_long or isinstance(
        context.sqlalchemy_exception or original, DataError | OverflowError | UnicodeEncodeError
    )


def _is_unavailable(error: BaseException, original: BaseException, dialect: str) -> bool:
    if dialect == "sqlite":
        code = getattr(original, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in UNAVAILABLE
    return isinstance(error, OperationalError | InterfaceError)
