"""What engines that are one square matrix over the items have in common."""

import logging
from dataclasses import dataclass
from typing import Protocol

from domain.pipeline import Pipeline
from domain.ports.recommending import CandidateGenerator, Ranker
from infrastructure.generators.history_map import HistoryMap
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.recipes.recipe import Arrays, Recipe, ServingParts, Shapes, number

log = logging.getLogger(__name__)

#: name of the matrix among an engine's arrays
MATRIX = "matrix"
#: most items that a dense matrix is made for: at this size it takes 1.6 GB to serve and 10 GB to train
LARGEST = 20_000
#: candidates of an engine that ranks what it generates itself: a diverse list chooses among this many
POOL = 300


class GeneratorAndRanker(CandidateGenerator, Ranker, Protocol):
    """One that can say the score of every item, and so needs no second opinion."""


def fits(engine: str, items: int) -> bool:
    """Whether a matrix over so many items can be made; says in the log when it cannot."""
    if items > LARGEST:
        log.warning("engine %s is left out: %d items are more than the %d it can hold", engine, items, LARGEST)
    return items <= LARGEST


@dataclass(frozen=True)
class SquareMatrixRecipe(Recipe):
    """An engine whose matrix is read by a history of its last `history_length` events, each by exp(-age / `decay`)."""

    decay: float = number(4.0, 0.1, 1000.0)
    history_length: int = number(40, 1, 1000)

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        n = len(vocabulary)
        return {MATRIX: (n, n)}

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        vocabulary = parts.shared.vocabulary
        ranker = HistoryMap(self.name, parts.catalogue, vocabulary, arrays[MATRIX], self.decay, self.history_length)
        return single_pipeline(self.name, ranker, parts)


def single_pipeline(name: str, engine: GeneratorAndRanker, parts: ServingParts) -> Pipeline:
    """The pipeline of an engine that generates and ranks by the same score."""
    return Pipeline(
        name,
        (engine,),
        engine,
        parts.popularity,
        pool=POOL,
        fallback=parts.fallback,
        model_version=parts.version,
    )
