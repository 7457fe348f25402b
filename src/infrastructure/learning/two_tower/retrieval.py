"""Serving the two towers with NumPy alone: the nearest items to the user's vector, found through an index."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.ports.recommending import ItemIndex
from domain.recommendation import Candidates, Context, Reason
from infrastructure.generators import leaving_out
from infrastructure.learning import features
from infrastructure.learning.features import Floats
from infrastructure.learning.history_features import HistoryFeatures
from infrastructure.learning.ncf_scorer import Layer, linear
from infrastructure.learning.shared_parts import SharedParts
from infrastructure.retrieval.exact_index import unit_length

#: how many more are asked of the index than the share of eligible items makes one expect to need
SLACK = 2.0
#: share of the catalogue from which on a scan is no dearer than the index
SCANNED = 0.5


class TwoTowerRetrieval:
    """A generator and a ranker over one catalogue. Items that the model has not seen lie where their content says."""

    reads_anew = False

    def __init__(
        self,
        name: str,
        catalogue: Catalogue,
        shared: SharedParts,
        weights: Mapping[str, Floats],
        history_length: int,
        build_index: Callable[[Floats], ItemIndex],
    ) -> None:
        self.name = name
        self._histories = HistoryFeatures(catalogue, shared, weights["embedding"], history_length)
        self._user_map = np.ascontiguousarray(weights["user_map.weight"].T)
        self._user_layers = two_layers(weights, "user_layers")
        facts = features.item_features(catalogue, shared.vocabulary, shared.popularity)
        content = run(two_layers(weights, "item_layers"), facts)
        self._vectors = unit_length(self._histories.embeddings + content)  # [n, d]
        self._index = build_index(self._vectors)

    def __call__(self, context: Context, limit: int) -> Candidates:
        """The nearest eligible items. However few are eligible, as many come back as there are, up to the limit."""
        user = self._users(context)
        eligible, size = int(context.eligible.sum()), len(self._vectors)
        wanted = min(limit, eligible)
        reach = math.ceil(SLACK * wanted * size / max(eligible, 1))
        if reach < SCANNED * size:
            positions, similarities = (found[0] for found in self._index.neighbours(user, reach))
            kept = np.flatnonzero((positions >= 0) & context.eligible[positions])[:wanted]
            if len(kept) == wanted:
                return Candidates(positions[kept], similarities[kept].astype(np.float64))
        return Candidates.top(self._vectors @ user[0], context.eligible, limit)

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] cosines of the positions [c] with the user."""
        return np.asarray(self._vectors[positions] @ self._users(context)[0], dtype=np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Exact leave-one-out over the last events."""
        return leaving_out.reasons(context, positions, self.losses(context, positions))

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the standing of the positions [c] would lose without each event; 0 for those not tried."""
        events = self._histories.explained(context)
        cosines = (self._users(context, len(events)) @ self._vectors.T).astype(np.float64)
        return leaving_out.losses(context, events, cosines[:, positions], cosines[:, context.eligible])

    def _users(self, context: Context, left_out: int = 0) -> Floats:
        """[1 + left_out, d] the user's vector, then those without each of the last events."""
        told = self._histories(context, left_out)
        return unit_length(told @ self._user_map + run(self._user_layers, told))


def two_layers(weights: Mapping[str, Floats], name: str) -> tuple[Layer, Layer]:
    """The two linear layers of a tower."""
    return linear(weights, f"{name}.0"), linear(weights, f"{name}.2")


def run(layers: tuple[Layer, Layer], rows: Floats) -> Floats:
    """[b, out] of rows [b, in]: linear, ReLU, linear."""
    (first, first_bias), (last, last_bias) = layers
    return np.asarray(np.maximum(rows @ first + first_bias, 0.0) @ last + last_bias, dtype=np.float32)
