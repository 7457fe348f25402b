"""Tracing an item: how far it comes on its way into the lists of people who were here lately."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from application.measuring import Counts
from application.recommending import ServingRules
from domain.errors import UserNotFound
from domain.items import Item, ItemFilter, Kind
from domain.lineup import AUTO, Lineup
from domain.measuring import DAYS, ItemTally
from domain.ports.learning import Lineups
from domain.ports.storage import UnitOfWorkFactory, UserStates
from domain.recommendation import Context, UserState

#: the users whose lists are looked into, and the length of those
USERS, PLACES = 25, 10


@dataclass(frozen=True)
class ItemPath:
    """Of the lists that the last `users` would get now, how many the item gets how far into.

    It is `filtered` where it was seen already or its genre is muted, `not_retrieved` where no generator proposes it,
    `ranked_out` where others rank above it, and `shown` otherwise. `sources` counts the generators that propose it.
    """

    users: int = 0
    filtered: int = 0
    not_retrieved: int = 0
    ranked_out: int = 0
    shown: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)

    @property
    def retrieved(self) -> int:
        return self.users - self.filtered - self.not_retrieved


@dataclass(frozen=True)
class ItemReport:
    """What became of an item where it was shown, and how far it would come now."""

    item: Item
    tally: ItemTally
    path: ItemPath


@dataclass(frozen=True)
class ShowItemAnalytics:
    """One item's path. Raises `ItemNotFound`.

    What was not shown is in no log, so retrieving, filtering and ranking are done anew, by the line-up that serves now,
    for those to whom lists were shown last. Nobody is shown these lists, and they are not logged.
    """

    counts: Counts
    unit_of_work: UnitOfWorkFactory
    states: UserStates
    lineups: Lineups
    rules: ServingRules

    def __call__(self, item_id: int, days: int = DAYS) -> ItemReport:
        with self.unit_of_work() as work:
            item = work.items.get(item_id)
        period = self.counts.last_days(days)
        analytics = self.counts.of(period)
        tally = analytics.items(period, [item_id]).get(item_id, ItemTally())
        return ItemReport(item, tally, self._path(item_id, item.kind))

    def _path(self, item_id: int, kind: Kind) -> ItemPath:
        lineup = self.lineups.current(self.states.catalogue_revision())
        position = int(lineup.catalogue.positions(np.array([item_id], dtype=np.int64))[0])
        if position < 0:
            return ItemPath()
        stages: Counter[str] = Counter()
        sources: Counter[str] = Counter()
        for user_id in self.counts.analytics.recent_users(USERS):
            try:
                state = self.states.read(user_id)
            except UserNotFound:
                continue  # erased since
            stage, proposed_by = self._follow(lineup, state, kind, position)
            stages[stage] += 1
            sources.update(proposed_by)
        return ItemPath(users=stages.total(), sources=dict(sources), **stages)

    def _follow(self, lineup: Lineup, state: UserState, kind: Kind, position: int) -> tuple[str, list[str]]:
        """How far the item comes in this user's list, and which generators propose it."""
        context = Context.of(lineup.catalogue, state, ItemFilter(kind=kind), self.rules.liked_from)
        if not context.eligible[position]:
            return "filtered", []
        pipeline = lineup.choose(AUTO, state, self.rules.min_interactions)
        proposals = pipeline.proposals(context, PLACES)
        proposed_by = [name for name, candidates in proposals.items() if position in candidates.positions]
        ranking = pipeline(context, PLACES, taste=state.taste, explain=False)
        if position in ranking.positions:
            return "shown", proposed_by
        return ("ranked_out" if proposed_by else "not_retrieved"), proposed_by
