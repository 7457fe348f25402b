"""Offline evaluation: the engines that serve, asked for each user's last event, on the full catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain import metrics
from domain.events import History, Interactions
from domain.items import ItemFilter
from domain.lineup import Lineup
from domain.ports.services import Progress
from domain.recommendation import Context, UserState
from domain.users import Demographics

#: places that are ranked for each user; a target below them counts as not ranked
DEPTH = 100
LIST_LENGTH = 10


@dataclass(frozen=True, eq=False)
class EngineReport:
    """How one engine did. `ndcg` [u] is every user's own NDCG@10, for paired comparisons of engines."""

    engine: str
    users: int
    figures: Mapping[str, float]
    ndcg: NDArray[np.float64]
    interval: tuple[float, float]  # of the mean NDCG@10, 95 %


@dataclass(frozen=True)
class EvaluateEngines:
    """Rank the full catalogue for every user with one held-out event; what the user has already is left out.

    The engines run as they serve: the same pipelines, the same caps, the same choice behind `auto`. The line-up must
    not know the held-out events: build it on `Catalogue.counting` of the earlier ones.
    """

    progress: Progress
    liked_from: float
    min_interactions: int

    def __call__(
        self,
        lineup: Lineup,
        past: Interactions,
        held_out: Interactions,
        demographics: Mapping[int, Demographics],
        engines: Sequence[str],
        seed: int = 0,
    ) -> list[EngineReport]:
        """`past` is sorted by user and time; `held_out` has one event for each user that is asked about."""
        states = list(user_states(past, held_out, demographics))
        targets = lineup.catalogue.positions(held_out.item_ids)
        return [self._evaluate(engine, lineup, states, targets, seed) for engine in engines]

    def _evaluate(
        self, engine: str, lineup: Lineup, states: Sequence[UserState], targets: NDArray[np.int64], seed: int
    ) -> EngineReport:
        ranks = np.zeros(len(states), dtype=np.int64)
        lists = np.full((len(states), LIST_LENGTH), -1, dtype=np.int64)
        everything = ItemFilter(kind=None)
        for u, state in enumerate(self.progress.track(states, f"Evaluating {engine}", len(states))):
            pipeline = lineup.choose(engine, state, self.min_interactions)
            context = Context.of(lineup.catalogue, state, everything, self.liked_from)
            ranked = pipeline(context, DEPTH, explain=False).positions
            found = np.flatnonzero(ranked == targets[u])
            ranks[u] = found[0] + 1 if len(found) else 0
            lists[u, : min(LIST_LENGTH, len(ranked))] = ranked[:LIST_LENGTH]
        return self._report(engine, lineup, ranks, lists, seed)

    @staticmethod
    def _report(
        engine: str, lineup: Lineup, ranks: NDArray[np.int64], lists: NDArray[np.int64], seed: int
    ) -> EngineReport:
        counts = lineup.catalogue.rating_counts
        ndcg = metrics.ndcg(ranks, LIST_LENGTH)
        figures = {
            f"hr@{LIST_LENGTH}": float(metrics.hit(ranks, LIST_LENGTH).mean()),
            f"ndcg@{LIST_LENGTH}": float(ndcg.mean()),
            f"mrr@{DEPTH}": float(metrics.reciprocal_rank(ranks).mean()),
            f"coverage@{LIST_LENGTH}": metrics.coverage(lists, len(lineup.catalogue)),
            f"novelty@{LIST_LENGTH}": metrics.novelty(lists, counts / max(int(counts.sum()), 1)),
        }
        interval = metrics.bootstrap_interval(ndcg, np.random.default_rng(seed))
        return EngineReport(engine, len(ranks), figures, ndcg, interval)


def history_lengths(past: Interactions, held_out: Interactions) -> NDArray[np.int64]:
    """[u] how many events of `past`, sorted by user, each user of `held_out` has."""
    starts = np.searchsorted(past.user_ids, held_out.user_ids, side="left")
    ends = np.searchsorted(past.user_ids, held_out.user_ids, side="right")
    return ends - starts


def user_states(
    past: Interactions, held_out: Interactions, demographics: Mapping[int, Demographics]
) -> Sequence[UserState]:
    """What was known of each user of `held_out`, in its order, before the held-out event."""
    starts = np.searchsorted(past.user_ids, held_out.user_ids, side="left")
    ends = np.searchsorted(past.user_ids, held_out.user_ids, side="right")
    return [
        UserState(
            user_id=int(user_id),
            history=History(past.item_ids[start:end], past.ratings[start:end], past.timestamps[start:end]),
            demographics=demographics.get(int(user_id), Demographics()),
        )
        for user_id, start, end in zip(held_out.user_ids, starts, ends, strict=True)
    ]
