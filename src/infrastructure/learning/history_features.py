"""What a user tower is told of somebody when it serves: features of their last events, with NumPy alone."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Context
from infrastructure.learning import features
from infrastructure.learning.features import Floats
from infrastructure.learning.shared_parts import SharedParts, by_position

#: the last events that an explanation tries to do without
EXPLAINED = 20


class HistoryFeatures:
    """Reads users by the embeddings [rows, d] of what they did. Items that the model has not seen count by genre."""

    def __init__(self, catalogue: Catalogue, shared: SharedParts, embedding: Floats, history_length: int) -> None:
        self._vocabulary = shared.vocabulary
        self._length = history_length
        self.embeddings = by_position(catalogue, shared.vocabulary, embedding)  # [n, d]
        genres = features.genre_columns(catalogue, shared.vocabulary.genre_names)
        self._values = np.concatenate([self.embeddings, genres], axis=1)  # [n, d + G]

    def __call__(self, context: Context, left_out: int = 0) -> Floats:
        """[1 + left_out, F] features of the user, then of the same user without each of the last events."""
        # One event more than the window: without a newer one, the event just outside of it comes in.
        positions = context.positions[-self._length - 1 :]
        ratings = context.ratings[-self._length - 1 :]
        ages = ages_leaving_out(len(positions), left_out)
        values = features.event_values(self._values[positions], ratings)
        weights = features.pool_weights(ages, ratings >= context.liked_from, self._length)
        sizes = np.full(1 + left_out, len(context.positions)) - (np.arange(1 + left_out) > 0)
        people = features.demographic_features(self._vocabulary, [context.demographics])
        return features.user_features(weights, values, sizes, np.repeat(people, 1 + left_out, axis=0), self._length)

    def explained(self, context: Context) -> NDArray[np.int64]:
        """The last events, as indices, that an explanation leaves out in turn; one beyond the window adds nothing."""
        size = len(context.positions)
        return np.arange(size - min(size, EXPLAINED, self._length), size)


def ages_leaving_out(events: int, left_out: int) -> NDArray[np.int64]:
    """[1 + left_out, events] ages of all events, then with each of the last `left_out` taken away (its age -1)."""
    ages = np.arange(events - 1, -1, -1)
    missing = np.arange(events - left_out, events)
    earlier = np.arange(events)[None, :] < missing[:, None]
    without = ages[None, :] - earlier
    without[np.arange(left_out), missing] = -1
    return np.concatenate([ages[None, :], without])
