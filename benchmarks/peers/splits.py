"""What a peer is given: events as rows of users and items, and whom to make lists for. Never the test events."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from benchmarks.protocols import Protocol, protocols_of_ml_1m
from domain.events import Interactions, Rating
from domain.splitting import Split

#: a row of an exported file belongs to one of these
TRAIN, VALIDATION = 0, 1
#: by line of the page: the name of our protocol, and whether a list looks back on the validation events
PROTOCOLS: Mapping[str, tuple[str, bool]] = {"q1": ("leave-last-out", True), "q4": ("random-parts", False)}


@dataclass(frozen=True, eq=False)
class PeerSplit:
    """One data set parted by one protocol.

    `looks_back`: the validation events belong to the history that a test list is made from, as in a sequence. Without
    it they are merely left out of the lists, as RecBole does.
    """

    protocol: str
    split: Split
    looks_back: bool
    user_ids: NDArray[np.int64]  # [u], sorted
    item_ids: NDArray[np.int64]  # [i], sorted

    @classmethod
    def of(cls, protocol: str, split: Split, looks_back: bool) -> "PeerSplit":
        whole = split.train.joined(split.validation).joined(split.test)
        return cls(protocol, split, looks_back, np.unique(whole.user_ids), np.unique(whole.item_ids))

    def known(self, asked_for: str) -> Interactions:
        """What may be known when lists are made: train, and before the test lists the validation events as well."""
        return self.split.train if asked_for == "validation" else self.split.train.joined(self.split.validation)

    def targets(self, asked_for: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """User rows and item rows [t] of the held-out events."""
        held_out = self.split.validation if asked_for == "validation" else self.split.test
        return self.rows(held_out)

    def rows(self, events: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """User rows and item rows [n] of events."""
        return np.searchsorted(self.user_ids, events.user_ids), np.searchsorted(self.item_ids, events.item_ids)

    def asked(self, asked_for: str) -> NDArray[np.int64]:
        """[a] rows of the users with a held-out event, ascending."""
        return np.unique(self.targets(asked_for)[0])

    def export(self, asked_for: str, path: Path | IO[bytes]) -> None:
        """Write the file that an adapter reads (`adapters/common.py` says what is in it)."""
        known = self.known(asked_for)
        users, items = self.rows(known)
        part = np.full(len(known), VALIDATION, dtype=np.int8)
        part[: len(self.split.train)] = TRAIN
        np.savez(
            path,
            users=users,
            items=items,
            ratings=known.ratings,
            times=known.timestamps,
            part=part,
            asked=self.asked(asked_for),
            shape=np.array([len(self.user_ids), len(self.item_ids)]),
            looks_back=np.array(self.looks_back),
        )


def columns(ratings: Iterable[Rating]) -> Interactions:
    """Ratings as columns, in their order."""
    rows = [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in ratings]
    users, items, values, times = zip(*rows, strict=True)
    return Interactions(np.array(users), np.array(items), np.array(values, dtype=np.float32), np.array(times))


def peer_split(
    protocol: str,
    ratings: Interactions,
    parted: Callable[[Interactions], Iterator[Protocol]] = protocols_of_ml_1m,
) -> PeerSplit:
    """The events as a protocol of ours parts them. Raises `ValueError` for other data than MovieLens 1M."""
    name, looks_back = PROTOCOLS[protocol]
    split = next(found.split for found in parted(ratings) if found.name == name)
    return PeerSplit.of(protocol, split, looks_back)
