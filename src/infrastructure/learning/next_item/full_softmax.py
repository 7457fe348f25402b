"""Cross-entropy over the whole catalogue without ever holding the logits of a batch."""

from typing import Any

import torch
from torch import Tensor

#: rows whose logits exist at one time: few enough for them to stay in the processor's cache
ROWS = 512
#: smallest probability that a loss is taken of
LEAST = 1e-9


class FullSoftmax(torch.autograd.Function):
    """The mean cross-entropy of a linear layer, its gradients made while its loss is.

    The logits of a batch would be `m * n` numbers that are written and read again several times; made and used up a few
    rows at a time they cost a fraction of it. (The fusing is that of Hsu et al., Liger Kernel, 2024.)
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, items: Tensor, targets: Tensor) -> Tensor:
        """The loss of telling `targets` [m] among `items` [n, d] by `hidden` [m, d]; both decide the precision."""
        d_hidden = torch.empty_like(hidden)
        d_items = torch.zeros(items.shape, dtype=torch.float32, device=items.device)
        loss = torch.zeros((), dtype=torch.float32, device=items.device)
        columns = items.t()
        for start in range(0, len(targets), ROWS):
            part = slice(start, start + ROWS)
            wanted = targets[part]
            own = torch.arange(len(wanted), device=items.device)
            probabilities = torch.softmax(hidden[part] @ columns, dim=1)
            loss -= probabilities[own, wanted].float().clamp_min(LEAST).log().sum()
            probabilities[own, wanted] -= 1.0
            d_hidden[part] = probabilities @ items
            d_items += (probabilities.t() @ hidden[part]).float()
        ctx.save_for_backward(d_hidden, d_items / len(targets))
        ctx.count = len(targets)
        return loss / len(targets)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        d_hidden, d_items = ctx.saved_tensors
        scale = gradients[0]
        return d_hidden * (scale / ctx.count).to(d_hidden.dtype), (d_items * scale).to(d_hidden.dtype), None


def full_softmax(hidden: Tensor, items: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy, a scalar, of `hidden` [m, d] against `items` [n, d] with one target [m] a row."""
    loss: Tensor = FullSoftmax.apply(hidden, items, targets)  # type: ignore[no-untyped-call]
    return loss
