"""`hstu`: pointwise attention over the history that knows how much time passed between its events."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from infrastructure.learning.next_item.encoders import Encoder, pointwise_attention
from infrastructure.learning.next_item.events import GAPS
from infrastructure.learning.recipes.next_item import NextItemRecipe, flaw_of_heads, linear_shapes, norm_shapes
from infrastructure.learning.recipes.recipe import Shapes, number

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class HstuRecipe(NextItemRecipe):
    """`blocks` of pointwise attention (Zhai et al., 2024). `heads` must divide the embedding size.

    Unlike there, the time of the request is not told: spans of time are those between past events.
    """

    name: ClassVar[str] = "hstu"

    blocks: int = number(2, 1, 64)
    heads: int = number(2, 1, 64)

    def flaw(self) -> str | None:
        return flaw_of_heads(self.embedding_size, self.heads)

    def module(self) -> "nn.Module":
        from infrastructure.learning.next_item.modules import PointwiseAttention

        return PointwiseAttention(self.embedding_size, self.history_length, self.blocks, self.heads, self.dropout)

    def encoder(self) -> Encoder:
        return partial(pointwise_attention, heads=self.heads)

    def encoder_shapes(self) -> Shapes:
        d = self.embedding_size
        shapes: Shapes = {"places": (self.history_length, d)}
        for block in range(self.blocks):
            name = f"blocks.{block}"
            shapes |= norm_shapes(f"{name}.input_norm", d) | norm_shapes(f"{name}.seen_norm", d)
            shapes |= linear_shapes(f"{name}.gates_values_queries_keys", d, 4 * d)
            shapes |= linear_shapes(f"{name}.mixed", d, d)
            shapes |= {f"{name}.by_distance": (self.heads, self.history_length), f"{name}.by_time": (GAPS, self.heads)}
        return shapes
