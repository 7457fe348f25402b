"""Re-ranking: plain functions from scored candidates to the order in which they are shown."""

import numpy as np
from numpy.typing import NDArray

#: how many candidates per place of the list are considered when the list is to be diverse
DIVERSITY_POOL = 10
#: what a boosted genre adds to a score, in standard deviations of the scores at hand
BOOST = 0.5


def descending(scores: NDArray[np.floating], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices by falling score; ties go to the lower position, so that the same input gives the same list."""
    return np.lexsort((positions, -scores))


def boost(scores: NDArray[np.float64], boosted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Raise the scores where `boosted` [c] is True; leaves the scores as they are when nothing is boosted."""
    if not boosted.any():
        return scores
    spread = float(scores.std()) or 1.0
    return scores + BOOST * spread * boosted


def hold_back(scores: NDArray[np.float64], welcome: NDArray[np.float64]) -> NDArray[np.float64]:
    """[c] scores moved down where `welcome` [c] is less than 1; where it is 0, one standard deviation under the lowest.

    So it means the same on every scale, and what is wholly welcome keeps its score.
    """
    if not (welcome < 1.0).any():
        return scores
    floor = float(scores.min()) - (float(scores.std()) or 1.0)
    return np.where(welcome < 1.0, floor + (scores - floor) * welcome, scores)


def diversify(scores: NDArray[np.float64], features: NDArray[np.bool_], k: int, diversity: float) -> NDArray[np.int64]:
    """Indices of `k` places by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998).

    `scores` [c] must be in descending order, `features` [c, G] are the genres. Similarity is the Jaccard index.
    """
    count = min(len(scores), k * DIVERSITY_POOL)
    if diversity <= 0 or count <= 1:
        return np.arange(min(len(scores), k))
    low, high = float(scores[:count].min()), float(scores[:count].max())
    relevance = (scores[:count] - low) / ((high - low) or 1.0)
    similarity = jaccard(features[:count])
    chosen = [0]
    nearest = similarity[0].copy()
    while len(chosen) < min(k, count):
        value = (1.0 - diversity) * relevance - diversity * nearest
        value[chosen] = -np.inf
        best = int(np.argmax(value))
        chosen.append(best)
        nearest = np.maximum(nearest, similarity[best])
    return np.array(chosen, dtype=np.int64)


def jaccard(features: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[…, c, c] share of common features among all features of each pair of rows; two without any are alike.

    `features` […, c, G]: one set of rows, or many at once.
    """
    rows = features.astype(np.float64)
    common = rows @ rows.swapaxes(-1, -2)
    sizes = rows.sum(axis=-1)
    either = sizes[..., :, None] + sizes[..., None, :] - common
    return np.where(either > 0, common / np.maximum(either, 1.0), 1.0)
