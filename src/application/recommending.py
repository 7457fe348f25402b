"""Recommendations: for a user, for a stranger, and like a given title. Every list is logged before it is returned."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from application.steering import Direction, Steering, SteerInTurn
from domain import repeating
from domain.errors import Invalid, InvalidToken, ItemNotFound, UserNotFound
from domain.events import LIKED_FROM, History
from domain.impressions import Impression, ShownItem
from domain.interleaving import interleaved
from domain.items import ItemFilter
from domain.lineup import AUTO, Lineup
from domain.pipeline import Ranking
from domain.ports.learning import Lineups
from domain.ports.recommending import RankingCache
from domain.ports.services import Clock, IdSource
from domain.ports.storage import EventLog, ItemReader, UserStates
from domain.recommendation import (
    Context,
    ListMetadata,
    Reason,
    RecommendationList,
    RecommendationRequest,
    UserState,
)
from domain.users import Demographics, Principal

HOUR = 3_600
#: how many titles exploration draws from
LITTLE_KNOWN = 100


@dataclass(frozen=True)
class ServingRules:
    """How lists are made, by configuration.

    Ratings from `liked_from` on count as liked; `auto` uses the trained engines from `min_interactions` ratings on.
    `exploration` is the share of a user's places that goes to titles drawn from the little-known ones.
    """

    liked_from: float = LIKED_FROM
    min_interactions: int = 5
    default_engine: str = AUTO
    exploration: float = 0.0


@dataclass(frozen=True)
class ShowRanking:
    """Turn what a pipeline chose into a list that is in the log, durably, before anybody sees it."""

    items: ItemReader
    log: EventLog
    clock: Clock
    ids: IdSource

    def __call__(
        self,
        ranking: Ranking,
        lineup: Lineup,
        state: UserState,
        direction: Direction,
        surface: str,
        fallback_used: bool = False,
    ) -> RecommendationList:
        request = direction.request
        recommendations = ranking.recommendations(lineup.catalogue)
        impression = Impression(
            id=self.ids.new(),
            user_id=state.user_id if state.consent else None,
            surface=surface,
            engine=ranking.engine,
            model_version=ranking.model_version,
            shown_at=self.clock.now(),
            items=tuple(ShownItem.of(recommendation) for recommendation in recommendations),
            k=request.k,
            fallback_used=fallback_used or ranking.fallback_used,
            applied_events=len(state.history),
            platform=request.platform,
            experiment_id=direction.experiment_id,
            variant=direction.variant,
            engine_probability=direction.engine_probability,
            generators=ranking.generators,
        )
        items = self.items.read([shown.item_id for shown in recommendations], lineup.catalogue.revision)
        self.log.append(impression)
        return RecommendationList(
            impression_id=impression.id,
            user_id=state.user_id,
            engine=impression.engine,
            model_version=impression.model_version,
            fallback_used=impression.fallback_used,
            applied_events=impression.applied_events,
            recommendations=recommendations,
            items=dict(items),
            metadata=_metadata(ranking, direction),
        )


def _metadata(ranking: Ranking, direction: Direction) -> ListMetadata:
    return ListMetadata(
        k=direction.request.k,
        requested_engine=direction.asked or direction.request.engine,
        generators=ranking.generators,
        weights=dict(ranking.weights),
        experiment=direction.experiment_id,
        variant=direction.variant,
    )


@dataclass(frozen=True)
class Recommend:
    """The best items for a user, every event up to this moment applied: nothing already rated, unless its kind repeats.

    A user of whom nothing is known gets what is popular, flagged `fallback_used`. Raises `EngineUnavailable`, and
    `InvalidToken` when the account has been erased since the token was issued.
    """

    states: UserStates
    lineups: Lineups
    show: ShowRanking
    rules: ServingRules
    rankings: RankingCache
    random: np.random.Generator
    steer: Steering = field(default_factory=SteerInTurn)

    def __call__(
        self, principal: Principal, request: RecommendationRequest, surface: str = "recommendations"
    ) -> RecommendationList:
        try:
            return self._recommend(principal.user_id, request, surface)
        except UserNotFound as gone:
            # Before the first read, or by the time the impression was to be stored.
            raise InvalidToken("The account of this token no longer exists.") from gone

    def _recommend(self, user_id: int, request: RecommendationRequest, surface: str) -> RecommendationList:
        state = self.states.read(user_id)
        lineup = self.lineups.current(state.catalogue_revision)
        direction = self.steer(state, Direction(request, asked=request.engine), lineup)
        stands_in = direction.request.engine == AUTO and state.is_unknown
        exploration = self.rules.exploration if direction.exploration is None else direction.exploration
        if direction.interleave is not None:
            # Neither team has chosen what chance has, so it would blur the comparison.
            exploration = 0.0
            ranking = self._drafted(lineup, state, direction, direction.interleave)
        else:
            ranking = self._ranking(lineup, state, direction, exploration > 0)
        if exploration > 0:
            # Only now: a remembered ranking must not bring the same chance again.
            ranking = ranking.explored(exploration, self.random, request.explain)
        return self.show(ranking, lineup, state, direction, surface, fallback_used=stands_in)

    def _drafted(self, lineup: Lineup, state: UserState, direction: Direction, teams: tuple[str, str]) -> Ranking:
        """A list that two engines make between them. What each ranked is remembered; how the draft went is not."""
        asked = [replace(direction, request=replace(direction.request, engine=team)) for team in teams]
        first, second = (self._ranking(lineup, state, one, exploring=False) for one in asked)
        return interleaved(teams, (first, second), direction.request.k, self.random)

    def _ranking(self, lineup: Lineup, state: UserState, direction: Direction, exploring: bool) -> Ranking:
        """What the engine chooses. The state was read just now, so a remembered ranking has used every event too."""
        request = direction.request
        least = self.rules.min_interactions if direction.min_interactions is None else direction.min_interactions
        as_of = self._as_of(state.history, request.wanted, lineup.asks_when)
        since = None if as_of is None else as_of - state.history.last_time
        key = (lineup.identity, state.fingerprint, request, least, direction.weights, exploring, since)
        ranking = self.rankings.find(key)
        if ranking is None:
            pipeline = lineup.choose(request.engine, state, least).weighted(dict(direction.weights))
            context = Context.of(lineup.catalogue, state, request.wanted, self.rules.liked_from, as_of)
            ranking = pipeline(context, request.k, request.diversity, state.taste, request.explain)
            if exploring:
                ranking = replace(ranking, little_known=context.little_known(ranking.positions, LITTLE_KNOWN))
            if not ranking.degraded:
                self.rankings.keep(key, ranking)
        return ranking

    def _as_of(self, history: History, wanted: ItemFilter, asks_when: bool) -> int | None:
        """The present moment where it matters: where items may come back, or an engine asks.

        It is rounded to whole hours since the last event; for an engine that asks, by halves within the first hour.
        Less would change no list to speak of, and leave nothing to remember a ranking by.
        """
        if not len(history) or not (asks_when or repeating.may_repeat(wanted.kind)):
            return None
        since = max(0, int(self.show.clock.now().timestamp()) - history.last_time)
        if asks_when and since < HOUR:
            return history.last_time + (1 << (since + 1).bit_length() - 1) - 1
        return history.last_time + since // HOUR * HOUR


@dataclass(frozen=True)
class Stranger:
    """What somebody without an account tells: ratings, genres they like, and who they are."""

    history: History = field(default_factory=History.empty)
    favourite_genres: frozenset[str] = frozenset()
    demographics: Demographics = field(default_factory=Demographics)


@dataclass(frozen=True)
class RecommendToStranger:
    """A list for somebody the system has never met; with nothing at all to go by, what is popular, flagged.

    Raises `ItemNotFound` for a rating of an item that does not exist.
    """

    states: UserStates
    lineups: Lineups
    show: ShowRanking
    rules: ServingRules

    def __call__(
        self, stranger: Stranger, request: RecommendationRequest, surface: str = "cold-start"
    ) -> RecommendationList:
        revision = self.states.catalogue_revision()
        lineup = self.lineups.current(revision)
        unknown = stranger.history.item_ids[lineup.catalogue.positions(stranger.history.item_ids) < 0]
        if len(unknown):
            raise ItemNotFound(int(unknown[0]))
        state = UserState(
            user_id=None,
            history=stranger.history,
            demographics=stranger.demographics,
            favourite_genres=lineup.catalogue.spelt_as_here(stranger.favourite_genres),
            catalogue_revision=revision,
        )
        pipeline = lineup.choose(request.engine, state, self.rules.min_interactions)
        context = Context.of(lineup.catalogue, state, request.wanted, self.rules.liked_from)
        ranking = pipeline(context, request.k, request.diversity, state.taste, request.explain)
        return self.show(ranking, lineup, state, Direction(request), surface, fallback_used=state.is_unknown)


@dataclass(frozen=True)
class RecommendSimilar:
    """Items like a given one: by who rated them (`use_cf`), by what they are (`use_cb`), or both; never itself.

    Raises `ItemNotFound`, `Invalid`.
    """

    states: UserStates
    lineups: Lineups
    show: ShowRanking
    rules: ServingRules

    def __call__(
        self, item_id: int, request: RecommendationRequest, use_cf: bool = True, use_cb: bool = True
    ) -> RecommendationList:
        if not use_cf and not use_cb:
            raise Invalid("At least one of use_cf and use_cb must be on.")
        lineup = self.lineups.current(self.states.catalogue_revision())
        catalogue = lineup.catalogue
        position = int(catalogue.positions(np.array([item_id], dtype=np.int64))[0])
        if position < 0:
            raise ItemNotFound(item_id)
        eligible = catalogue.kinds == catalogue.kinds[position]
        eligible[position] = False
        ranking = similar_to(lineup, position, eligible, request.k, use_cf, use_cb)
        stranger = UserState(user_id=None, history=History.empty())
        return self.show(ranking, lineup, stranger, Direction(replace(request, engine="similar")), "similar")


def similar_to(
    lineup: Lineup, position: int, eligible: NDArray[np.bool_], k: int, use_cf: bool = True, use_cb: bool = True
) -> Ranking:
    """The `k` eligible items most like the one at `position`, each for the reason that it is."""
    found = lineup.similar(position, eligible, k, use_cf, use_cb)
    item_id = int(lineup.catalogue.ids[position])
    reason = Reason("similar", f"Similar to *{lineup.catalogue.titles[position]}*", (item_id,))
    return Ranking(
        engine="similar",
        positions=found.positions,
        scores=found.scores,
        sources=found.sources,
        reasons=(reason,) * len(found),
        generators={source: found.sources.count(source) for source in set(found.sources)},
        fallback_used=False,
    )


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can serve now, on which model version, and the figures it was published with."""

    name: str
    ready: bool
    model_version: str | None
    metrics: dict[str, float]


@dataclass(frozen=True)
class ListEngines:
    """Every engine there is."""

    states: UserStates
    lineups: Lineups

    def __call__(self) -> Sequence[EngineStatus]:
        lineup = self.lineups.current(self.states.catalogue_revision())
        return [self._status(lineup, engine) for engine in (AUTO, *lineup.engines)]

    def _status(self, lineup: Lineup, engine: str) -> EngineStatus:
        pipeline = lineup.pipelines.get(engine)
        return EngineStatus(
            name=engine,
            ready=engine == AUTO or pipeline is not None,
            model_version=pipeline.model_version if pipeline else None,
            metrics=lineup.model.test_figures(engine) if lineup.model else {},
        )
