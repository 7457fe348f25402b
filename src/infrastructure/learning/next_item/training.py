"""Training a next-item model with the full softmax."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from domain.events import Interactions
from infrastructure.learning.material import Material
from infrastructure.learning.next_item import events as levels
from infrastructure.learning.next_item.full_softmax import full_softmax
from infrastructure.learning.next_item.modules import NextItemModel
from infrastructure.learning.next_item.windows import WindowBatch
from infrastructure.learning.sequences import Sequences
from infrastructure.learning.window_training import WindowRun

if TYPE_CHECKING:
    from infrastructure.learning.recipes.next_item import NextItemRecipe


#: share of the windows that are told no time of request, so that the model can do without one
UNTOLD = 0.1


class NextItemRun(WindowRun[NextItemModel, "NextItemRecipe"]):
    """A run of one encoder."""

    #: the shorter memory for the squares is usual where few rows of an embedding are met in a step
    betas = (0.9, 0.98)
    #: as in most work on transformers
    longest_gradient = 1.0

    def __init__(self, material: Material, recipe: "NextItemRecipe", encoder: nn.Module) -> None:
        self.encoder, self.times = encoder, material.interactions.timestamps
        super().__init__(material, recipe)
        self.waits = waits_of(self.events, self.times, material.validation)

    def new_model(self, material: Material) -> NextItemModel:
        catalogue, vocabulary = material.training.catalogue, material.vocabulary
        content = levels.item_content(catalogue, vocabulary)[catalogue.positions(vocabulary.item_ids)]
        return NextItemModel(self.encoder, torch.from_numpy(content), self.recipe.embedding_size, self.recipe.asks_when)

    def loss(self, batch: WindowBatch) -> Tensor:
        vectors = self.model.item_vectors()
        waits = self.waits[batch.events]
        if self.recipe.asks_when:
            waits[self.random.random(len(waits)) < UNTOLD] = 0
        told = self.read(vectors, batch.events, waits)[self.tensor(batch.valid)]
        targets = self.tensor(self.events.rows[batch.targets])
        return full_softmax(told.to(self.precision), vectors.to(self.precision), targets)

    def scores(self, events: NDArray[np.int64], last: tuple[Tensor, Tensor]) -> Tensor:
        vectors = self.model.item_vectors()
        return self.read(vectors, events, self.waits[events])[last].float() @ vectors.t()

    def read(self, vectors: Tensor, events: NDArray[np.int64], waits: NDArray[np.int64]) -> Tensor:
        """[b, T, d] what the model says after each of the events [b, T], told the levels of the gaps after them."""
        times = self.times[events]
        ratings, gaps = levels.rating_levels(self.events.ratings[events]), levels.gap_levels(times)
        told = [self.events.rows[events], ratings, gaps, waits, times]
        half = self.precision is not torch.float32
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            result: Tensor = self.model(vectors, *(self.tensor(column) for column in told))
        return result


def waits_of(events: Sequences, times: NDArray[np.int64], held_out: Interactions) -> NDArray[np.int64]:
    """[N] levels of the gap after each event: to the user's next one, after the last to the held-out one, if any."""
    waits = np.zeros(len(times), dtype=np.int64)
    waits[:-1] = levels.time_levels(np.diff(times))
    waits[events.ends - 1] = 0
    owners = np.minimum(np.searchsorted(events.user_ids, held_out.user_ids), len(events.user_ids) - 1)
    known = events.user_ids[owners] == held_out.user_ids
    last = events.ends[owners[known]] - 1
    waits[last] = levels.time_levels(held_out.timestamps[known] - times[last])
    return waits
