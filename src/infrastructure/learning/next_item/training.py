"""Training a next-item model with the full softmax."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infrastructure.learning.material import Material
from infrastructure.learning.next_item import events as levels
from infrastructure.learning.next_item.full_softmax import full_softmax
from infrastructure.learning.next_item.modules import NextItemModel
from infrastructure.learning.next_item.windows import WindowBatch
from infrastructure.learning.window_training import WindowRun

if TYPE_CHECKING:
    from infrastructure.learning.recipes.next_item import NextItemRecipe


class NextItemRun(WindowRun[NextItemModel, "NextItemRecipe"]):
    """A run of one encoder."""

    #: the shorter memory for the squares is usual where few rows of an embedding are met in a step
    betas = (0.9, 0.98)
    #: as in most work on transformers
    longest_gradient = 1.0

    def __init__(self, material: Material, recipe: "NextItemRecipe", encoder: nn.Module) -> None:
        self.encoder, self.times = encoder, material.interactions.timestamps
        super().__init__(material, recipe)

    def new_model(self, material: Material) -> NextItemModel:
        catalogue, vocabulary = material.training.catalogue, material.vocabulary
        content = levels.item_content(catalogue, vocabulary)[catalogue.positions(vocabulary.item_ids)]
        return NextItemModel(self.encoder, torch.from_numpy(content), self.recipe.embedding_size)

    def loss(self, batch: WindowBatch) -> Tensor:
        vectors = self.model.item_vectors()
        told = self.read(vectors, batch.events)[self.tensor(batch.valid)]
        targets = self.tensor(self.events.rows[batch.targets])
        return full_softmax(told.to(self.precision), vectors.to(self.precision), targets)

    def scores(self, events: NDArray[np.int64], last: tuple[Tensor, Tensor]) -> Tensor:
        vectors = self.model.item_vectors()
        return self.read(vectors, events)[last].float() @ vectors.t()

    def read(self, vectors: Tensor, events: NDArray[np.int64]) -> Tensor:
        """[b, T, d] what the model says after each of the events [b, T]."""
        times = self.times[events]
        told = [self.events.rows[events], levels.rating_levels(self.events.ratings[events]), levels.gap_levels(times)]
        half = self.precision is not torch.float32
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            result: Tensor = self.model(vectors, *(self.tensor(column) for column in told), self.tensor(times))
        return result
