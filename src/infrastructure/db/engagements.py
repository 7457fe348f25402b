"""Engagements and feedback in SQL. They are written by the event log and read here."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Generic, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from domain.engagements import Engagement, Feedback
from domain.paging import Page, PageRequest
from infrastructure.db import tables
from infrastructure.db.counts import chunks
from infrastructure.db.paging import count_of, window

SomeEvent = TypeVar("SomeEvent", Engagement, Feedback)


class SqlEvents(Generic[SomeEvent]):
    """Events of one kind, of one session."""

    def __init__(self, session: Session, table: Table, kind: type[SomeEvent]) -> None:
        self._session, self._table = session, table
        self._kind: type[SomeEvent] = kind
        self._columns = [table.c[field.name] for field in fields(kind)]

    def find(self, ids: Sequence[str]) -> dict[str, SomeEvent]:
        found: dict[str, SomeEvent] = {}
        for part in chunks(set(ids)):
            rows = self._session.execute(select(*self._columns).where(self._table.c.id.in_(part)))
            found.update((row.id, self._kind(**row._mapping)) for row in rows)
        return found

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[SomeEvent]:
        statement = select(*self._columns)
        if user_id is not None:
            statement = statement.where(self._table.c.user_id == user_id)
        newest_first = statement.order_by(self._table.c.occurred_at.desc(), self._table.c.id.desc())
        rows = self._session.execute(window(newest_first, page))
        found = [self._kind(**row._mapping) for row in rows]
        return Page(found, page.page, page.size, count_of(self._session, statement))


def sql_engagements(session: Session) -> SqlEvents[Engagement]:
    """What was done with what was shown."""
    return SqlEvents(session, tables.engagements, Engagement)


def sql_feedback(session: Session) -> SqlEvents[Feedback]:
    """What was said of items."""
    return SqlEvents(session, tables.feedback, Feedback)
