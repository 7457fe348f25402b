"""Serving the neural model with NumPy alone: nothing here imports PyTorch.

Batch norms are folded into the layers below them, and everything that depends on the item alone is computed when the
model is loaded. A request then costs one user tower and two small layers over its candidates.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.catalogue import Catalogue
from domain.recommendation import Context, Reason
from infrastructure.generators.signals import general_reason, liked_genres
from infrastructure.learning import features
from infrastructure.learning.architecture import ITEM_LAYERS, USER_LAYERS
from infrastructure.learning.shared_parts import SharedParts, by_position

Floats = NDArray[np.float32]
Layer = tuple[Floats, Floats]  # weights [in, out], bias [out]

#: the last events that an explanation tries to do without
EXPLAINED = 20
#: what PyTorch's BatchNorm1d adds to a variance
BATCH_NORM_EPSILON = 1e-5


class NcfRanker:
    """Ranks by P(like), for one catalogue. Items and events that the model has not seen count by their content."""

    name = "ncf"

    def __init__(
        self, catalogue: Catalogue, shared: SharedParts, weights: Mapping[str, Floats], history_length: int
    ) -> None:
        self._vocabulary = shared.vocabulary
        self._history_length = history_length
        self._user_tower = folded(weights, "user_tower", len(USER_LAYERS))
        first, *self._head = [linear(weights, f"head.{place}") for place in (0, 2, 4)]
        self._first: Layer = (first[0][: USER_LAYERS[-1]], first[1])
        embeddings = by_position(catalogue, shared.vocabulary, weights["embedding"])
        facts = features.item_features(catalogue, shared.vocabulary, shared.popularity)
        item_tower = folded(weights, "item_tower", len(ITEM_LAYERS))
        items = run_tower(item_tower, np.concatenate([facts, embeddings], axis=1))
        self._item_shares = items @ first[0][USER_LAYERS[-1] :]  # [n, 64]
        genres = features.genre_columns(catalogue, shared.vocabulary.genre_names)
        self._values = np.concatenate([embeddings, genres], axis=1)  # [n, d + G]

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] P(like) of the positions [c]."""
        logits = self._logits(context, positions, left_out=0)[0]
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Exact leave-one-out: what each of the last events adds is what the log-odds lose without it."""
        # An event beyond the window adds nothing, and there is nothing to leave out.
        count = min(len(context.positions), EXPLAINED, self._history_length)
        logits = self._logits(context, positions, left_out=count)
        added = np.zeros((len(positions), len(context.positions)))
        added[:, len(context.positions) - count :] = (logits[0] - logits[1:]).T
        taste = liked_genres(context)
        return [
            explaining.because_you_liked(context, row) or general_reason(context, position, taste)
            for row, position in zip(added, positions.tolist(), strict=True)
        ]

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

    def _users(self, context: Context, left_out: int) -> Floats:
        """[1 + left_out, F] features of the user, then of the same user without each of the last events."""
        length = self._history_length
        # One event more than the window: without a newer one, the event just outside of it comes in.
        positions = context.positions[-length - 1 :]
        ratings = context.ratings[-length - 1 :]
        ages = ages_leaving_out(len(positions), left_out)
        values = features.event_values(self._values[positions], ratings)
        weights = features.pool_weights(ages, ratings >= context.liked_from, length)
        sizes = np.full(1 + left_out, len(context.positions)) - (np.arange(1 + left_out) > 0)
        people = features.demographic_features(self._vocabulary, [context.demographics])
        return features.user_features(weights, values, sizes, np.repeat(people, 1 + left_out, axis=0), length)


def ages_leaving_out(events: int, left_out: int) -> NDArray[np.int64]:
    """[1 + left_out, events] ages of all events, then with each of the last `left_out` taken away (its age -1)."""
    ages = np.arange(events - 1, -1, -1)
    missing = np.arange(events - left_out, events)
    earlier = np.arange(events)[None, :] < missing[:, None]
    without = ages[None, :] - earlier
    without[np.arange(left_out), missing] = -1
    return np.concatenate([ages[None, :], without])


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
