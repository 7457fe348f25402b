"""`sequence`: a transformer over the history, after SASRec."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from infrastructure.learning.next_item.encoders import Encoder, softmax_attention
from infrastructure.learning.recipes.next_item import NextItemRecipe, flaw_of_heads, linear_shapes, norm_shapes
from infrastructure.learning.recipes.recipe import Shapes, number

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class SequenceRecipe(NextItemRecipe):
    """`blocks` of causal softmax attention (Kang & McAuley, 2018). `heads` must divide the embedding size."""

    name: ClassVar[str] = "sequence"

    blocks: int = number(2, 1, 64)
    heads: int = number(2, 1, 64)

    def flaw(self) -> str | None:
        return flaw_of_heads(self.embedding_size, self.heads)

    def module(self) -> "nn.Module":
        from infrastructure.learning.next_item.modules import SelfAttention

        return SelfAttention(self.embedding_size, self.history_length, self.blocks, self.heads, self.dropout)

    def encoder(self) -> Encoder:
        return partial(softmax_attention, heads=self.heads)

    def encoder_shapes(self) -> Shapes:
        d = self.embedding_size
        shapes: Shapes = {"places": (self.history_length, d)}
        for block in range(self.blocks):
            name = f"blocks.{block}"
            shapes |= norm_shapes(f"{name}.attention_norm", d) | norm_shapes(f"{name}.network_norm", d)
            shapes |= linear_shapes(f"{name}.queries_keys_values", d, 3 * d) | linear_shapes(f"{name}.mixed", d, d)
            shapes |= linear_shapes(f"{name}.widen", d, 4 * d) | linear_shapes(f"{name}.narrow", 4 * d, d)
        return shapes
