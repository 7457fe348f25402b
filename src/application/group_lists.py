"""One list for several people, with what each of them thinks of every title on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from application.recommending import ServingRules, ShowRanking
from application.steering import Direction
from domain.events import History
from domain.grouping import STRATEGIES, satisfactions
from domain.lineup import Lineup
from domain.pipeline import Pipeline, Ranking
from domain.ports.learning import Lineups
from domain.ports.storage import UserStates
from domain.recommendation import Context, Reason, RecommendationList, RecommendationRequest, UserState

GROUP = "group"


@dataclass(frozen=True)
class Voice:
    """What one member thinks of a title: from 0 to 1 the share of the candidates that they like less, and why."""

    user_id: int
    satisfaction: float
    reason: Reason | None


@dataclass(frozen=True)
class GroupList:
    """The list, and by item id the voices of all members in the order in which they were named."""

    shown: RecommendationList
    voices: Mapping[int, Sequence[Voice]]


@dataclass(frozen=True, eq=False)
class _Member:
    """A user with the engine that serves them and what it may choose from."""

    state: UserState
    pipeline: Pipeline
    context: Context


@dataclass(frozen=True)
class RecommendToGroup:
    """The best items for several people together: what no one of them has had, by one of `STRATEGIES`.

    Each member is asked through the engine that they would be served by. The list is in the log as nobody's. Raises
    `UserNotFound`, `EngineUnavailable`.
    """

    states: UserStates
    lineups: Lineups
    show: ShowRanking
    rules: ServingRules

    def __call__(self, user_ids: Sequence[int], request: RecommendationRequest, strategy: str) -> GroupList:
        states = [self.states.read(user_id) for user_id in user_ids]
        lineup = self.lineups.current(max(state.catalogue_revision for state in states))
        members = self._members(states, lineup, request)
        pool = _pool(members, request.k)
        scores = np.stack([one.pipeline.ranker.score(one.context, pool) for one in members])
        liked = satisfactions(scores)
        order = STRATEGIES[strategy](liked, request.k)
        ranking = Ranking(
            engine=GROUP,
            positions=pool[order],
            scores=liked.mean(axis=0)[order],
            sources=(strategy,) * len(order),
            reasons=(None,) * len(order),
            generators={strategy: len(pool)},
            fallback_used=False,
        )
        nobody = UserState(user_id=None, history=History.empty())
        shown = self.show(ranking, lineup, nobody, Direction(replace(request, engine=GROUP)), GROUP)
        reasons = [one.pipeline.ranker.explain(one.context, pool[order]) for one in members]
        voices = {
            place.item_id: [
                Voice(user_id, float(liked[row, order[at]]), reasons[row][at]) for row, user_id in enumerate(user_ids)
            ]
            for at, place in enumerate(shown.recommendations)
        }
        return GroupList(shown, voices)

    def _members(
        self, states: Sequence[UserState], lineup: Lineup, request: RecommendationRequest
    ) -> Sequence[_Member]:
        contexts = [Context.of(lineup.catalogue, state, request.wanted, self.rules.liked_from) for state in states]
        eligible = np.logical_and.reduce([context.eligible for context in contexts])
        return [
            _Member(
                state,
                lineup.choose(request.engine, state, self.rules.min_interactions),
                replace(context, eligible=eligible),
            )
            for state, context in zip(states, contexts, strict=True)
        ]


def _pool(members: Sequence[_Member], k: int) -> NDArray[np.int64]:
    """[c] what the engines of the members put forward, and what is popular in case that is too little."""
    proposed = [members[0].pipeline.filler(members[0].context, k).positions]
    for member in members:
        proposed += [found.positions for found in member.pipeline.proposals(member.context, k).values()]
    return np.unique(np.concatenate(proposed))
