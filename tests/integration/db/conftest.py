"""Every test that asks for `engine` runs on SQLite and on PostgreSQL: one contract for both."""

import shutil

import pytest
from sqlalchemy import text

from infrastructure.db.engine import make_engine
from infrastructure.db.migrating import migrate
from infrastructure.db.tables import metadata
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from tests.postgres import own_database


@pytest.fixture(scope="session")
def postgres_url():
    """A database of this session's own."""
    with own_database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres_url):
    engine = make_engine(postgres_url)
    migrate(engine)
    engine.dispose()
    return postgres_url


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("migrated") / "marquee.db"
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite_file, tmp_path):
    shutil.copy(migrated_sqlite_file, tmp_path / "marquee.db")
    return f"sqlite:///{tmp_path / 'marquee.db'}"


@pytest.fixture
def emptied_postgres_url(migrated_postgres_url):
    engine = make_engine(migrated_postgres_url)
    with engine.begin() as connection:
        # Ten times as fast as TRUNCATE, which makes new files for every table and index.
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for name in ("users", "items", "ratings"):
            connection.execute(text(f"ALTER SEQUENCE {name}_id_seq RESTART"))
    engine.dispose()
    return migrated_postgres_url


@pytest.fixture(params=["sqlite_url", pytest.param("emptied_postgres_url", marks=pytest.mark.postgres)])
def database_url(request):
    """An empty, migrated database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def engine(database_url):
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url):
    engine = make_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def work(engine):
    """Opens units of work."""
    return SqlUnitsOfWork(engine)
