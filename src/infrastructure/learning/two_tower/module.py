"""The two towers as a PyTorch module (after Covington et al., RecSys 2016, and Yi et al., RecSys 2019)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.features import POOLS

#: pools of the history whose mean embedding a user's vector begins at: what they took up lately
LATE_POOLS = ("newest", "recent", "session")


class TwoTower(nn.Module):
    """Vectors of length 1 for users and items; how near they are is how likely the item is to be taken up next.

    An item is its own embedding plus what two layers make of its content, so that one without ratings has a vector too.
    A user has no embedding: their vector is one linear map of the features of their history plus two layers over them.
    """

    def __init__(
        self, items: int, user_size: int, item_size: int, embedding_size: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(items, embedding_size) * embedding_size**-0.5)  # [n, d]
        self.user_map = nn.Linear(user_size, embedding_size, bias=False)
        self.user_layers = layers(user_size, hidden_size, embedding_size)
        self.item_layers = layers(item_size, hidden_size, embedding_size)
        self.dropout = dropout

    @torch.no_grad()
    def start_from(self, vectors: Tensor, event_size: int) -> None:
        """Begin at the item vectors [n, d], and each user at the mean of what they took up lately.

        So training has only to improve on the nearest neighbours. In the features of a user, each pool has
        `event_size` columns after those of its embedding.
        """
        self.embedding.copy_(vectors)
        size = vectors.shape[1]
        self.user_map.weight.zero_()
        for pool, named in enumerate(POOLS):
            if named.name in LATE_POOLS:
                begin = pool * (size + event_size)
                self.user_map.weight[:, begin : begin + size] = torch.eye(size) / len(LATE_POOLS)
        for part in (self.user_layers, self.item_layers):
            # Their biases stay as they are: whoever has no history yet needs some direction.
            nn.init.zeros_(part[-1].weight)  # type: ignore[arg-type]

    def users(self, features: Tensor) -> Tensor:
        """[u, d] of features [u, F]."""
        first, relu, last = self.user_layers
        hidden = F.dropout(relu(first(features)), self.dropout, self.training)
        return F.normalize(self.user_map(features) + last(hidden), dim=1)

    def items(self, facts: Tensor, embeddings: Tensor) -> Tensor:
        """[n, d] of content [n, F] and embeddings [n, d].

        While training, whole embeddings are left out now and then: so content learns to stand alone for new items.
        """
        if self.training:
            embeddings = embeddings * (torch.rand_like(embeddings[:, :1]) >= self.dropout)
        return F.normalize(embeddings + self.item_layers(facts), dim=1)


def layers(below: int, hidden: int, above: int) -> nn.Sequential:
    """Two linear layers with ReLU between."""
    return nn.Sequential(nn.Linear(below, hidden), nn.ReLU(), nn.Linear(hidden, above))
