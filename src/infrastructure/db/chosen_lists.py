"""Lists whose engine was chosen by chance, with what they have earned: what off-policy estimates are made of."""

import numpy as np
from sqlalchemy import Connection, Double, case, func, literal, select

from domain.engagements import REWARDS, Action
from domain.measuring import Period
from domain.ports.analytics import ChosenLists
from infrastructure.db.event_counts import within
from infrastructure.db.tables import engagements, impressions

#: the surface whose lists the engines compete for
SURFACE = "recommendations"

_lists, _done = impressions.c, engagements.c


def read_chosen_lists(connection: Connection, period: Period) -> ChosenLists:
    """Implements `domain.ports.analytics.Analytics.chosen_lists`."""
    worth = case(*((_done.action == action, literal(REWARDS[action], Double)) for action in Action))
    earned = select(func.max(worth)).where(_done.impression_id == _lists.id).scalar_subquery()
    statement = select(
        _lists.user_id, _lists.applied_events, _lists.engine, _lists.engine_probability, func.coalesce(earned, 0.0)
    ).where(
        within(_lists.shown_at, period.start, period.end),
        _lists.surface == SURFACE,
        _lists.engine_probability < 1.0,
        _lists.experiment_id.is_(None),
        _lists.user_id.is_not(None),
    )
    rows = connection.execute(statement.order_by(_lists.id)).all()
    users, lengths, engines, chances, rewards = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return ChosenLists(
        users=np.array(users, dtype=np.int64),
        lengths=np.array(lengths, dtype=np.int64),
        engines=np.array(engines, dtype=np.str_),
        chances=np.array(chances, dtype=np.float64),
        rewards=np.array(rewards, dtype=np.float64),
    )
