"""The bandit's arms in SQL, and the lists from whose engagements they are learnt."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Engine,
    Select,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from domain.bandit import Arm, ArmKey, context_of, reward_of
from domain.engagements import REWARDS, Action
from infrastructure.db.dialect import lift_time_limit, locked, upsert
from infrastructure.db.engine import connecting, reading, transaction
from infrastructure.db.tables import bandit_arms, engagements, impressions

#: the surface whose lists the engines compete for
SURFACE = "recommendations"

_lists = impressions.c
_arms = bandit_arms.c


class SqlBandit:
    """Implements `domain.ports.bandit.BanditStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self) -> Mapping[ArmKey, Arm]:
        statement = select(_arms.context, _arms.engine, _arms.pulls, _arms.reward_sum, _arms.square_sum)
        with connecting(reading(self._engine).connect) as connection:
            return {(row.context, row.engine): Arm(*row[2:]) for row in connection.execute(statement)}

    def engagements_since(self, since: datetime) -> int:
        joined = engagements.join(impressions, engagements.c.impression_id == _lists.id)
        statement = select(func.count()).select_from(joined).where(_lists.shown_at >= since, *_counts())
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            return connection.scalars(statement).one()

    def uncounted(self, since: datetime) -> Sequence[str]:
        changed = or_(_lists.credited.is_(None), _lists.credited != _earned())
        statement = select(_lists.id).where(_lists.shown_at >= since, *_counts(), changed)
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            return connection.scalars(statement).all()

    def count(self, ids: Sequence[str], at: datetime) -> int:
        with transaction(self._engine) as connection:
            credited = []
            credits: dict[ArmKey, Arm] = defaultdict(Arm)
            shown = connection.execute(_taken(ids)).all()
            actions = _actions(connection, [row.id for row in shown])
            for row in shown:
                reward = reward_of(actions[row.id])
                if reward != row.credited:
                    credits[context_of(row.applied_events), row.engine] += Arm.credit(reward, row.credited)
                    credited.append({"list": row.id, "reward": reward})
            if credited:
                remembered = update(impressions).where(_lists.id == bindparam("list"))
                connection.execute(remembered.values(credited=bindparam("reward")), credited)
                _add(connection, credits, at)
        return len(credited)


def _counts() -> tuple[ColumnElement[bool], ...]:
    """Which lists count. Whoever has not consented to be learned from stands as nobody in the log."""
    return (_lists.surface == SURFACE, _lists.user_id.is_not(None), _lists.experiment_id.is_(None))


def _earned() -> ColumnElement[float]:
    """What `reward_of` says of a list, as the database sees it."""
    worth = case(*((engagements.c.action == action, literal(REWARDS[action], Double)) for action in Action))
    greatest = select(func.max(worth)).where(engagements.c.impression_id == _lists.id).scalar_subquery()
    return func.coalesce(greatest, literal(0.0, Double))


def _taken(ids: Sequence[str]) -> Select[tuple[str, str, int, float | None]]:
    """The lists, kept from everybody who would count them too; one that is being erased is left out, not waited for."""
    statement = select(_lists.id, _lists.engine, _lists.applied_events, _lists.credited)
    return locked(statement.where(_lists.id.in_(ids), *_counts()).order_by(_lists.id), skip=True)


def _actions(connection: Connection, ids: Sequence[str]) -> Mapping[str, list[Action]]:
    """What was done with each list. Read once the lists are locked, so that what another update saw is seen too."""
    done = engagements.c
    found: dict[str, list[Action]] = defaultdict(list)
    for row in connection.execute(
        select(done.impression_id, done.action).where(done.impression_id.in_(ids)).distinct()
    ):
        found[row.impression_id].append(row.action)
    return found


def _add(connection: Connection, credits: Mapping[ArmKey, Arm], at: datetime) -> None:
    """Add to the arms, in one order for everybody, so that nobody waits in a circle."""
    insert = upsert(bandit_arms, connection.dialect.name)
    sums = ("pulls", "reward_sum", "square_sum")
    statement = insert.on_conflict_do_update(
        index_elements=[_arms.context, _arms.engine],
        set_={name: _arms[name] + insert.excluded[name] for name in sums} | {"updated_at": insert.excluded.updated_at},
    )
    rows = [
        {"context": context, "engine": engine, "updated_at": at}
        | {name: getattr(credits[context, engine], name) for name in sums}
        for context, engine in sorted(credits)
    ]
    connection.execute(statement, rows)
