"""Offline evaluation: the engines that serve, asked for what users turned to next, on the full catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain import metrics
from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.items import ItemFilter
from domain.lineup import AUTO, COLD_START, Lineup
from domain.model_versions import ModelVersion
from domain.ports.learning import Lineups
from domain.ports.services import Progress
from domain.ports.storage import Catalogues, InteractionStore
from domain.recommendation import Context, UserState
from domain.splitting import Split, leave_last_out
from domain.users import Demographics

#: places that are ranked for each user; a target below them counts as not ranked
DEPTH = 100
LIST_LENGTH = 10


@dataclass(frozen=True, eq=False)
class Question:
    """One user as they were known at some time, and the items that they turned to after it.

    `asked_at`, in unix seconds, is for engines that are told the time of the request; the others make nothing of it.
    """

    state: UserState
    targets: NDArray[np.int64]  # [t] item ids
    left_out: frozenset[int] = frozenset()  # item ids that are not to be ranked, beside those of the history
    asked_at: int | None = None


@dataclass(frozen=True, eq=False)
class EngineReport:
    """How one engine did. `figures` are named as in docs/reference/measures.md.

    `ndcg` [u] is the NDCG@10 of every question, for paired comparisons of engines; where each user is asked about
    once, it is every user's.
    """

    engine: str
    users: int
    figures: Mapping[str, float]
    ndcg: NDArray[np.float64]
    interval: tuple[float, float]  # of the mean NDCG@10, 95 %
    lengths: NDArray[np.int64]  # [u] events in the history that each question was asked with


@dataclass(frozen=True)
class EvaluateEngines:
    """Rank the full catalogue for every user with held-out events; what the user has already is left out.

    The engines run as they serve: the same pipelines, the same caps, the same choice behind `auto`. The line-up must
    not know the held-out events: build it on `Catalogue.counting` of the earlier ones. `whose` they are is told beside
    their names while they run.
    """

    progress: Progress
    liked_from: float
    min_interactions: int
    whose: str = ""

    def __call__(
        self,
        lineup: Lineup,
        past: Interactions,
        held_out: Interactions,
        demographics: Mapping[int, Demographics],
        engines: Sequence[str],
        seed: int = 0,
    ) -> list[EngineReport]:
        """`past` is sorted by user and time; in `held_out` the events of a user stand together."""
        return self.ask(lineup, questions(past, held_out, demographics), engines, seed)

    def ask(
        self, lineup: Lineup, asked: Sequence[Question], engines: Sequence[str], seed: int = 0
    ) -> list[EngineReport]:
        """The same for questions of any kind."""
        judge = ListJudge.of(lineup.catalogue, asked)
        return [self._evaluate(engine, lineup, asked, judge, seed) for engine in engines]

    def _evaluate(
        self, engine: str, lineup: Lineup, asked: Sequence[Question], judge: "ListJudge", seed: int
    ) -> EngineReport:
        lists = np.full((len(asked), DEPTH), -1, dtype=np.int64)
        for u, question in enumerate(self.progress.track(asked, f"Evaluating {engine}{self.whose}", len(asked))):
            pipeline = lineup.choose(engine, question.state, self.min_interactions)
            wanted = ItemFilter(kind=None, exclude=question.left_out)
            context = Context.of(lineup.catalogue, question.state, wanted, self.liked_from)
            context = replace(context, as_of=question.asked_at)
            ranked = pipeline(context, DEPTH, explain=False).positions
            lists[u, : len(ranked)] = ranked
        figures, ndcg = judge(lists)
        interval = metrics.bootstrap_interval(ndcg, np.random.default_rng(seed))
        lengths = np.array([len(question.state.history) for question in asked], dtype=np.int64)
        return EngineReport(engine, len(asked), figures, ndcg, interval, lengths)


@dataclass(frozen=True, eq=False)
class ListJudge:
    """What lists are held against: the targets and the tastes of the users who are asked about."""

    catalogue: Catalogue
    targets: NDArray[np.int64]  # [u, t] positions, -1 for none and for items that the catalogue does not have
    wanted: NDArray[np.int64]  # [u] number of targets, in the catalogue or not
    shares: NDArray[np.float64]  # [n, G] each item's genres
    tastes: NDArray[np.float64]  # [u, G] the genres of each user's history, in numbers of items

    @classmethod
    def of(cls, catalogue: Catalogue, asked: Sequence[Question]) -> "ListJudge":
        wanted = np.array([len(question.targets) for question in asked], dtype=np.int64)
        targets = np.full((len(asked), wanted.max(initial=0)), -1, dtype=np.int64)
        shares = metrics.genre_shares(catalogue.genres)
        tastes = np.zeros((len(asked), shares.shape[1]))
        for u, question in enumerate(asked):
            targets[u, : wanted[u]] = catalogue.positions(question.targets)
            tastes[u] = shares[catalogue.known_positions(question.state.history.item_ids)].sum(axis=0)
        return cls(catalogue, targets, wanted, shares, tastes)

    def __call__(self, lists: NDArray[np.int64]) -> tuple[dict[str, float], NDArray[np.float64]]:
        """All figures of the ranked `lists` [u, DEPTH] of positions, and the NDCG [u] of each."""
        relevant, top = metrics.matches(lists, self.targets), lists[:, :LIST_LENGTH]
        ranks = metrics.first_rank(relevant)
        ndcg = metrics.ndcg_of_list(relevant, self.wanted, LIST_LENGTH)
        figures = {
            f"hr@{LIST_LENGTH}": _mean(metrics.hit(ranks, LIST_LENGTH)),
            f"ndcg@{LIST_LENGTH}": _mean(ndcg),
            f"precision@{LIST_LENGTH}": _mean(metrics.precision(relevant, LIST_LENGTH)),
            f"recall@{LIST_LENGTH}": _mean(metrics.recall(relevant, self.wanted, LIST_LENGTH)),
            f"map@{LIST_LENGTH}": _mean(metrics.average_precision(relevant, self.wanted, LIST_LENGTH)),
            f"mrr@{DEPTH}": _mean(metrics.reciprocal_rank(ranks)),
            f"mean_rank@{DEPTH}": metrics.mean_rank(ranks, DEPTH),
        }
        return {**figures, **self._beyond_accuracy(top)}, ndcg

    def _beyond_accuracy(self, lists: NDArray[np.int64]) -> dict[str, float]:
        counts = self.catalogue.rating_counts
        return {
            f"coverage@{LIST_LENGTH}": metrics.coverage(lists, len(self.catalogue)),
            f"diversity@{LIST_LENGTH}": _mean(metrics.diversity(lists, self.catalogue.genres)),
            f"novelty@{LIST_LENGTH}": metrics.novelty(lists, counts / max(int(counts.sum()), 1)),
            f"arp@{LIST_LENGTH}": _mean(metrics.average_popularity(lists, counts)),
            f"gini@{LIST_LENGTH}": metrics.gini(lists, len(self.catalogue)),
            f"miscalibration@{LIST_LENGTH}": _mean(metrics.miscalibration(lists, self.tastes, self.shares)),
        }


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Every user's last stored event as a test, and what may be known when it is asked for.

    The `catalogue` counts the ratings of the `past` alone, which are sorted by user and time.
    """

    catalogue: Catalogue
    past: Interactions
    test: Interactions
    people: Mapping[int, Demographics]  # by user id


