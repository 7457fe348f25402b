"""What the engines that read a history in its order have in common: all but the encoder."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.pipeline import Pipeline
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.next_item import events
from infrastructure.learning.next_item.encoders import Encoder
from infrastructure.learning.next_item.ranker import NextItemRanker
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe, ServingParts, Shapes, choice, number
from infrastructure.learning.recipes.square_matrix import single_pipeline

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NextItemRecipe(Recipe):
    """An engine that tells the next item from the last `history_length` events, trained with the full softmax.

    Each event is its item, its rating and the gap of time since the one before; each item is an embedding, its genres
    and its half decade. `batch_size` is in events. A new event is read at once: nothing is kept by user. Where the
    `request_time` is told, each event also knows how long after it the next one came.
    """

    apart: ClassVar[bool] = True

    embedding_size: int = number(64, 2, 1024)
    history_length: int = number(128, 2, 1000)
    epochs: int = number(20, 1, 1000)
    learning_rate: float = number(2e-3, 1e-8, 1.0)
    batch_size: int = number(8192, 2, 1_000_000)
    weight_decay: float = number(0.0, 0.0, 1.0)
    dropout: float = number(0.2, 0.0, 0.95)
    patience: int = number(3, 1, 1000)
    request_time: str = choice("ignored", "told")

    @property
    def asks_when(self) -> bool:
        return self.request_time == "told"

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays | None:
        # PyTorch is imported by training alone.
        from infrastructure.learning.next_item.training import NextItemRun
        from infrastructure.learning.tower_training import seeded

        with seeded(material.seed, material.threads):
            run = NextItemRun(material, self, self.module())
            run.fit(on_epoch)
            return run.weights()

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        d = self.embedding_size
        return {
            "embedding": (len(vocabulary), d),
            "content_weight": (events.content_size(vocabulary), d),
            "rating": (events.RATINGS, d),
            "gap": (events.GAPS, d),
            **({"wait": (events.GAPS, d)} if self.asks_when else {}),
            "norm.weight": (d,),
            "norm.bias": (d,),
            **{f"encoder.{name}": shape for name, shape in self.encoder_shapes().items()},
        }

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        ranker = NextItemRanker(
            self.name, parts.catalogue, parts.shared.vocabulary, arrays, self.encoder(), self.history_length
        )
        return single_pipeline(self.name, ranker, parts)

    @abstractmethod
    def module(self) -> "nn.Module":
        """The encoder that is trained."""

    @abstractmethod
    def encoder(self) -> Encoder:
        """The same for serving."""

    @abstractmethod
    def encoder_shapes(self) -> Shapes:
        """The shapes of its weights."""


def flaw_of_heads(embedding_size: int, heads: int) -> str | None:
    """Attention parts an embedding evenly among its heads."""
    return f"heads must divide the embedding_size of {embedding_size}" if embedding_size % heads else None


def linear_shapes(name: str, inputs: int, outputs: int) -> Shapes:
    """The shapes of a linear layer."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm_shapes(name: str, size: int) -> Shapes:
    """The shapes of a layer norm."""
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}
