"""Re-ranking: plain functions from scored candidates to the order in which they are shown."""

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Exploration:
    """A list of k places of which chance has filled some from a pool."""

    members: NDArray[np.int64]  # [k], a place of the list as it was ranked, or k + an index into the pool
    probabilities: NDArray[np.float64]  # [k], each member's chance of being in the list


def explore(places: int, pool: int, share: float, random: np.random.Generator) -> Exploration:
    """Give `share` of the places to members of a pool, which make room for the last ones of the list.

    How many is `share` x `places`, rounded up or down by chance so that it is the mean; they and the places where they
    stand are drawn uniformly, without repeats. What is left of the list keeps its order. So a member of the pool is in
    the list with the probability `share` x `places` / `pool`; what was ranked is with certainty, but for the last one
    that still has room after rounding down: it is there with the probability of not rounding up. Where the pool has too
    few members, all that there are take part.
    """
    exact = share * places
    rounding_up = exact - int(exact)
    fewer, more = min(int(exact), pool), min(int(exact) + 1, pool)
    count = more if random.random() < rounding_up else fewer
    drawn = np.zeros(places, dtype=np.bool_)
    drawn[random.choice(places, count, replace=False)] = True
    ranked = np.arange(places - count)
    members = np.empty(places, dtype=np.int64)
    members[drawn], members[~drawn] = places + random.choice(pool, count, replace=False), ranked
    probabilities = np.full(places, ((1.0 - rounding_up) * fewer + rounding_up * more) / max(pool, 1))
    probabilities[~drawn] = np.where(ranked < places - more, 1.0, 1.0 - rounding_up)
    return Exploration(members, probabilities)
