"""The loop over epochs: it ends when validation no longer gains, and the module keeps the weights of its best epoch."""

import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from domain.model_versions import EpochReport


class TargetBatch(Protocol):
    """The part of a batch that says which of its places are targets."""

    @property
    def valid(self) -> NDArray[np.bool_]: ...


SomeBatch = TypeVar("SomeBatch", bound=TargetBatch)


class Patience(Protocol):
    """The part of a recipe that says how long to go on."""

    @property
    def epochs(self) -> int:
        """How many there are at most."""
        ...

    @property
    def patience(self) -> int:
        """How many may pass without a gain."""
        ...


def one_pass(
    batches: Iterable[SomeBatch],
    loss_of: Callable[[SomeBatch], Tensor],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    longest_gradient: float | None = None,
) -> float:
    """One step for each batch, its gradient cut to a length where one is given; the mean loss of a target."""
    total, count = 0.0, 0
    for batch in batches:
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if longest_gradient is not None:
            nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], longest_gradient)
        optimizer.step()
        schedule.step()
        targets = int(batch.valid.sum())
        total, count = total + loss.item() * targets, count + targets
    return total / max(count, 1)


def fit(
    engine: str,
    model: nn.Module,
    limits: Patience,
    epoch: Callable[[], float],
    validate: Callable[[], float | None],
    on_epoch: Callable[[EpochReport], None],
) -> list[EpochReport]:
    """Run `epoch`, which gives its mean loss, and `validate`, for as long as it pays.

    Where there is nobody to validate on, `validate` gives None, and the last epoch counts as the best.
    """
    best: dict[str, Tensor] = {}
    reports: list[EpochReport] = []
    for number in range(1, limits.epochs + 1):
        started = time.perf_counter()
        model.train()
        loss = epoch()
        model.eval()
        value = validate()
        is_best = value is None or all(value > (report.validation or 0.0) for report in reports)
        if is_best:
            best = {name: weights.detach().clone() for name, weights in model.state_dict().items()}
        seconds = time.perf_counter() - started
        reports.append(EpochReport(engine, number, limits.epochs, loss, value, is_best, seconds))
        on_epoch(reports[-1])
        if not any(report.best for report in reports[-limits.patience :]):
            break
    model.load_state_dict(best)
    return reports
