"""One list for several people: how what each of them thinks becomes an order for all."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

AVERAGE, LEAST_MISERY, FAIR = "average", "least_misery", "fair"

Satisfactions = NDArray[np.float64]


def satisfactions(scores: NDArray[np.float64]) -> Satisfactions:
    """[u, c] from 0 to 1: the share of the other candidates that each member likes less, from their scores [u, c].

    What they like as much counts by half. Engines score on scales of their own, and so differently for each member;
    ranks can be compared.
    """
    users, size = scores.shape
    if size < 2:
        return np.ones((users, size))
    ordered = np.sort(scores, axis=1)
    less = [np.searchsorted(row, own, side="left") for row, own in zip(ordered, scores, strict=True)]
    no_more = [np.searchsorted(row, own, side="right") for row, own in zip(ordered, scores, strict=True)]
    return np.asarray((np.array(less) + np.array(no_more) - 1.0) / 2.0 / (size - 1))


def average(liked: Satisfactions, k: int) -> NDArray[np.int64]:
    """[k] the candidates with the highest mean (Masthoff, 2004)."""
    return _best(liked.mean(axis=0), k)


def least_misery(liked: Satisfactions, k: int) -> NDArray[np.int64]:
    """[k] the candidates that whoever likes them least likes most (O'Connor et al., PolyLens, 2001).

    Of those alike to whom they please least, the ones with the higher mean come first.
    """
    return _best(liked.min(axis=0) + 1e-6 * liked.mean(axis=0), k)


def fair(liked: Satisfactions, k: int) -> NDArray[np.int64]:
    """[k] a list in which every member finds something, place by place (Xiao et al., RecSys 2017: Nash welfare).

    Each place goes to the candidate that raises the product of the members' satisfaction with the list so far most. So
    whoever has had least is served next, and a member of a minority is not outvoted at every place.
    """
    taken: list[int] = []
    had = np.full(len(liked), 1.0 / max(k, 1))
    left = np.ones(liked.shape[1], dtype=np.bool_)
    for _ in range(min(k, liked.shape[1])):
        welfare = np.log(had[:, None] + liked).sum(axis=0)
        chosen = int(np.argmax(np.where(left, welfare, -np.inf)))
        taken.append(chosen)
        left[chosen] = False
        had += liked[:, chosen]
    return np.array(taken, dtype=np.int64)


STRATEGIES: Mapping[str, Callable[[Satisfactions, int], NDArray[np.int64]]] = {
    AVERAGE: average,
    LEAST_MISERY: least_misery,
    FAIR: fair,
}


def _best(values: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    return np.argsort(-values, kind="stable")[:k]
