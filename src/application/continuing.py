"""What comes next in a session: an ordered run of items, from somebody who need not have an account."""

from dataclasses import dataclass, replace

import numpy as np

from application.recommending import ServingRules, ShowRanking
from application.steering import Direction
from domain.blending import WEIGHTED_SUM
from domain.catalogue import KINDS, Catalogue
from domain.errors import Detail, UnknownItems
from domain.events import RATING_MAX, History
from domain.items import Kind
from domain.lineup import SESSION_ENCODERS, Lineup
from domain.ports.learning import Lineups
from domain.ports.storage import UserStates
from domain.recommendation import Context, RecommendationList, RecommendationRequest, UserState


@dataclass(frozen=True)
class Session:
    """Items in the order in which they were taken up, and how what comes next is to be found.

    Without an encoder the best at hand is taken; without a kind, that of the last item.
    """

    item_ids: tuple[int, ...]
    encoder: str | None = None
    fusion: str = WEIGHTED_SUM
    kind: Kind | None = None


@dataclass(frozen=True)
class ContinueSession:
    """The best items to go on with. Every item of the session counts as liked.

    None of the session's own, unless its kind repeats: then they come after most others, and the last not at all.

    Raises `UnknownItems`, and `EngineUnavailable` for an encoder that has not been trained.
    """

    states: UserStates
    lineups: Lineups
    show: ShowRanking
    rules: ServingRules

    def __call__(
        self, session: Session, request: RecommendationRequest, surface: str = "session"
    ) -> RecommendationList:
        """`request.wanted` filters by genre and tag; its kind is the session's."""
        revision = self.states.catalogue_revision()
        lineup = self.lineups.current(revision)
        pipeline = lineup.session(session.encoder, session.fusion)
        history = _history(lineup.catalogue, session)
        state = UserState(user_id=None, history=history, catalogue_revision=revision)
        kind = session.kind or _kind_of_last(lineup.catalogue, session)
        asked = replace(request, engine=pipeline.name, wanted=replace(request.wanted, kind=kind))
        now = history.last_time  # the moment of its last item, as nobody said when it was
        context = Context.of(lineup.catalogue, state, asked.wanted, self.rules.liked_from, now)
        ranking = pipeline(context, asked.k, asked.diversity, state.taste, asked.explain)
        shown = self.show(ranking, lineup, state, Direction(asked), surface)
        metadata = replace(shown.metadata, availability=_availability(lineup), session_length=len(history))
        return replace(shown, metadata=metadata)


def _history(catalogue: Catalogue, session: Session) -> History:
    positions = catalogue.positions(np.array(session.item_ids, dtype=np.int64))
    unknown = np.flatnonzero(positions < 0)
    if len(unknown) or not session.item_ids:
        raise UnknownItems([Detail(f"item_sequence.{place}", "there is no such item") for place in unknown])
    return History.of(session.item_ids, [RATING_MAX] * len(session.item_ids))


def _kind_of_last(catalogue: Catalogue, session: Session) -> Kind:
    (position,) = catalogue.positions(np.array(session.item_ids[-1:], dtype=np.int64))
    return KINDS[int(catalogue.kinds[position])]


def _availability(lineup: Lineup) -> dict[str, bool]:
    return {encoder: encoder in lineup.session_encoders for encoder in SESSION_ENCODERS}
