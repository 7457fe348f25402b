"""PostgreSQL, through psycopg."""

import math

import orjson
from sqlalchemy import URL, Engine, create_engine

from infrastructure.db.dialect import to_json


def postgresql_engine(url: URL, pool_size: int, timeout_s: float) -> Engine:
    """An engine that tests an idle connection before it is used, and on which no wait and no statement is endless."""
    milliseconds = math.ceil(timeout_s * 1000)
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_timeout=timeout_s,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": math.ceil(timeout_s),
            # A server that vanished without a word is noticed by the data it does not acknowledge.
            "tcp_user_timeout": milliseconds,
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} -c timezone=UTC",
        },
        hide_parameters=True,  # what people wrote must not stand in a traceback
        json_serializer=to_json,
        json_deserializer=orjson.loads,
    )
