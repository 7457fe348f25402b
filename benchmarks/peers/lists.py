"""A peer's lists, checked and judged by Marquee's own measures. No library's own figures are believed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.splits import PeerSplit
from domain import metrics

K = 10


class UnsoundLists(Exception):
    """Lists that break the rules of the protocol: they are not judged."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Means over the asked users, and each one's NDCG@10 [a] in the order in which they were asked."""

    figures: Mapping[str, float]
    ndcg: NDArray[np.float64]


def judge(split: PeerSplit, asked_for: str, lists: NDArray[np.int64]) -> Judged:
    """Figures of `lists` [a, d] of item rows, best first, -1 for empty places. Raises `UnsoundLists`."""
    check(split, asked_for, lists)
    asked = split.asked(asked_for)
    targets, wanted = padded(*split.targets(asked_for), asked)
    relevant = metrics.matches(lists, targets)
    first, ndcg = metrics.first_rank(relevant), metrics.ndcg_of_list(relevant, wanted, K)
    return Judged(
        figures={
            "hr@10": float(metrics.hit(first, K).mean()),
            "ndcg@10": float(ndcg.mean()),
            "recall@10": float(metrics.recall(relevant, wanted, K).mean()),
            "mrr@100": float(metrics.reciprocal_rank(first).mean()),
            "coverage@10": metrics.coverage(lists[:, :K], len(split.item_ids)),
        },
        ndcg=ndcg,
    )


def padded(
    users: NDArray[np.int64], items: NDArray[np.int64], asked: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Held-out events [t] as rows [a, most] of items, -1 for empty places, and how many each user has [a]."""
    order = np.argsort(users, kind="stable")
    rows = np.searchsorted(asked, users[order])
    counts = np.bincount(rows, minlength=len(asked))
    places = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
    targets = np.full((len(asked), int(counts.max(initial=0))), -1, dtype=np.int64)
    targets[rows, places] = items[order]
    return targets, counts


def check(split: PeerSplit, asked_for: str, lists: NDArray[np.int64]) -> None:
    """Raise `UnsoundLists` unless each asked user has one list of other items than those that the user has."""
    asked, known_items = split.asked(asked_for), len(split.item_ids)
    if lists.ndim != 2 or len(lists) != len(asked):
        raise UnsoundLists(f"lists of shape {lists.shape} for {len(asked)} users")
    if lists.min(initial=-1) < -1 or lists.max(initial=-1) >= known_items:
        raise UnsoundLists("a list names an item that there is not")
    ordered = np.sort(lists, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise UnsoundLists("a list names an item twice")
    users, items = split.rows(split.known(asked_for))
    shown = asked[:, None] * known_items + lists
    if (np.isin(shown, users * known_items + items) & (lists >= 0)).any():
        raise UnsoundLists("a list names an item that the user has had")
