"""What the log holds of an experiment, counted by the database: what goes out of it is one row for each user."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Double, Engine, Integer, Select, and_, case, cast, func, literal, select

from domain.engagements import REWARDS, Action, FeedbackKind
from domain.experiments import Experiment, Variant
from domain.interleaving import team_of_source
from domain.outcomes import CLICKED, COLUMNS, FALLBACKS, LISTS, PLACES, REWARD, WANTED, Outcomes
from infrastructure.db.dialect import lift_time_limit
from infrastructure.db.engine import transaction
from infrastructure.db.tables import engagements, feedback, impressions

_lists, _done = impressions.c, engagements.c
#: what each action is worth
_WORTH = case(*((_done.action == action, literal(REWARDS[action], Double)) for action in Action), else_=0.0)
#: feedback that is counted for users of an experiment, from the first list that it showed them on
_COUNTED = (FeedbackKind.SKIP, FeedbackKind.DISLIKE)


class SqlExperimentOutcomes:
    """Implements `domain.ports.experiments.ExperimentOutcomes`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, experiment: Experiment) -> Outcomes:
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            rows = connection.execute(_per_user(experiment.id)).all()
            if not rows:
                return Outcomes.empty()
            counted = _feedback(connection, experiment)
        users = np.array([row.user_id for row in rows], dtype=np.int64)
        columns = {
            name: np.array([getattr(row, name) for row in rows], dtype=np.float64)
            for name in COLUMNS
            if name not in _COUNTED
        }
        for kind in _COUNTED:
            columns[kind.value] = np.array([counted.get((user, kind), 0) for user in users.tolist()], dtype=np.float64)
        return Outcomes(np.array([row.variant for row in rows], dtype=np.str_), users, columns)

    def credits(self, experiment: Experiment, variant: Variant) -> NDArray[np.float64]:
        teams = variant.overrides.interleave or ()
        credited: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            for user_id, places, item_id, worth in connection.execute(_taken_up(experiment, variant)):
                team = team_of_source(_source_of(places, item_id), teams)
                if team is not None:
                    credited[user_id][team] += worth
        return np.array(list(credited.values()), dtype=np.float64).reshape(-1, 2)


def _of_experiment(experiment_id: str) -> tuple[Any, ...]:
    """Lists of the experiment. Those of users who have taken their consent back are nobody's, and not among them."""
    return (_lists.experiment_id == experiment_id, _lists.user_id.is_not(None))


def _per_list(experiment_id: str) -> Select[Any]:
    """Each list with what came of it: 1 for each action that some item got, clicked places, the greatest reward."""
    clicked = case((_done.action == Action.CLICK, _done.item_id))
    got = [func.max(case((_done.action == action, 1), else_=0)).label(action.value) for action in Action]
    return (
        select(
            _lists.user_id,
            _lists.variant,
            func.json_array_length(_lists["items"]).label(PLACES),
            _lists.k.label(WANTED),
            cast(_lists.fallback_used, Integer).label(FALLBACKS),
            func.count(clicked.distinct()).label(CLICKED),
            func.coalesce(func.max(_WORTH), 0.0).label(REWARD),
            *got,
        )
        .select_from(impressions.outerjoin(engagements, _done.impression_id == _lists.id))
        .where(*_of_experiment(experiment_id))
        .group_by(_lists.id)
    )


def _per_user(experiment_id: str) -> Select[Any]:
    each = _per_list(experiment_id).subquery("each")
    sums = [func.sum(each.c[name]).label(name) for name in COLUMNS if name in each.c]
    columns = (each.c.user_id, each.c.variant, func.count().label(LISTS), *sums)
    return select(*columns).group_by(each.c.user_id, each.c.variant).order_by(each.c.user_id)


def _feedback(connection: Connection, experiment: Experiment) -> dict[tuple[int, FeedbackKind], int]:
    """How often each user gave feedback of the kinds that count, while they were in the experiment."""
    first = (
        select(_lists.user_id, func.min(_lists.shown_at).label("since"))
        .where(*_of_experiment(experiment.id))
        .group_by(_lists.user_id)
        .subquery("first")
    )
    said = feedback.c
    within = and_(said.user_id == first.c.user_id, said.occurred_at >= first.c.since, said.feedback.in_(_COUNTED))
    if experiment.ends_at is not None:
        within = and_(within, said.occurred_at < experiment.ends_at)
    statement = select(said.user_id, said.feedback, func.count()).join_from(first, feedback, within)
    rows = connection.execute(statement.group_by(said.user_id, said.feedback))
    return {(user_id, kind): count for user_id, kind, count in rows}


def _taken_up(experiment: Experiment, variant: Variant) -> Select[Any]:
    """User, places of the list, item and what it is worth: one row for each place that was taken up."""
    metric = experiment.success_metric
    actions = list(Action) if metric == REWARD else [Action.CLICK if metric == "ctr" else Action(metric)]
    best = (
        select(_done.impression_id, _done.item_id, func.max(_WORTH).label("worth"))
        .where(_done.action.in_(actions))
        .group_by(_done.impression_id, _done.item_id)
        .subquery("best")
    )
    worth = best.c.worth if metric == REWARD else literal(1.0, Double)
    return (
        select(_lists.user_id, _lists["items"], best.c.item_id, worth)
        .join_from(impressions, best, best.c.impression_id == _lists.id)
        .where(*_of_experiment(experiment.id), _lists.variant == variant.name)
    )


def _source_of(places: Sequence[Sequence[Any]], item_id: int) -> str:
    return next((str(source) for item, _, _, source, _ in places if item == item_id), "")
