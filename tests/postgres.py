"""Databases of a test session's own on a PostgreSQL server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of a new database on the server that MARQUEE_TEST_POSTGRES names; it is dropped afterwards.

    Without a server the test is skipped, or fails where servers are required.
    """
    server = os.environ.get("MARQUEE_TEST_POSTGRES")
    if not server:
        reason = "MARQUEE_TEST_POSTGRES names no PostgreSQL server (postgresql+psycopg://user@host:5432/database)"
        if os.environ.get("MARQUEE_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    name = f"marquee_test_{uuid4().hex}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        administration.dispose()
