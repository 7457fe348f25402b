"""Training the factors to rank each next item above the others."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.factors.module import Factors, warp_loss
from infrastructure.learning.material import Material
from infrastructure.learning.next_item.windows import WindowBatch
from infrastructure.learning.window_training import WindowRun

if TYPE_CHECKING:
    from infrastructure.learning.recipes.mf import MfRecipe

#: bias of the most popular item to begin with
FIRST_BIAS = 1.0


class FactorRun(WindowRun[Factors, "MfRecipe"]):
    """A run of the factors."""

    recipe: "MfRecipe"

    def new_model(self, material: Material) -> Factors:
        vectors = torch.from_numpy(material.item_vectors(self.recipe.embedding_size))
        popularity = torch.from_numpy(FIRST_BIAS * material.shared.popularity[:, 0])
        return Factors(vectors, popularity, self.recipe.decay)

    def loss(self, batch: WindowBatch) -> Tensor:
        """`warp_loss` of what came next against items that were drawn for the whole batch."""
        model, size = self.model, len(self.model.bias)
        users = F.dropout(self.users(batch.events)[self.tensor(batch.valid)], self.recipe.dropout, model.training)
        rows = self.tensor(self.events.rows[batch.targets])
        drawn = torch.randperm(size, device=self.device)[: self.recipe.negatives]
        users, items, bias = (part.to(self.precision) for part in (users, model.items, model.bias))
        targets = (users * F.embedding(rows, items)).sum(dim=1) + bias[rows]
        return warp_loss(targets, users @ items[drawn].t() + bias[drawn], drawn != rows[:, None], size)

    def scores(self, events: NDArray[np.int64], last: tuple[Tensor, Tensor]) -> Tensor:
        return self.users(events)[last] @ self.model.items.t() + self.model.bias

    def users(self, events: NDArray[np.int64]) -> Tensor:
        """[b, T, d] the users after each of the events [b, T]."""
        return self.model.users(self.tensor(self.events.rows[events]), self.tensor(self.events.liked[events]))
