"""One transaction over all repositories."""

from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

import infrastructure.db.mapping  # noqa: F401  (maps the entities)
from domain.engagements import Engagement, Feedback
from infrastructure.db.engagements import SqlEvents, sql_engagements, sql_feedback
from infrastructure.db.engine import connecting
from infrastructure.db.experiments import SqlExperiments
from infrastructure.db.impressions import SqlImpressions
from infrastructure.db.items import SqlItems
from infrastructure.db.ratings import SqlRatings
from infrastructure.db.refresh_tokens import SqlRefreshTokens
from infrastructure.db.users import SqlUsers


class SqlUnitOfWork:
    """A session with its repositories. What was not committed when the block is left is undone.

    Entities outlive the block: they are not expired by a commit. Raises `StorageUnavailable` when no connection can
    be had.
    """

    users: SqlUsers
    items: SqlItems
    ratings: SqlRatings
    impressions: SqlImpressions
    engagements: SqlEvents[Engagement]
    feedback: SqlEvents[Feedback]
    experiments: SqlExperiments
    refresh_tokens: SqlRefreshTokens

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        self._session = Session(self._engine, expire_on_commit=False)
        connecting(self._session.connection)
        self.users = SqlUsers(self._session)
        self.items = SqlItems(self._session)
        self.ratings = SqlRatings(self._session)
        self.impressions = SqlImpressions(self._session)
        self.engagements = sql_engagements(self._session)
        self.feedback = sql_feedback(self._session)
        self.experiments = SqlExperiments(self._session)
        self.refresh_tokens = SqlRefreshTokens(self._session)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def commit(self) -> None:
        self._session.commit()


class SqlUnitsOfWork:
    """Opens units of work on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._engine)
