"""The next-item model as PyTorch modules: what is known of each event, an encoder of their order, and tied items."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from infrastructure.learning.next_item.events import GAPS, RATINGS

#: spread of the weights that are looked up, to begin with
SPREAD = 0.05


class AttentionBlock(nn.Module):
    """Pre-norm self-attention and a two-layer network, as in SASRec with the norms moved (Kang & McAuley, 2018)."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.network_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.queries_keys_values, self.mixed = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, future: Tensor) -> Tensor:
        """[b, T, d] of x [b, T, d]; `future` [T, T] is -inf where an event must not look."""
        queries, keys, values = by_head(self.queries_keys_values(self.attention_norm(x)), 3, self.heads)
        closeness = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])  # [b, h, T, T]
        seen = torch.softmax(closeness + future.to(closeness.dtype), dim=-1) @ values
        x = x + self.dropout(self.mixed(joined(seen)))
        # Written out: a fused attention kernel is several times slower on a CPU at this size.
        wider = F.gelu(self.widen(self.network_norm(x)))
        told: Tensor = x + self.dropout(self.narrow(wider))
        return told


class SelfAttention(nn.Module):
    """SASRec's encoder: learned places, then blocks of causal softmax attention."""

    def __init__(self, size: int, length: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.places = nn.Parameter(SPREAD * torch.randn(length, size))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(AttentionBlock(size, heads, dropout) for _ in range(blocks))

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        """[b, T, d] of events x [b, T, d]; the times are not looked at."""
        steps = x.shape[1]
        future = torch.full((steps, steps), -math.inf, device=x.device).triu(1)
        x = self.dropout(x + self.places[:steps])
        for block in self.blocks:
            x = block(x, future)
        return x


class PointwiseBlock(nn.Module):
    """Pointwise aggregated attention with a gate and biases by distance in place and time (Zhai et al., HSTU, 2024).

    Nothing is normalised over the events, so that how much of a thing there was is not lost.
    """

    def __init__(self, size: int, length: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.input_norm, self.seen_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.gates_values_queries_keys, self.mixed = nn.Linear(size, 4 * size), nn.Linear(size, size)
        self.by_distance = nn.Parameter(torch.zeros(heads, length))
        self.by_time = nn.Parameter(torch.zeros(GAPS, heads))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, distances: Tensor, spans: Tensor, past: Tensor) -> Tensor:
        """[b, T, d] of x [b, T, d]; distances [T, T] in places, spans [b, T, T] in `time_levels`, past [T, T]."""
        shares = F.silu(self.gates_values_queries_keys(self.input_norm(x)))
        gates, values, queries, keys = by_head(shares, 4, self.heads)
        closeness = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])  # [b, h, T, T]
        closeness = closeness + self.by_distance.to(closeness.dtype)[:, distances]
        closeness = closeness + self.by_time.to(closeness.dtype)[spans].permute(0, 3, 1, 2)
        seen = (F.silu(closeness) * past.to(closeness.dtype)) @ values
        told: Tensor = x + self.dropout(self.mixed(self.seen_norm(joined(seen)) * joined(gates)))
        return told


class PointwiseAttention(nn.Module):
    """HSTU's encoder. The spans of time are those between past events."""

    def __init__(self, size: int, length: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.places = nn.Parameter(SPREAD * torch.randn(length, size))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(PointwiseBlock(size, length, heads, dropout) for _ in range(blocks))

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        """[b, T, d] of events x [b, T, d] at `times` [b, T], in unix seconds."""
        places = torch.arange(x.shape[1], device=x.device)
        distances = (places[:, None] - places).clamp_min(0)
        past = places[:, None] >= places
        passed = (times[:, :, None] - times[:, None, :]).clamp_min(0)
        spans = (1 + (passed.float() + 1.0).log2().long()).clamp_max(GAPS - 1)
        x = self.dropout(x + self.places[: x.shape[1]])
        for block in self.blocks:
            x = block(x, distances, spans, past)
        return x


class Recurrent(nn.Module):
    """A GRU or LSTM as in GRU4Rec (Hidasi et al., ICLR 2016), over whole histories."""

    def __init__(self, cell: Callable[..., nn.Module], size: int, dropout: float) -> None:
        super().__init__()
        self.cells, self.dropout = cell(size, size, batch_first=True), nn.Dropout(dropout)

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        """[b, T, d] of events x [b, T, d]; the times are not looked at."""
        with torch.autocast(x.device.type, enabled=False):  # small steps gain nothing from half precision
            seen: Tensor = self.cells(self.dropout(x.float()))[0]
        return seen


class NextItemModel(nn.Module):
    """Reads events and gives, for each, what the next item's vector should be like.

    An item's vector is its own embedding plus what its content adds. The same vectors are read and told. A model that
    `asks_when` is told of each event, too, how long after it the next one is.
    """

    content: Tensor  # [n, C]

    def __init__(self, encoder: nn.Module, content: Tensor, size: int, asks_when: bool = False) -> None:
        super().__init__()
        self.register_buffer("content", content, persistent=False)
        self.embedding = nn.Parameter(SPREAD * torch.randn(len(content), size))
        self.content_weight = nn.Parameter(SPREAD / 2 * torch.randn(content.shape[1], size))
        self.rating = nn.Parameter(SPREAD / 2 * torch.randn(RATINGS, size))
        self.gap = nn.Parameter(SPREAD / 2 * torch.randn(GAPS, size))
        self.wait = nn.Parameter(SPREAD / 2 * torch.randn(GAPS, size)) if asks_when else None
        self.encoder, self.norm = encoder, nn.LayerNorm(size)

    def item_vectors(self) -> Tensor:
        """[n, d] what every item is read as and told by."""
        return self.embedding + self.content @ self.content_weight

    def forward(
        self, vectors: Tensor, rows: Tensor, ratings: Tensor, gaps: Tensor, waits: Tensor, times: Tensor
    ) -> Tensor:
        """[b, T, d] of items by row, levels of ratings, gaps and waits, and times in unix seconds, all [b, T]."""
        items = F.embedding(rows, vectors) * math.sqrt(vectors.shape[1])
        events = items + F.embedding(ratings, self.rating) + F.embedding(gaps, self.gap)
        if self.wait is not None:
            events = events + F.embedding(waits, self.wait)
        told: Tensor = self.norm(self.encoder(events, times))
        return told


def by_head(x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
    """`parts` tensors [b, h, T, d / h] of one [b, T, parts · d]."""
    batch, steps, width = x.shape
    return x.view(batch, steps, parts, heads, width // parts // heads).permute(2, 0, 3, 1, 4).unbind(0)


def joined(x: Tensor) -> Tensor:
    """[b, T, d] of [b, h, T, d / h]."""
    return x.transpose(1, 2).flatten(2)
