"""Cold start: a blend of every signal that already says something about a newcomer."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.recommendation import Context, Reason
from infrastructure.generators import leaving_out
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.demographic import DemographicGenerator
from infrastructure.generators.item_neighbours import CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator
from infrastructure.generators.signals import Signal, liked_genres, reason_by_genre, reason_by_popularity

#: share of each signal in the blend, before those that know nothing are left out
WEIGHTS: Mapping[str, float] = {"collaborative": 0.45, "content": 0.20, "demographic": 0.10, "popularity": 0.25}

#: the last liked events that an explanation tries to do without; somebody who is met for the first time has few
TRIED = 5


class ColdStartRanker:
    """Each signal is scaled to 0 … 1 over what is eligible and weighted; a silent one leaves its weight to others."""

    name = "cold_start"

    def __init__(
        self,
        popularity: PopularityGenerator,
        content: ContentGenerator,
        collaborative: CollaborativeGenerator | None = None,
        demographic: DemographicGenerator | None = None,
    ) -> None:
        signals: list[Signal | None] = [collaborative, content, demographic, popularity]
        self._signals = [signal for signal in signals if signal is not None]
        self._collaborative = collaborative
        self._demographic = demographic

    def weights(self, context: Context) -> dict[str, float]:
        """What each signal counts for this user, adding up to 1; a signal that knows nothing is not named."""
        return _shared_out([signal.name for signal in self._signals if signal.scores(context) is not None])

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        parts = self._parts(context, positions).values()
        return np.asarray(sum(parts, np.zeros(len(positions))), dtype=np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason]:
        """The personal signal with the largest part in each score; popularity, the same for all, where none has."""
        parts = self._parts(context, positions)
        words = self._words(context, positions)
        reasons: list[Reason] = []
        for place, position in enumerate(positions.tolist()):
            ordered = sorted(words.keys() & parts.keys(), key=lambda name: (-float(parts[name][place]), name))
            spoken = (words[name][place] for name in ordered if parts[name][place] > 0)
            reasons.append(next((reason for reason in spoken if reason), reason_by_popularity(context, position)))
        return reasons

    def _words(self, context: Context, positions: NDArray[np.int64]) -> dict[str, Sequence[Reason | None]]:
        """What each personal signal has to say about each of the positions."""
        taste = liked_genres(context)
        words: dict[str, Sequence[Reason | None]] = {
            "content": [reason_by_genre(context, position, taste) for position in positions.tolist()]
        }
        if self._collaborative is not None:
            lost = self._losses(context, positions)
            words["collaborative"] = [explaining.because_you_liked(context, row) for row in lost]
        if self._demographic is not None:
            words["demographic"] = self._demographic.reasons(context, positions)
        return words

    def _losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the standing of the positions would lose without each of the last liked events."""
        events = leaving_out.tried(context, TRIED)
        everything = np.arange(len(context.catalogue))
        contexts = [context, *(context.leaving_out(events[[one]]) for one in range(len(events)))]
        scores = np.stack([self.score(one, everything) for one in contexts])
        return leaving_out.losses(context, events, scores[:, positions], scores[:, context.eligible])

    def _parts(self, context: Context, positions: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """[c] the weighted part of each signal that knows something, by name.

        The best eligible item is each signal's 1, whichever positions are asked for: an explanation of ten places must
        weigh the signals as the ranking of all candidates did.
        """
        known = {signal.name: signal.scores(context) for signal in self._signals}
        spoken = {name: scores for name, scores in known.items() if scores is not None}
        weights = _shared_out(list(spoken))
        return {name: weights[name] * _share_of_best(scores, context)[positions] for name, scores in spoken.items()}


def _share_of_best(scores: NDArray[np.float64], context: Context) -> NDArray[np.float64]:
    best = float(scores[context.eligible].max(initial=0.0))
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros(len(scores))


def _shared_out(names: Sequence[str]) -> dict[str, float]:
    total = sum(WEIGHTS[name] for name in names)
    return {name: WEIGHTS[name] / total for name in names}
