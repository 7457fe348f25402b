"""What engines that are one square matrix over the items have in common."""

import logging
from typing import Protocol

from domain.pipeline import Pipeline
from domain.ports.recommending import CandidateGenerator, Ranker
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.recipes.recipe import ServingParts, Shapes

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


def square(vocabulary: Vocabulary) -> Shapes:
    """The shapes of an engine that is one square matrix."""
    return {MATRIX: (len(vocabulary), len(vocabulary))}


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
