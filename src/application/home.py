"""The home page: shelves of titles for one user, none of them twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from application.recommending import Recommend, ShowRanking, similar_to
from application.steering import Direction
from domain.lineup import AUTO, POPULARITY, Lineup
from domain.pipeline import Ranking
from domain.ports.learning import Lineups
from domain.ports.storage import UserStates
from domain.recommendation import Context, RecommendationList, RecommendationRequest, UserState
from domain.users import Principal

TRENDING = "trending"
#: shelves of titles like one that was liked, at most
LIKED_SHELVES = 2
#: a shelf with fewer titles is not put up
LEAST = 3
#: genres of which somebody knows most; what is new to them has none of these
FAMILIAR_GENRES = 3


@dataclass(frozen=True)
class Shelf:
    """A row of titles under a heading; `name` is for programs. It is a list in the log like any other."""

    name: str
    title: str
    shown: RecommendationList


@dataclass(frozen=True)
class RecommendHome:
    """What the user would like best, what is like what they liked last, what is trending, and what is new to them.

    A title stands on one shelf alone, the first that has room for it. Raises `InvalidToken`.
    """

    states: UserStates
    lineups: Lineups
    recommend: Recommend
    show: ShowRanking

    def __call__(self, principal: Principal, request: RecommendationRequest) -> list[Shelf]:
        """`request.k` titles on each shelf."""
        shelves = [Shelf("for_you", "For you", self.recommend(principal, request, "home.for_you"))]
        state = self.states.read(principal.user_id)
        lineup = self.lineups.current(state.catalogue_revision)
        taken = set(shelves[0].shown.items)
        for name, title, rank in self._others(state, lineup):
            wanted = replace(request.wanted, exclude=request.wanted.exclude | taken)
            context = Context.of(lineup.catalogue, state, wanted, self.recommend.rules.liked_from)
            ranking = rank(context, request.k)
            if len(ranking.positions) >= LEAST:
                asked = Direction(replace(request, engine=ranking.engine, wanted=wanted))
                shown = self.show(ranking, lineup, state, asked, f"home.{name}")
                taken |= shown.items.keys()
                shelves.append(Shelf(name, title, shown))
        return shelves

    def _others(self, state: UserState, lineup: Lineup) -> Iterator[tuple[str, str, Callable[[Context, int], Ranking]]]:
        catalogue = lineup.catalogue
        liked = state.history.ratings >= self.recommend.rules.liked_from
        latest = catalogue.known_positions(state.history.item_ids[liked])[::-1][:LIKED_SHELVES]
        for position in latest.tolist():
            yield (
                "because_you_liked",
                f"Because you liked {catalogue.titles[position]}",
                partial(_like, lineup, position),
            )
        yield "trending", "Trending", lineup.pipelines.get(TRENDING, lineup.pipelines[POPULARITY])
        best = lineup.choose(AUTO, state, self.recommend.rules.min_interactions)
        yield "new_to_you", "New to you", lambda context, k: best(unfamiliar(context), k)


def _like(lineup: Lineup, position: int, context: Context, k: int) -> Ranking:
    return similar_to(lineup, position, context.eligible, k)


def unfamiliar(context: Context) -> Context:
    """The same context without the titles of the genres that the user knows most of; as it is for a newcomer."""
    known = context.catalogue.genres[context.positions].sum(axis=0)
    most = np.argsort(-known, kind="stable")[:FAMILIAR_GENRES]
    familiar = context.catalogue.genres[:, most[known[most] > 0]].any(axis=1)
    return replace(context, eligible=context.eligible & ~familiar)
