import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from infrastructure.db.engine import make_engine
from infrastructure.db.migrating import (
    current_revision,
    downgrade,
    migrate,
    migrations_folder,
    newest_revision,
    schema_changes,
)
from infrastructure.db.tables import metadata
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from tests.integration.db.samples import at_once, count, film, person, store

ROOT = Path(__file__).parents[3]


@pytest.fixture
def fresh_sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'fresh.db'}"


@pytest.fixture
def fresh_postgres_url(migrated_postgres_url):
    """The session's database without any table; it is migrated again for the tests that follow."""
    engine = make_engine(migrated_postgres_url)
    downgrade(engine, "base")
    yield migrated_postgres_url
    downgrade(engine, "base")
    migrate(engine)
    engine.dispose()


@pytest.fixture(params=["fresh_sqlite_url", pytest.param("fresh_postgres_url", marks=pytest.mark.postgres)])
def fresh_url(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def fresh(fresh_url):
    engine = make_engine(fresh_url)
    yield engine
    engine.dispose()


def table_names(engine):
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again(fresh):
    assert current_revision(fresh) is None
    migrate(fresh)
    assert current_revision(fresh) == newest_revision()
    assert table_names(fresh) == set(metadata.tables)
    downgrade(fresh, "base")
    assert current_revision(fresh) is None and table_names(fresh) == set()
    migrate(fresh)
    store(SqlUnitsOfWork(fresh), users=[person()], items=[film()])
    assert table_names(fresh) == set(metadata.tables)


def test_the_migrations_lead_to_the_tables_as_the_code_knows_them(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_a_migrated_database_changes_nothing(engine, work):
    store(work, users=[person()])
    migrate(engine)
    assert count(engine, metadata.tables["users"]) == 1


def test_several_processes_may_migrate_at_once(fresh, fresh_url):
    engines = [make_engine(fresh_url) for _ in range(3)]
    with ExitStack() as stack:
        for engine in engines:
            stack.callback(engine.dispose)
        assert at_once(*(lambda engine=engine: migrate(engine) for engine in engines)) == [None] * 3
    assert current_revision(fresh) == newest_revision()


def test_a_migration_waits_for_another_longer_than_a_request_would(fresh_sqlite_url):
    slow, hasty = make_engine(fresh_sqlite_url), make_engine(fresh_sqlite_url, timeout_s=0.05)
    with ThreadPoolExecutor() as pool:
        with schema_changes(slow) as connection:
            connection.execute(text("CREATE TABLE there_first (id INTEGER)"))
            waiting = pool.submit(migrate, hasty)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        waiting.result(timeout=20)
    assert "there_first" in table_names(hasty)


def test_a_migration_that_fails_leaves_nothing_behind(fresh):
    with pytest.raises(RuntimeError, match="half way"), schema_changes(fresh) as connection:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError("half way")
    assert table_names(fresh) == set()


def test_a_migration_that_would_break_references_is_refused(sqlite_engine):
    store(SqlUnitsOfWork(sqlite_engine), users=[person()], items=[film()], ratings=[(1, 1, 4.0, 1)])
    with pytest.raises(RuntimeError, match="refer to nothing"), schema_changes(sqlite_engine) as connection:
        connection.execute(text("DELETE FROM items"))
    assert count(sqlite_engine, metadata.tables["items"]) == 1
    with sqlite_engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_alembic_can_be_called_by_hand(fresh, fresh_url):
    def alembic(*arguments):
        command = [sys.executable, "-m", "alembic", "-x", f"url={fresh_url}", *arguments]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)

    alembic("upgrade", "head")
    assert current_revision(fresh) == newest_revision()
    assert "No new upgrade operations detected" in alembic("check").stdout
    alembic("downgrade", "base")
    assert table_names(fresh) == set()


def test_an_installed_package_brings_its_own_migrations(tmp_path, monkeypatch):
    assert migrations_folder() == ROOT / "migrations"
    installed = tmp_path / "infrastructure" / "db"
    (installed / "migrations").mkdir(parents=True)
    monkeypatch.setattr("infrastructure.db.migrating.__file__", str(installed / "migrating.py"))
    assert migrations_folder() == installed / "migrations"
