"""One page of a statement, and the number of rows that there are in all."""

from typing import Any, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from domain.paging import PageRequest
from infrastructure.db.keys import ID_MAX

S = TypeVar("S", bound=Select[Any])


def window(statement: S, page: PageRequest) -> S:
    """The rows of one page. A page so far out that no database can count to it is empty, like any beyond the last."""
    return statement.limit(page.size).offset(min(page.offset, ID_MAX))


def count_of(session: Session, statement: Select[Any]) -> int:
    """The number of rows that the statement has without a window."""
    counted = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return session.scalar(counted) or 0
