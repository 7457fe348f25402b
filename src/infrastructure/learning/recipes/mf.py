"""`mf`: matrix factorisation with a WARP-like loss; whoever comes is folded in from their events."""

from dataclasses import dataclass
from typing import ClassVar

from domain.pipeline import Pipeline
from infrastructure.generators.factor_map import FactorMap
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe, ServingParts, Shapes, number
from infrastructure.learning.recipes.square_matrix import single_pipeline


@dataclass(frozen=True)
class MfRecipe(Recipe):
    """Factors of items, ranked by the product with a user who is the sum of the factors of what they did.

    Each of the last `history_length` events weighs exp(-age / `decay`). That sum is what is trained, over every place
    of every history, so a new rating or a new user needs no training (asymmetric factors: Paterek, KDD Cup 2007;
    WARP: Weston et al., IJCAI 2011). Each batch draws `negatives` items; as many as there are make the rank exact.
    The array `items` holds the item embeddings, one row for each id of the vocabulary.
    """

    name: ClassVar[str] = "mf"
    apart: ClassVar[bool] = True

    embedding_size: int = number(64, 1, 1024)
    epochs: int = number(6, 1, 1000)
    learning_rate: float = number(5e-3, 1e-8, 1.0)
    batch_size: int = number(2048, 2, 1_000_000)
    weight_decay: float = number(1e-4, 0.0, 1.0)
    dropout: float = number(0.1, 0.0, 0.95)
    negatives: int = number(1024, 1, 1_000_000)
    decay: float = number(5.0, 0.1, 1000.0)
    patience: int = number(2, 1, 1000)
    history_length: int = number(100, 2, 1000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays:
        # PyTorch is imported by training alone.
        from infrastructure.learning.factors.training import FactorRun
        from infrastructure.learning.tower_training import seeded

        with seeded(material.seed, material.threads):
            run = FactorRun(material, self)
            run.fit(on_epoch)
            return run.weights()

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        factors = (len(vocabulary), self.embedding_size)
        return {"events": factors, "items": factors, "bias": factors[:1], "disliked": (1,)}

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        engine = FactorMap(
            self.name,
            parts.catalogue,
            parts.shared.vocabulary,
            arrays["events"],
            arrays["items"],
            arrays["bias"],
            float(arrays["disliked"][0]),
            self.decay,
            self.history_length,
        )
        return single_pipeline(self.name, engine, parts)
