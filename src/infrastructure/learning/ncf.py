"""Neural collaborative filtering with two towers and a deep head (after He et al., WWW 2017), as a PyTorch module."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.architecture import HEAD_LAYERS, ITEM_LAYERS, USER_LAYERS

#: share of the usual random weights that the head's first layer keeps beside its structured start
HEAD_NOISE = 0.3


class Ncf(nn.Module):
    """P(like) from a user's features and an item's.

    User tower: → 128 → 64; item tower: → 256 → 128 → 64; each layer linear, batch norm, ReLU. Both outputs, side by
    side, → 64 → 32 → 1 with ReLU between and a sigmoid at the end. Users have no embedding of their own: they are the
    pooled embeddings of what they rated.
    """

    def __init__(self, items: int, user_size: int, item_size: int, embedding_size: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(items, embedding_size) * embedding_size**-0.5)  # [n, d]
        self.user_tower = tower(user_size, USER_LAYERS)
        self.item_tower = tower(item_size + embedding_size, ITEM_LAYERS)
        first, second = HEAD_LAYERS
        self.head = nn.Sequential(
            nn.Linear(USER_LAYERS[-1] + ITEM_LAYERS[-1], first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, 1),
        )
        self.dropout = dropout

    @torch.no_grad()
    def start_from(self, vectors: Tensor, negatives: int) -> None:
        """Begin where learning is quick: embeddings at the item vectors [n, d], the head at comparing the two towers.

        Each unit of the head's first layer starts as a soft AND, relu(user + item - 1), of one output of either tower,
        and the last bias at the log-odds of one positive among the negatives. Without this the head spends its first
        epochs on finding out that the towers are to be compared at all.
        """
        self.embedding.copy_(vectors)
        first, last = cast(nn.Linear, self.head[0]), cast(nn.Linear, self.head[-1])
        size = HEAD_LAYERS[0]
        first.weight.mul_(HEAD_NOISE)
        first.weight[:, :size] += torch.eye(size)
        first.weight[:, size:] += torch.eye(size)
        first.bias.fill_(-1.0)
        last.bias.fill_(-math.log(max(negatives, 1)))

    def forward(self, user_features: Tensor, item_features: Tensor, embeddings: Tensor) -> Tensor:
        """[n] probabilities of a like for n pairs of features [n, Fu] and [n, Fi], and the items' embeddings [n, d]."""
        users = self.user_tower(user_features)
        items = self.item_tower(torch.cat([item_features, embeddings], dim=1))
        return torch.sigmoid(self.head(torch.cat([users, items], dim=1))).squeeze(-1)

    def user_shares(self, features: Tensor) -> Tensor:
        """[u, 64] what users with features [u, F] give to the head's first layer."""
        users = F.dropout(self.user_tower(features), self.dropout, self.training)
        first = cast(nn.Linear, self.head[0])
        return F.linear(users, first.weight[:, : USER_LAYERS[-1]], first.bias)

    def item_shares(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """[n, 64] what items with features [n, F] and embeddings [n, d] give to the head's first layer.

        While training, whole embeddings are left out now and then: that teaches the tower to do without for new items.
        """
        if self.training:
            embeddings = embeddings * (torch.rand_like(embeddings[:, :1]) >= self.dropout)
        items = self.item_tower(torch.cat([features, embeddings], dim=1))
        return F.linear(items, cast(nn.Linear, self.head[0]).weight[:, USER_LAYERS[-1] :])

    def logits(self, user_shares: Tensor, item_shares: Tensor) -> Tensor:
        """[…] log-odds of a like; the shares […, 64] broadcast, so that no tower runs once per pair."""
        return cast(Tensor, self.head[1:](user_shares + item_shares)).squeeze(-1)


def tower(size: int, layers: tuple[int, ...]) -> nn.Sequential:
    """Linear, batch norm and ReLU for each of the layers."""
    parts: list[nn.Module] = []
    for below, above in zip((size, *layers[:-1]), layers, strict=True):
        parts += [nn.Linear(below, above), nn.BatchNorm1d(above), nn.ReLU()]
    return nn.Sequential(*parts)
