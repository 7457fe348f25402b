"""Training the two towers by telling the next item from the others."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.material import Material
from infrastructure.learning.next_item.full_softmax import full_softmax
from infrastructure.learning.sequences import Batch
from infrastructure.learning.tower_training import TowerRun
from infrastructure.learning.two_tower.module import TwoTower
from infrastructure.learning.two_tower.sampled_softmax import sampled_softmax
from infrastructure.learning.window_training import precision_of

if TYPE_CHECKING:
    from infrastructure.learning.recipes.two_tower import TwoTowerRecipe


class TwoTowerRun(TowerRun[TwoTower, "TwoTowerRecipe"]):
    """A run of the two towers."""

    def __init__(self, material: Material, recipe: "TwoTowerRecipe") -> None:
        super().__init__(material, recipe)
        self.precision = precision_of(self.device)
        counts = np.bincount(self.events.rows, minlength=len(self.vocabulary))
        self.log_shares = self.tensor(np.log(counts / counts.sum()).astype(np.float32))

    def new_model(self, vectors: NDArray[np.float32]) -> TwoTower:
        recipe, vocabulary = self.recipe, self.vocabulary
        model = TwoTower(
            len(vocabulary),
            vocabulary.user_size(recipe.embedding_size),
            vocabulary.item_size,
            recipe.embedding_size,
            recipe.hidden_size,
            recipe.dropout,
        )
        model.start_from(torch.from_numpy(vectors), vocabulary.event_size)
        return model

    @property
    def embedding(self) -> Tensor:
        return self.model.embedding

    def items(self) -> Tensor:
        """[n, d] their vectors."""
        return self.model.items(self.facts, self.model.embedding)

    def scores(self, users: Tensor, items: Tensor) -> Tensor:
        return self.model.users(users) @ items.t()

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the targets over the catalogue or, for `sampled`, over the items of the batch."""
        rows = self.tensor(self.events.rows[batch.targets[batch.valid]])
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision is not torch.float32):
            users = self.model.users(self.batch_features(batch)) / self.recipe.temperature
            if self.recipe.loss == "full":
                return full_softmax(users.to(self.precision), self.items().to(self.precision), rows)
            used, places = torch.unique(rows, return_inverse=True)
            items = self.model.items(self.facts[used], F.embedding(used, self.model.embedding))
        owners = self.tensor(np.repeat(np.arange(len(batch.users)), batch.valid.sum(axis=1)))
        return sampled_softmax(users.float(), items.float(), places, owners, self.log_shares[used])
