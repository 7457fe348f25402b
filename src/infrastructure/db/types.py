"""Column types that give the same values on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, Text, TypeDecorator

#: SQLite generates ids for a column of the type INTEGER alone, which holds 64 bits there
BigId = BigInteger().with_variant(Integer(), "sqlite")

#: sorted by code point on both databases, whatever the locale of a PostgreSQL server
FoldedText = Text().with_variant(Text(collation="C"), "postgresql")


def names_of(members: type[StrEnum]) -> Enum:
    """A column that holds the values of an enumeration as text."""
    return Enum(
        members,
        name=members.__name__.lower(),
        native_enum=False,
        length=16,
        values_callable=lambda enum: [member.value for member in enum],
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC on the way in and on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must say its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps no time zone; what was written is UTC.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, kept as a JSON array."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str]:
        return list(value or ())

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())