@dataclass(frozen=True)
class EvaluateModel:
    """Judge the engines, with one model version or none, by every user's last stored event."""

    interactions: InteractionStore
    catalogues: Catalogues
    lineups: Lineups
    engines: EvaluateEngines

    def __call__(self, version: str | None, seed: int = 0) -> list[EngineReport]:
        return self.on(self.held_out(), version, seed)

    def held_out(self) -> HeldOut:
        """The test events as they are now."""
        split = leave_last_out(self.interactions.read().in_user_time_order())
        past = known_before_test(split)
        return HeldOut(self.catalogues.load().counting(past), past, split.test, self.interactions.demographics())

    def on(self, asked: HeldOut, version: str | None, seed: int = 0) -> list[EngineReport]:
        """Every engine but the cold start, `auto` last. Raises `ModelNotFound`, `ArtifactDamaged`."""
        lineup = self.lineups.of(version, asked.catalogue)
        names = [name for name in lineup.pipelines if name != COLD_START]
        return self.engines(lineup, asked.past, asked.test, asked.people, [*names, AUTO], seed)

    def auto_on(self, asked: HeldOut, version: str) -> EngineReport:
        """What `auto` alone reaches with a version. Raises `ModelNotFound`, `ArtifactDamaged`."""
        engines = replace(self.engines, whose=f" of {version}")
        lineup = self.lineups.of(version, asked.catalogue)
        (report,) = engines(lineup, asked.past, asked.test, asked.people, [AUTO])
        return report

    def on_validation(self, version: ModelVersion, split: Split, seed: int) -> list[EngineReport]:
        """The version's own engines, judged by the validation events with what came before them."""
        lineup = self.lineups.of(version.version, self.catalogues.load().counting(split.train))
        people = self.interactions.demographics()
        return self.engines(lineup, split.train, split.validation, people, version.engines, seed)


def known_before_test(split: Split) -> Interactions:
    """What a model may look back on when it is asked for the test events: training and validation together."""
    return split.train.joined(split.validation).in_user_time_order()


def questions(
    past: Interactions, held_out: Interactions, demographics: Mapping[int, Demographics]
) -> Sequence[Question]:
    """One question for each user of `held_out`, whose events of a user stand together: all of them are targets.

    It is asked at the time of the first.
    """
    first = np.ones(len(held_out), dtype=np.bool_)
    first[1:] = held_out.user_ids[1:] != held_out.user_ids[:-1]
    states = user_states(past, held_out.take(first), demographics)
    targets = np.split(held_out.item_ids, np.flatnonzero(first)[1:]) if len(held_out) else []
    times = held_out.timestamps[first].tolist()
    return [Question(state, items, asked_at=at) for state, items, at in zip(states, targets, times, strict=True)]


def questions_in_turn(
    past: Interactions, held_out: Interactions, demographics: Mapping[int, Demographics]
) -> Sequence[Question]:
    """One question for each event of `held_out`: it is the target, and all that came before it is known.

    Nothing of `past` is later than the user's held-out events. The questions are sorted by user, then time.
    """
    ordered = held_out.in_user_time_order()
    states = user_states(past.joined(ordered).in_user_time_order(), ordered, demographics)
    # How many events of the user, from this one on, are not known yet.
    ahead = np.searchsorted(ordered.user_ids, ordered.user_ids, side="right") - np.arange(len(ordered))
    return [
        Question(_before(state, len(state.history) - count), ordered.item_ids[row : row + 1], asked_at=at)
        for row, (state, count, at) in enumerate(zip(states, ahead.tolist(), ordered.timestamps.tolist(), strict=True))
    ]


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


def _before(state: UserState, count: int) -> UserState:
    """The user when they had the first `count` events of their history alone."""
    whole = state.history
    return replace(state, history=History(whole.item_ids[:count], whole.ratings[:count], whole.timestamps[:count]))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
