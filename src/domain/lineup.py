"""The line-up: everything that answers requests for one catalogue revision and one model, swapped as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain import blending
from domain.catalogue import Catalogue
from domain.errors import EngineUnavailable
from domain.model_versions import AutoChoice, ModelVersion
from domain.pipeline import Pipeline
from domain.ports.recommending import SimilarItems
from domain.recommendation import Candidates, UserState

AUTO = "auto"
POPULARITY = "popularity"
COLD_START = "cold_start"
#: ways to read a session, the one to prefer first, whether or not they can serve now
SESSION_ENCODERS = ("transformer", "linear", "mean", "gru", "lstm")

#: how many neighbours per wanted place each kind of similarity proposes, so that the two can agree on some
NEIGHBOUR_POOL = 5


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Items like one item, most similar first, each with the name of the similarity that spoke for it most."""

    positions: NDArray[np.int64]  # [c]
    scores: NDArray[np.float64]  # [c], descending, 0 … 1
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Lineup:
    """The engines by name, ready to answer. `popularity` and `cold_start` are always there.

    `engines` are the names of all there could be, `auto` says which of those at hand is best for how long a history.
    `vectors` [n, d] place the items of the catalogue for onboarding. `similar_by_ratings` and
    `sessions`, which are pipelines by encoder and fusion, need a model. `asks_when` says that an engine is told the
    time of the request.
    """

    catalogue: Catalogue
    pipelines: Mapping[str, Pipeline]
    engines: tuple[str, ...]
    auto: AutoChoice
    model: ModelVersion | None
    vectors: NDArray[np.float32]
    similar_by_content: SimilarItems
    similar_by_ratings: SimilarItems | None = None
    sessions: Mapping[tuple[str, str], Pipeline] = field(default_factory=dict)
    asks_when: bool = False

    @property
    def identity(self) -> tuple[int, str | None, int]:
        """What tells one line-up from another: the catalogue's revision, the model's version and its index."""
        if self.model is None:
            return (self.catalogue.revision, None, 0)
        return (self.catalogue.revision, self.model.version, self.model.index.generation if self.model.index else 0)

    def pipeline(self, engine: str) -> Pipeline:
        """The named engine. Raises `EngineUnavailable`."""
        try:
            return self.pipelines[engine]
        except KeyError:
            raise EngineUnavailable(engine, [AUTO, *self.pipelines]) from None

    @property
    def session_encoders(self) -> tuple[str, ...]:
        """Encoders of sessions that can serve now, the one to prefer first."""
        ready = {encoder for encoder, _ in self.sessions}
        return tuple(encoder for encoder in SESSION_ENCODERS if encoder in ready)

    def session(self, encoder: str | None, fusion: str) -> Pipeline:
        """What continues a session; the preferred encoder where none is named. Raises `EngineUnavailable`."""
        ready = self.session_encoders
        chosen = encoder or next(iter(ready), SESSION_ENCODERS[0])
        try:
            return self.sessions[chosen, fusion]
        except KeyError:
            raise EngineUnavailable(chosen, ready) from None

    def choose(self, engine: str, state: UserState, min_interactions: int) -> Pipeline:
        """The engine that answers when `engine` is asked for. Raises `EngineUnavailable`.

        Once a user has `min_interactions` ratings, `auto` takes the trained engine that proved best for histories of
        that length; the cold start while there is little to go by, and what is popular when there is nothing at all.
        """
        if engine != AUTO:
            return self.pipeline(engine)
        length = len(state.history)
        proven = [name for least, name in self.auto if least <= length and name in self.pipelines]
        if proven and length >= min_interactions:
            return self.pipelines[proven[-1]]
        return self.pipelines[POPULARITY if state.is_unknown else COLD_START]

    def similar(
        self, position: int, eligible: NDArray[np.bool_], limit: int, use_cf: bool = True, use_cb: bool = True
    ) -> Neighbours:
        """At most `limit` eligible items like the one at `position`, by ratings (`use_cf`) and content (`use_cb`).

        Similarities are scaled to 0 … 1 by their best and averaged over the kinds that were asked for and know the
        item, so that what both find stands above what one finds.
        """
        wanted = [(use_cf, self.similar_by_ratings), (use_cb, self.similar_by_content)]
        voices = [voice for asked, voice in wanted if asked and voice is not None]
        proposals = {voice.name: voice.similar(position, eligible, limit * NEIGHBOUR_POOL) for voice in voices}
        spoken = {name: candidates for name, candidates in proposals.items() if len(candidates)}
        pool = blending.pool(spoken)
        shares = np.zeros((len(spoken), len(self.catalogue)))
        for row, candidates in enumerate(spoken.values()):
            shares[row, candidates.positions] = _share_of_best(candidates)
        scores = shares[:, pool.positions].sum(axis=0) / max(len(spoken), 1)
        order = np.lexsort((pool.positions, -scores))[:limit]
        sources = tuple(pool.source_of(int(index)) for index in order)
        return Neighbours(pool.positions[order], scores[order], sources)


def _share_of_best(candidates: Candidates) -> NDArray[np.float64]:
    best = float(candidates.scores[0])
    return np.clip(candidates.scores / best, 0.0, 1.0) if best > 0 else np.zeros(len(candidates))
