"""Bringing a database to the present schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from infrastructure.db.dialect import (
    broken_foreign_keys,
    foreign_keys_off,
    lift_time_limit,
    lock_name,
    waiting_long,
)
from infrastructure.db.engine import connecting, reading


def migrations_folder() -> Path:
    """Where the migrations lie: beside this file once installed, at the root of a checkout."""
    here = Path(__file__).resolve()
    installed = here.parent / "migrations"
    return installed if installed.is_dir() else here.parents[3] / "migrations"


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision. A database that is there already is not even locked."""
    if current_revision(engine) == newest_revision():
        return
    with schema_changes(engine) as connection:
        command.upgrade(_config(connection), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to an earlier revision, or with "base" to nothing at all. What newer tables hold is lost."""
    with schema_changes(engine) as connection:
        command.downgrade(_config(connection), revision)


def current_revision(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with connecting(reading(engine).connect) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this release works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


@contextmanager
def schema_changes(engine: Engine) -> Iterator[Connection]:
    """A connection to change the schema on: one process at a time, and all or nothing."""
    with (
        connecting(engine.connect) as connection,
        foreign_keys_off(connection),
        waiting_long(connection),
        connection.begin(),
    ):
        lift_time_limit(connection)
        lock_name(connection, "schema")
        yield connection
        if broken := broken_foreign_keys(connection):
            raise RuntimeError(f"the migration would leave {broken} rows that refer to nothing")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
