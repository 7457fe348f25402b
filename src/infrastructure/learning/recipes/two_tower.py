"""`two_tower`: the items nearest to what somebody did, in a space that is learnt, retrieved through an index."""

from dataclasses import dataclass
from typing import ClassVar

from domain.pipeline import Pipeline
from domain.ports.recommending import ItemIndex
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import (
    Arrays,
    OnEpoch,
    Recipe,
    ServingParts,
    Shapes,
    choice,
    number,
)
from infrastructure.learning.recipes.square_matrix import single_pipeline
from infrastructure.learning.two_tower.retrieval import TwoTowerRetrieval
from infrastructure.retrieval.choosing import IndexWish, choose_index

#: seeds the index, which must be the same in every process that serves
INDEX_SEED = 0
#: The index is built with each line-up, while requests wait. Up to so many items, comparing them all costs less.
WISH = IndexWish(exact_up_to=100_000)


@dataclass(frozen=True)
class TwoTowerRecipe(Recipe):
    """A user tower over the last `history_length` events and an item tower over embedding and content.

    Trained to tell the next item by cosine / `temperature`: with the softmax over the whole catalogue (`full`) or, for
    one too large for that, over the items of each batch with logQ correction (`sampled`; Yi et al., RecSys 2019). A new
    event or a new item needs no training.
    """

    name: ClassVar[str] = "two_tower"
    apart: ClassVar[bool] = True

    loss: str = choice("full", "sampled")
    temperature: float = number(0.1, 1e-3, 10.0)
    embedding_size: int = number(64, 1, 1024)
    hidden_size: int = number(64, 1, 4096)
    epochs: int = number(5, 1, 1000)
    learning_rate: float = number(4e-3, 1e-8, 1.0)
    batch_size: int = number(1024, 2, 1_000_000)
    weight_decay: float = number(1e-2, 0.0, 1.0)
    dropout: float = number(0.2, 0.0, 0.95)
    patience: int = number(2, 1, 1000)
    history_length: int = number(50, 1, 1000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays:
        # PyTorch is imported by training alone.
        from infrastructure.learning.tower_training import seeded
        from infrastructure.learning.two_tower.training import TwoTowerRun

        with seeded(material.seed, material.threads):
            run = TwoTowerRun(material, self)
            run.fit(on_epoch)
            return run.weights()

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        d = self.embedding_size
        users, items = vocabulary.user_size(d), vocabulary.item_size
        return {
            "embedding": (len(vocabulary), d),
            "user_map.weight": (d, users),
            **two_layer_shapes("user_layers", users, self.hidden_size, d),
            **two_layer_shapes("item_layers", items, self.hidden_size, d),
        }

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        def index(vectors: Floats) -> ItemIndex:
            return choose_index(vectors, WISH, INDEX_SEED).index

        engine = TwoTowerRetrieval(self.name, parts.catalogue, parts.shared, arrays, self.history_length, index)
        return single_pipeline(self.name, engine, parts)


def two_layer_shapes(name: str, below: int, hidden: int, above: int) -> Shapes:
    """The shapes of two linear layers."""
    return {
        f"{name}.0.weight": (hidden, below),
        f"{name}.0.bias": (hidden,),
        f"{name}.2.weight": (above, hidden),
        f"{name}.2.bias": (above,),
    }
