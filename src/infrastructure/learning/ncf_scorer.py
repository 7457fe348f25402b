"""Serving the neural model with NumPy alone: nothing here imports PyTorch.

Batch norms are folded into the layers below them, and everything that depends on the item alone is computed when the
model is loaded. A request then costs one user tower and two small layers over its candidates.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Context, Reason
from infrastructure.generators import leaving_out
from infrastructure.learning import features
from infrastructure.learning.architecture import ITEM_LAYERS, USER_LAYERS
from infrastructure.learning.history_features import HistoryFeatures
from infrastructure.learning.shared_parts import SharedParts

Floats = NDArray[np.float32]
Layer = tuple[Floats, Floats]  # weights [in, out], bias [out]

#: what PyTorch's BatchNorm1d adds to a variance
BATCH_NORM_EPSILON = 1e-5
#: how many items an explanation compares the explained ones with
COMPARED = 256


class NcfRanker:
    """Ranks by P(like), for one catalogue. Items and events that the model has not seen count by their content."""

    reads_anew = False

    name = "ncf"

    def __init__(
        self, catalogue: Catalogue, shared: SharedParts, weights: Mapping[str, Floats], history_length: int
    ) -> None:
        self._users = HistoryFeatures(catalogue, shared, weights["embedding"], history_length)
        self._user_tower = folded(weights, "user_tower", len(USER_LAYERS))
        first, *self._head = [linear(weights, f"head.{place}") for place in (0, 2, 4)]
        self._first: Layer = (first[0][: USER_LAYERS[-1]], first[1])
        facts = features.item_features(catalogue, shared.vocabulary, shared.popularity)
        item_tower = folded(weights, "item_tower", len(ITEM_LAYERS))
        items = run_tower(item_tower, np.concatenate([facts, self._users.embeddings], axis=1))
        self._item_shares = items @ first[0][USER_LAYERS[-1] :]  # [n, 64]

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] P(like) of the positions [c]."""
        return np.asarray(self._likely(context, positions, left_out=0)[0], dtype=np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Exact leave-one-out over the last events."""
        return leaving_out.reasons(context, positions, self.losses(context, positions))

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the standing of the positions [c] would lose without each event; 0 for those not tried.

        They are compared with a part of the eligible items, which tells nearly as much as all and costs less.
        """
        events = self._users.explained(context)
        eligible = np.flatnonzero(context.eligible)
        others = eligible[:: max(1, len(eligible) // COMPARED)]
        likely = self._likely(context, np.concatenate([positions, others]), len(events))
        return leaving_out.losses(context, events, likely[:, : len(positions)], likely[:, len(positions) :])

    def _likely(self, context: Context, positions: NDArray[np.int64], left_out: int) -> NDArray[np.float64]:
        """[1 + left_out, c] P(like) with the whole history, then without each of its last events, oldest first."""
        return np.asarray(1.0 / (1.0 + np.exp(-self._logits(context, positions, left_out))), dtype=np.float64)

    def _logits(self, context: Context, positions: NDArray[np.int64], left_out: int) -> NDArray[np.float64]:
        """[1 + left_out, c] log-odds with the whole history, then without each of its last events, oldest first."""
        shares = run_tower(self._user_tower, self._users(context, left_out)) @ self._first[0] + self._first[1]
        hidden = shares[:, None, :] + self._item_shares[positions][None]  # [1 + left_out, c, 64]
        np.maximum(hidden, 0.0, out=hidden)
        (second, second_bias), (last, last_bias) = self._head
        hidden = hidden.reshape(-1, hidden.shape[-1]) @ second
        hidden += second_bias
        np.maximum(hidden, 0.0, out=hidden)
        logits = (hidden @ last).reshape(len(shares), len(positions)) + last_bias
        return logits.astype(np.float64)


def linear(weights: Mapping[str, Floats], name: str) -> Layer:
    """A linear layer, its weights the way round that rows of features are multiplied with."""
    return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]


def folded(weights: Mapping[str, Floats], tower: str, layers: int) -> list[Layer]:
    """The linear layers of a tower with their batch norms, as they are when not training, multiplied in."""
    result = []
    for layer in range(layers):
        matrix, bias = linear(weights, f"{tower}.{3 * layer}")
        norm = f"{tower}.{3 * layer + 1}"
        scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
        shift = weights[f"{norm}.bias"] + (bias - weights[f"{norm}.running_mean"]) * scale
        result.append(((matrix * scale).astype(np.float32), shift.astype(np.float32)))
    return result


def run_tower(tower: Sequence[Layer], rows: Floats) -> Floats:
    """[b, out] of rows [b, in]."""
    for matrix, bias in tower:
        rows = np.maximum(rows @ matrix + bias, 0.0)
    return rows
