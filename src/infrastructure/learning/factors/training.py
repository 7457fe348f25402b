"""Training the factors to rank each next item above the others."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from domain import metrics
from domain.model_versions import EpochReport
from infrastructure.learning import early_stopping
from infrastructure.learning.factors.module import Factors, warp_loss
from infrastructure.learning.material import Material
from infrastructure.learning.next_item.training import precision_of, rate_at
from infrastructure.learning.next_item.windows import WindowBatch, Windows
from infrastructure.learning.tower_training import CUT_OFF, RANKED_AT_ONCE, device_of, held_out, ranks_of

if TYPE_CHECKING:
    from infrastructure.learning.recipes.mf import MfRecipe

#: bias of the most popular item to begin with
FIRST_BIAS = 1.0


class FactorRun:
    """Everything that one run holds: the events, the module on its device, and who is asked about for validation."""

    def __init__(self, material: Material, recipe: "MfRecipe") -> None:
        self.recipe, self.events = recipe, material.events
        self.device = device_of(material.device)
        self.precision = precision_of(self.device)
        self.random = np.random.default_rng(material.seed)
        self.windows = Windows(self.events, recipe.history_length)
        vectors = torch.from_numpy(material.item_vectors(recipe.embedding_size))
        popularity = torch.from_numpy(FIRST_BIAS * material.shared.popularity[:, 0])
        self.model = Factors(vectors, popularity, recipe.decay).to(self.device)
        self.validation = held_out(self.events, material.vocabulary, material.validation, self.random)

    def fit(self, on_epoch: Callable[[EpochReport], None]) -> list[EpochReport]:
        """Train. The module holds the weights of the best epoch afterwards."""
        recipe = self.recipe
        optimizer = torch.optim.AdamW(self.model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
        # Each epoch cuts long histories at other places, and may have a few batches more or less.
        steps = recipe.epochs * sum(1 for _ in self.windows.batches(recipe.batch_size, np.random.default_rng(0)))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))

        def epoch() -> float:
            total, count = 0.0, 0
            for batch in self.windows.batches(recipe.batch_size, self.random):
                loss = self.loss(batch)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total, count = total + loss.item() * int(batch.valid.sum()), count + int(batch.valid.sum())
            return total / max(count, 1)

        return early_stopping.fit(recipe.name, self.model, recipe, epoch, self.validate, on_epoch)

    def loss(self, batch: WindowBatch) -> Tensor:
        """`warp_loss` of what came next against items that were drawn for the whole batch."""
        model, size = self.model, len(self.model.bias)
        users = F.dropout(self.users(batch.events)[self.tensor(batch.valid)], self.recipe.dropout, model.training)
        rows = self.tensor(self.events.rows[batch.targets])
        drawn = torch.randperm(size, device=self.device)[: self.recipe.negatives]
        users, items, bias = (part.to(self.precision) for part in (users, model.items, model.bias))
        targets = (users * F.embedding(rows, items)).sum(dim=1) + bias[rows]
        return warp_loss(targets, users @ items[drawn].t() + bias[drawn], drawn != rows[:, None], size)

    def users(self, events: NDArray[np.int64]) -> Tensor:
        """[b, T, d] the users after each of the events [b, T]."""
        return self.model.users(self.tensor(self.events.rows[events]), self.tensor(self.events.liked[events]))

    @torch.no_grad()
    def validate(self) -> float | None:
        """NDCG@10 of the held-out events among all items that their users had not had; None where there are none."""
        users, targets = self.validation
        if not len(users):
            return None
        ranks = []
        for start in range(0, len(users), RANKED_AT_ONCE):
            block = users[start : start + RANKED_AT_ONCE]
            begins = np.maximum(self.events.starts[block], self.events.ends[block] - self.recipe.history_length)
            lengths = self.events.ends[block] - begins
            read = np.minimum(begins[:, None] + np.arange(lengths.max()), len(self.events.rows) - 1)
            last = self.users(read)[torch.arange(len(block)), torch.from_numpy(lengths - 1)]
            scores = (last @ self.model.items.t() + self.model.bias).cpu().numpy()
            ranks.append(ranks_of(scores, targets[start : start + RANKED_AT_ONCE], self.events, block))
        return float(metrics.ndcg(np.concatenate(ranks), CUT_OFF).mean())

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The module's weights as plain arrays, by the names that it gives them."""
        return {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}

    def tensor(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(array).to(self.device)
