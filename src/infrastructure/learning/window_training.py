"""Training models that read histories event by event: what feeds them, and how they are validated."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from domain import metrics
from domain.model_versions import EpochReport
from infrastructure.learning import early_stopping
from infrastructure.learning.material import Material
from infrastructure.learning.next_item.windows import WindowBatch, Windows
from infrastructure.learning.tower_training import (
    CUT_OFF,
    RANKED_AT_ONCE,
    TowerRecipe,
    device_of,
    held_out,
    ranks_of,
)

#: share of the run in which the learning rate rises; from there it falls to nothing
WARM_UP = 0.06

Model = TypeVar("Model", bound=nn.Module)
SomeRecipe = TypeVar("SomeRecipe", bound=TowerRecipe)


class WindowRun(ABC, Generic[Model, SomeRecipe]):
    """Everything that one run holds: the events, the module on its device, and who is asked about for validation."""

    #: AdamW's memory of the gradients and of their squares
    betas = (0.9, 0.999)
    #: what a step's gradient is cut to, if anything
    longest_gradient: float | None = None

    def __init__(self, material: Material, recipe: SomeRecipe) -> None:
        self.recipe, self.events = recipe, material.events
        self.device = device_of(material.device)
        self.precision = precision_of(self.device)
        self.random = np.random.default_rng(material.seed)
        self.windows = Windows(self.events, recipe.history_length)
        self.model = self.new_model(material).to(self.device)
        self.validation = held_out(self.events, material.vocabulary, material.validation, self.random)

    @abstractmethod
    def new_model(self, material: Material) -> Model:
        """The module as it begins."""

    @abstractmethod
    def loss(self, batch: WindowBatch) -> Tensor:
        """The mean loss of the batch's targets."""

    @abstractmethod
    def scores(self, events: NDArray[np.int64], last: tuple[Tensor, Tensor]) -> Tensor:
        """[b, n] scores of all items after the `last` places of the windows of events [b, T]."""

    def fit(self, on_epoch: Callable[[EpochReport], None]) -> list[EpochReport]:
        """Train. The module holds the weights of the best epoch afterwards."""
        recipe = self.recipe
        optimizer = torch.optim.AdamW(
            self.model.parameters(), recipe.learning_rate, betas=self.betas, weight_decay=recipe.weight_decay
        )
        # Each epoch cuts long histories at other places, and may have a few batches more or less.
        steps = recipe.epochs * sum(1 for _ in self.windows.batches(recipe.batch_size, np.random.default_rng(0)))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, steps))

        def epoch() -> float:
            batches = self.windows.batches(recipe.batch_size, self.random)
            return early_stopping.one_pass(batches, self.loss, optimizer, schedule, self.longest_gradient)

        return early_stopping.fit(recipe.name, self.model, recipe, epoch, self.validate, on_epoch)

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
            last = (torch.arange(len(block)), torch.from_numpy(lengths - 1))
            scores = self.scores(read, last).cpu().numpy()
            ranks.append(ranks_of(scores, targets[start : start + RANKED_AT_ONCE], self.events, block))
        return float(metrics.ndcg(np.concatenate(ranks), CUT_OFF).mean())

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The module's weights as plain arrays, by the names that it gives them."""
        return {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}

    def tensor(self, array: NDArray[np.generic]) -> Tensor:
        """The array on the run's device."""
        return torch.from_numpy(array).to(self.device)


def rate_at(step: int, steps: int) -> float:
    """The share of the highest learning rate at a step: a straight rise, then a straight fall."""
    rising = max(1.0, WARM_UP * steps)
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1.0, steps - rising)))


def precision_of(device: torch.device) -> torch.dtype:
    """Half precision where the hardware multiplies it directly: twice as fast there, and far slower elsewhere."""
    direct = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if direct else torch.float32
