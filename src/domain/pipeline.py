"""An engine is a named pipeline: generators propose, one ranker scores them in one batch, plain functions order."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain import blending, explaining, reranking
from domain.catalogue import Catalogue
from domain.ports.recommending import CandidateGenerator, PartedRanker, Ranker, WeightedRanker
from domain.recommendation import Candidates, Context, Reason, Recommendation
from domain.taste import TasteSettings

log = logging.getLogger(__name__)

#: marks a generator that failed in the counts of candidates
FAILED = -1
#: the source of what chance has chosen
EXPLORATION = "exploration"


@dataclass(frozen=True, eq=False)
class Ranking:
    """What a pipeline chose: the places of a list, best first, and how they came about.

    `parts` are what the scores are made up of, by name, where the engine can tell. `little_known` are titles that
    exploration may put into the list; `probabilities` tell each place's chance of having been chosen, once it has.
    `degraded` says that a part failed,
    so that the same request may well get a better list in a moment.
    """

    engine: str
    positions: NDArray[np.int64]  # [k']
    scores: NDArray[np.float64]  # [k']
    sources: tuple[str, ...]
    reasons: tuple[Reason | None, ...]
    generators: dict[str, int]
    fallback_used: bool
    degraded: bool = False
    parts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)  # [k'] each, NaN in places that were filled
    little_known: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # [p]
    probabilities: NDArray[np.float64] | None = None  # [k'], None where nothing was left to chance
    model_version: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)

    def explored(self, share: float, random: np.random.Generator, explain: bool) -> "Ranking":
        """The same with `share` of its places given to little-known titles by chance: see `reranking.explore`.

        What chance has chosen was not scored: it stands with the score of the one above it.
        """
        if not len(self.little_known) or not len(self.positions):
            return self
        size = len(self.positions)
        chance = reranking.explore(size, len(self.little_known), share, random)
        members, drawn = chance.members, chance.members >= size
        above = np.maximum.accumulate(np.where(drawn, 0, members))
        reason = explaining.little_known() if explain else None
        return replace(
            self,
            positions=np.concatenate([self.positions, self.little_known])[members],
            scores=self.scores[above],
            sources=tuple(EXPLORATION if one >= size else self.sources[one] for one in members),
            reasons=tuple(reason if one >= size else self.reasons[one] for one in members),
            parts={name: np.where(drawn, np.nan, values[above]) for name, values in self.parts.items()},
            generators={**self.generators, EXPLORATION: len(self.little_known)},
            probabilities=chance.probabilities,
        )

    def recommendations(self, catalogue: Catalogue) -> tuple[Recommendation, ...]:
        """The places as they are shown; `catalogue` is the one that the positions belong to."""
        places = zip(catalogue.ids[self.positions].tolist(), self.scores.tolist(), strict=True)
        return tuple(
            Recommendation(
                rank=place + 1,
                item_id=item_id,
                score=score,
                source=self.sources[place],
                probability=1.0 if self.probabilities is None else float(self.probabilities[place]),
                reason=self.reasons[place],
                parts=self._parts_of(place),
            )
            for place, (item_id, score) in enumerate(places)
        )

    def _parts_of(self, place: int) -> dict[str, float] | None:
        told = {name: float(values[place]) for name, values in self.parts.items()}
        return None if not told or any(map(math.isnan, told.values())) else told


@dataclass(frozen=True)
class Pipeline:
    """One engine. `pool` caps what each generator proposes; `filler` completes a list that came out short.

    Where all generators or the ranker fail, `fallback` answers in their place.
    """

    name: str
    generators: tuple[CandidateGenerator, ...]
    ranker: Ranker
    filler: CandidateGenerator
    pool: int = 300
    fallback: "Pipeline | None" = None
    model_version: str | None = None
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def changeable_weights(self) -> frozenset[str]:
        """Names of the weights that `weighted` can change; none where the ranker is no blend of fixed weights."""
        return frozenset(self.weights if isinstance(self.ranker, WeightedRanker) else ())

    def weighted(self, weights: Mapping[str, float]) -> "Pipeline":
        """The same engine with some of its blend's weights changed, and then normalised.

        Names that the blend does not know change nothing, and nor do weights that would leave nothing to rank by.
        """
        changed = {name: weights.get(name, weight) for name, weight in self.weights.items()}
        if not isinstance(self.ranker, WeightedRanker) or changed == self.weights or not any(changed.values()):
            return self
        changed = blending.normalised(changed)
        return replace(self, ranker=self.ranker.weighted(changed), weights=changed)

    def __call__(
        self,
        context: Context,
        k: int,
        diversity: float = 0.0,
        taste: TasteSettings | None = None,
        explain: bool = True,
    ) -> Ranking:
        """The `k` best eligible items; fewer only when fewer are eligible."""
        proposals, counts = self._propose(context, max(self.pool, k))
        try:
            return self._rank(context, proposals, counts, k, diversity, taste or TasteSettings(), explain)
        except Exception:
            if self.fallback is None:
                raise
            log.exception("engine %s failed; %s answers instead", self.name, self.fallback.name)
            return self.fallback.standing_in(context, k, diversity, taste, explain)

    def proposals(self, context: Context, k: int) -> Mapping[str, Candidates]:
        """What each generator puts forward for a list of `k`; one that fails, nothing."""
        return self._propose(context, max(self.pool, k))[0]

    def standing_in(
        self, context: Context, k: int, diversity: float, taste: TasteSettings | None, explain: bool
    ) -> Ranking:
        """The same, flagged as an answer in place of another engine's."""
        return replace(self(context, k, diversity, taste, explain), fallback_used=True, degraded=True)

    def _propose(self, context: Context, limit: int) -> tuple[dict[str, Candidates], dict[str, int]]:
        proposals: dict[str, Candidates] = {}
        counts: dict[str, int] = {}
        for generator in self.generators:
            try:
                proposals[generator.name] = generator(context, limit)
                counts[generator.name] = len(proposals[generator.name])
            except Exception:
                # One broken signal must not take the list away; the others and the filler still stand.
                log.exception("generator %s of engine %s failed", generator.name, self.name)
                counts[generator.name] = FAILED
        return proposals, counts

    def _rank(
        self,
        context: Context,
        proposals: dict[str, Candidates],
        counts: dict[str, int],
        k: int,
        diversity: float,
        taste: TasteSettings,
        explain: bool,
    ) -> Ranking:
        candidates = blending.pool(proposals)
        scores, parts = self._score(context, candidates.positions, explain)
        if context.welcome is not None:
            scores = reranking.hold_back(scores, context.welcome[candidates.positions])
        scores = reranking.boost(scores, taste.boosted(context.catalogue)[candidates.positions])
        order = reranking.descending(scores, candidates.positions)
        genres = context.catalogue.genres[candidates.positions[order]]
        order = order[reranking.diversify(scores[order], genres, k, diversity)]
        positions, scores = candidates.positions[order], scores[order]
        sources = tuple(candidates.source_of(index) for index in order)
        added = self._fill(context, positions, k)
        positions = np.concatenate([positions, added.positions])
        scores = np.concatenate([scores, self._below(scores, len(added))])
        sources += (self.filler.name,) * len(added)
        reasons = tuple(self.ranker.explain(context, positions)) if explain else (None,) * len(positions)
        unknown = np.full(len(added), np.nan)
        return Ranking(
            engine=self.name,
            positions=positions,
            scores=scores,
            sources=sources,
            reasons=reasons,
            generators=counts,
            fallback_used=len(added) > 0,
            degraded=FAILED in counts.values(),
            parts={name: np.concatenate([values[order], unknown]) for name, values in parts.items()},
            model_version=self.model_version,
            weights=self.weights,
        )

    def _score(
        self, context: Context, positions: NDArray[np.int64], explain: bool
    ) -> tuple[NDArray[np.float64], Mapping[str, NDArray[np.float64]]]:
        """Scores [c] and, where they are to be explained and can be, the parts [c] that they are made up of."""
        if self._parted is None or not explain:
            return self.ranker.score(context, positions), {}
        parts = self._parted.parts(context, positions)
        return self._parted.total(parts), parts

    @cached_property
    def _parted(self) -> PartedRanker | None:
        # Looked up once: asking whether an object keeps a protocol takes longer than ranking a short list.
        return self.ranker if isinstance(self.ranker, PartedRanker) else None

    def _fill(self, context: Context, taken: NDArray[np.int64], k: int) -> Candidates:
        if len(taken) >= k:
            return Candidates.none()
        left = context.without(taken)
        if context.welcome is None:
            return self.filler(left, k - len(taken))
        found = self.filler(left, max(self.pool, k))
        scores = reranking.hold_back(found.scores, context.welcome[found.positions])
        chosen = reranking.descending(scores, found.positions)[: k - len(taken)]
        return Candidates(found.positions[chosen], scores[chosen])

    @staticmethod
    def _below(scores: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """[count] falling scores under all of the given ones: a filler's own scale means nothing here."""
        floor = float(scores.min()) if len(scores) else 1.0
        return np.asarray(floor - (np.arange(count) + 1.0) * 1e-6, dtype=np.float64)
