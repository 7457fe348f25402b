"""Training the neural model: cross-entropy of every event against its sampled negatives."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.material import Material
from infrastructure.learning.ncf import Ncf
from infrastructure.learning.sequences import Batch
from infrastructure.learning.tower_training import TowerRun

if TYPE_CHECKING:
    from infrastructure.learning.recipes.ncf import NcfRecipe


class TrainingRun(TowerRun[Ncf, "NcfRecipe"]):
    """A run of the neural model."""

    def __init__(self, material: Material, recipe: "NcfRecipe") -> None:
        super().__init__(material, recipe, recipe.negatives, recipe.popular_negatives)

    def new_model(self, vectors: NDArray[np.float32]) -> Ncf:
        recipe, vocabulary = self.recipe, self.vocabulary
        user_size = vocabulary.user_size(recipe.embedding_size)
        model = Ncf(len(vocabulary), user_size, vocabulary.item_size, recipe.embedding_size, recipe.dropout)
        model.start_from(torch.from_numpy(vectors), recipe.negatives)
        return model

    @property
    def embedding(self) -> Tensor:
        return self.model.embedding

    def items(self) -> Tensor:
        """[n, 64] what the items give to the head."""
        return self.model.item_shares(self.facts, self.model.embedding)

    def scores(self, users: Tensor, items: Tensor) -> Tensor:
        return self.model.logits(self.model.user_shares(users)[:, None], items[None])

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy of every target and of its negatives, summed over the negatives, per target."""
        targets = batch.targets[batch.valid]  # [e]
        rows, places = np.unique(
            np.concatenate([batch.negatives.ravel(), self.events.rows[targets]]), return_inverse=True
        )
        valid, unseen = self.tensor(batch.valid), self.tensor(batch.unseen)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            used = self.tensor(rows)
            items = self.model.item_shares(self.facts[used], F.embedding(used, self.model.embedding))  # [i, 64]
            users = self.model.user_shares(self.batch_features(batch))  # [e, 64]
            positive = self.model.logits(users, F.embedding(self.tensor(places[batch.negatives.size :]), items))
            drawn = self.tensor(places[: batch.negatives.size]).view(batch.negatives.shape)
            # A stretch shares its negatives: laid out as a grid, no vector is copied once per pair.
            grid = users.new_zeros((*valid.shape, users.shape[-1])).index_put(valid.nonzero(as_tuple=True), users)
            negative = self.model.logits(grid[:, :, None], F.embedding(drawn, items)[:, None])  # [b, T, K]
        worth = torch.where(self.tensor(self.events.liked[targets]), 1.0, self.recipe.disliked_weight)
        wrong = F.softplus(negative.float()) * (unseen[:, None] & valid[:, :, None])
        return ((F.softplus(-positive.float()) * worth).sum() + wrong.sum()) / len(positive)
