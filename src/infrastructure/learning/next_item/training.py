"""Training a next-item model: one loop, early stopping on the full catalogue, and the best weights kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from domain import metrics
from domain.model_versions import EpochReport
from infrastructure.learning import early_stopping
from infrastructure.learning.material import Material
from infrastructure.learning.next_item import events as levels
from infrastructure.learning.next_item.full_softmax import full_softmax
from infrastructure.learning.next_item.modules import NextItemModel
from infrastructure.learning.next_item.windows import Windows
from infrastructure.learning.tower_training import CUT_OFF, device_of, held_out, ranks_of

if TYPE_CHECKING:
    from infrastructure.learning.recipes.next_item import NextItemRecipe

#: share of the run in which the learning rate rises; from there it falls to nothing
WARM_UP = 0.06
#: what a step's gradient is cut to, as in most work on transformers
LONGEST_GRADIENT = 1.0
#: AdamW's memory; the shorter one for the squares is usual where few rows of an embedding are met in a step
BETAS = (0.9, 0.98)
#: users that are ranked at once
RANKED_AT_ONCE = 128


class NextItemRun:
    """Everything that one run holds: the events, the module on its device, and who is asked about for validation."""

    def __init__(self, material: Material, recipe: "NextItemRecipe", encoder: nn.Module) -> None:
        self.recipe, self.events = recipe, material.events
        self.device = device_of(material.device)
        self.precision = precision_of(self.device)
        self.times = material.interactions.timestamps
        self.random = np.random.default_rng(material.seed)
        self.windows = Windows(self.events, recipe.history_length)
        catalogue, vocabulary = material.training.catalogue, material.vocabulary
        content = levels.item_content(catalogue, vocabulary)[catalogue.positions(vocabulary.item_ids)]
        self.model = NextItemModel(encoder, torch.from_numpy(content), recipe.embedding_size).to(self.device)
        self.validation = held_out(self.events, vocabulary, material.validation, self.random)

    def fit(self, on_epoch: Callable[[EpochReport], None]) -> None:
        """The loop. The module holds the weights of the best epoch afterwards."""
        recipe = self.recipe
        optimizer = torch.optim.AdamW(
            self.model.parameters(), recipe.learning_rate, betas=BETAS, weight_decay=recipe.weight_decay
        )
        steps = sum(1 for _ in self.windows.batches(recipe.batch_size, np.random.default_rng(0)))
        # A cut that falls differently may make a batch more or less in an epoch.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps * recipe.epochs))
        early_stopping.fit(
            recipe.name, self.model, recipe, lambda: self.epoch(optimizer, schedule), self.validate, on_epoch
        )

    def epoch(self, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler) -> float:
        """One pass over all windows; the mean loss of an event."""
        total, count = 0.0, 0
        for batch in self.windows.batches(self.recipe.batch_size, self.random):
            vectors = self.model.item_vectors()
            told = self.read(vectors, batch.events)[self.tensor(batch.valid)]
            targets = self.tensor(self.events.rows[batch.targets])
            loss = full_softmax(told.to(self.precision), vectors.to(self.precision), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), LONGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            total, count = total + loss.item() * len(targets), count + len(targets)
        return total / max(count, 1)

    def read(self, vectors: Tensor, events: NDArray[np.int64]) -> Tensor:
        """[b, T, d] what the model says after each of the events [b, T]."""
        times = self.times[events]
        told = [self.events.rows[events], levels.rating_levels(self.events.ratings[events]), levels.gap_levels(times)]
        half = self.precision is not torch.float32
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            result: Tensor = self.model(vectors, *(self.tensor(column) for column in told), self.tensor(times))
        return result

    @torch.no_grad()
    def validate(self) -> float | None:
        """NDCG@10 of the held-out events among all items that their users had not had; None where there are none."""
        users, targets = self.validation
        if not len(users):
            return None
        vectors = self.model.item_vectors()
        ranks = []
        for start in range(0, len(users), RANKED_AT_ONCE):
            block = users[start : start + RANKED_AT_ONCE]
            begins = np.maximum(self.events.starts[block], self.events.ends[block] - self.recipe.history_length)
            lengths = self.events.ends[block] - begins
            read = np.minimum(begins[:, None] + np.arange(lengths.max()), len(self.events.rows) - 1)
            last = self.read(vectors, read)[torch.arange(len(block)), torch.from_numpy(lengths - 1)]
            scores = (last.float() @ vectors.t()).cpu().numpy()
            ranks.append(ranks_of(scores, targets[start : start + RANKED_AT_ONCE], self.events, block))
        return float(metrics.ndcg(np.concatenate(ranks), CUT_OFF).mean())

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The module's weights as plain arrays, by the names that it gives them."""
        return {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}

    def tensor(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def rate_at(step: int, steps: int) -> float:
    """The share of the highest learning rate at a step: a straight rise, then a straight fall."""
    rising = max(1.0, WARM_UP * steps)
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1.0, steps - rising)))


def precision_of(device: torch.device) -> torch.dtype:
    """Half precision where the hardware multiplies it directly: twice as fast there, and far slower elsewhere."""
    direct = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if direct else torch.float32
