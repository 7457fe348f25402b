"""What Alembic runs. Marquee hands over its own connection; by hand, `alembic -x url=… upgrade head` makes one."""

import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection

from infrastructure.db.engine import make_engine
from infrastructure.db.migrating import schema_changes
from infrastructure.db.tables import metadata


def run(connection: Connection) -> None:
    """Run the migrations asked for on a connection whose transaction somebody else ends."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite cannot alter most of a table: Alembic makes a new one and copies.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_by_hand() -> None:
    """Connect to the URL given with `-x url=…`, in the environment or in alembic.ini, in this order."""
    config = context.config
    if config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    given = context.get_x_argument(as_dictionary=True).get("url")
    url = given or os.environ.get("MARQUEE_DATABASE__URL") or config.get_main_option("sqlalchemy.url")
    if url is None:
        raise SystemExit("Which database? Say it with -x url=…")
    engine = make_engine(url)
    with schema_changes(engine) as connection:
        run(connection)
    engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations run on a database; there is no offline mode.")
handed_over = context.config.attributes.get("connection")
if handed_over is None:
    run_by_hand()
else:
    run(handed_over)
