"""`ncf`: the neural model over what the generators propose."""

from dataclasses import dataclass
from typing import ClassVar

from domain.pipeline import Pipeline
from infrastructure.generators.item_neighbours import NEXT, CollaborativeGenerator
from infrastructure.generators.signals import Capped
from infrastructure.learning.architecture import weight_shapes
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.ncf_scorer import NcfRanker
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe, ServingParts, Shapes, number

#: what the generators propose to the neural ranker, at most; chosen on validation (docs/decisions)
POOL, CONTENT, POPULAR = 300, 50, 100


@dataclass(frozen=True)
class NcfRecipe(Recipe):
    """Neural collaborative filtering with feature towers.

    `history_length` is the number of past events a user is seen by. Of the `negatives` drawn for every event the share
    `popular_negatives` follows popularity, the rest is even. A positive event that was not liked counts
    `disliked_weight`: at 1 the model learns what is taken up next, at 0 what is liked next.
    """

    name: ClassVar[str] = "ncf"
    apart: ClassVar[bool] = True

    embedding_size: int = number(64, 1, 1024)
    epochs: int = number(10, 1, 1000)
    learning_rate: float = number(4e-3, 1e-8, 1.0)
    batch_size: int = number(2048, 2, 1_000_000)
    weight_decay: float = number(1e-6, 0.0, 1.0)
    dropout: float = number(0.1, 0.0, 0.95)
    negatives: int = number(64, 1, 10_000)
    popular_negatives: float = number(0.5, 0.0, 1.0)
    disliked_weight: float = number(1.0, 0.0, 1.0)
    patience: int = number(3, 1, 1000)
    history_length: int = number(50, 1, 1000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays:
        # PyTorch is imported by training alone.
        from infrastructure.learning.ncf_training import TrainingRun
        from infrastructure.learning.tower_training import seeded

        with seeded(material.seed, material.threads):
            run = TrainingRun(material, self)
            run.fit(on_epoch)
            return run.weights()

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        return weight_shapes(vocabulary, self.embedding_size)

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        return Pipeline(
            self.name,
            (
                CollaborativeGenerator(parts.catalogue, parts.shared, NEXT),
                Capped(parts.content, CONTENT),
                Capped(parts.popularity, POPULAR),
            ),
            NcfRanker(parts.catalogue, parts.shared, arrays, self.history_length),
            parts.popularity,
            pool=POOL,
            fallback=parts.fallback,
            model_version=parts.version,
        )
