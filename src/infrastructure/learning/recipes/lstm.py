"""`lstm`: a recurrent network over the history."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from infrastructure.learning.next_item.encoders import Encoder, lstm
from infrastructure.learning.recipes.next_item import NextItemRecipe
from infrastructure.learning.recipes.recipe import Shapes

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LstmRecipe(NextItemRecipe):
    """One layer of LSTM cells, as wide as the embeddings (Hidasi et al., 2016)."""

    name: ClassVar[str] = "lstm"

    def module(self) -> "nn.Module":
        from torch import nn

        from infrastructure.learning.next_item.modules import Recurrent

        return Recurrent(nn.LSTM, self.embedding_size, self.dropout)

    def encoder(self) -> Encoder:
        return lstm

    def encoder_shapes(self) -> Shapes:
        d, wide = self.embedding_size, 4 * self.embedding_size
        return {
            "cells.weight_ih_l0": (wide, d),
            "cells.weight_hh_l0": (wide, d),
            "cells.bias_ih_l0": (wide,),
            "cells.bias_hh_l0": (wide,),
        }
