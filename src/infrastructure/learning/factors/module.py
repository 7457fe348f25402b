"""Factors of events and items as a PyTorch module."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by


class Factors(nn.Module):
    """A user is the decayed sum of the factors of their events; an item's score its product with them, and its bias.

    An event that was not liked counts `disliked` times one that was. It is learnt, and so is its sign.
    """

    def __init__(self, vectors: Tensor, popularity: Tensor, decay: float) -> None:
        """Begin at the item vectors [n, d] and at biases that follow `popularity` [n]."""
        super().__init__()
        self.events = nn.Parameter(vectors.clone())
        self.items = nn.Parameter(vectors.clone())
        self.bias = nn.Parameter(popularity.clone())
        self.disliked = nn.Parameter(torch.ones(1))
        self.decay = decay

    def users(self, rows: Tensor, liked: Tensor) -> Tensor:
        """[b, T, d] users after each of their events, items by row [b, T], the oldest first; `liked` [b, T]."""
        places = torch.arange(rows.shape[1], device=rows.device)
        ages = places[:, None] - places
        weights = torch.where(ages >= 0, torch.exp(-ages / self.decay), 0.0)  # [T, T]
        worth = torch.where(liked, 1.0, self.disliked)
        return weights @ (F.embedding(rows, self.events) * worth[..., None])


def warp_loss(targets: Tensor, drawn: Tensor, others: Tensor, items: int) -> Tensor:
    """The mean WARP-like loss, a scalar, of scores of targets [e] and of items that were drawn [e, s].

    WARP (Weston, Bengio & Usunier, IJCAI 2011) draws items until one scores less than 1 below the target, takes the
    target's rank from how many draws that took, and weighs the violation by the logarithm of the rank. Here all draws
    are made at once: what the violations add up to, scaled from s draws to all `items`, stands for the rank, and the
    loss is the logarithm of one more (the batch form of Liu & Natarajan, 2017). `others` [e, s] is False where the
    target itself was drawn.
    """
    violations = torch.relu(1.0 + drawn - targets[:, None]) * others
    ranks = violations.sum(dim=1, dtype=torch.float32) * ((items - 1) / max(drawn.shape[1], 1))
    return torch.log1p(ranks).mean()
