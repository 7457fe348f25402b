"""Recommendations: what is asked for, what generators and rankers see, and what comes out."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from domain import repeating
from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter
from domain.taste import TasteSettings
from domain.users import Demographics


@dataclass(frozen=True)
class RecommendationRequest:
    """What somebody asks for. `diversity` 0 ranks by score alone, 1 by difference from what stands above alone."""

    k: int = 10
    engine: str = "auto"
    wanted: ItemFilter = field(default_factory=ItemFilter)
    diversity: float = 0.0
    explain: bool = True
    platform: str | None = None


@dataclass(frozen=True, eq=False)
class UserState:
    """All that one read tells about a user before a list is made for them."""

    user_id: int | None
    history: History
    demographics: Demographics = field(default_factory=Demographics)
    taste: TasteSettings = field(default_factory=TasteSettings)
    favourite_genres: frozenset[str] = frozenset()
    catalogue_revision: int = 0
    consent: bool = True

    @property
    def fingerprint(self) -> Hashable:
        """Equal for states that lead to the same list: everything in it but the user's id and the catalogue's revision.

        Of the times only the gaps between events count. When a list is wanted is not part of what is known.
        """
        history = self.history
        said = (history.item_ids.tobytes(), history.ratings.tobytes(), np.diff(history.timestamps).tobytes())
        return (said, self.demographics, self.taste, self.favourite_genres)

    @property
    def is_unknown(self) -> bool:
        """True when there is nothing to be personal about."""
        return not len(self.history) and not self.favourite_genres and not self.has_demographics

    @property
    def has_demographics(self) -> bool:
        who = self.demographics
        return who.age is not None or who.gender is not None or who.occupation is not None


@dataclass(frozen=True, eq=False)
class Context:
    """What generators and rankers see of one request: a user's state in terms of one catalogue revision.

    `eligible` is what may be recommended: everything that passes the filters and has not been seen, or has been and is
    of a kind that comes back. Generators restrict themselves to it before they cap, so a filter never makes a list
    shorter than it need be. `welcome` is from 0 to 1, less than 1 for what is coming back; None where nothing does.
    `as_of` is the moment for which a list is wanted, None where nobody tells.
    """

    catalogue: Catalogue
    positions: NDArray[np.int64]  # [m] of the history, oldest first; items that are gone are left out
    ratings: NDArray[np.float32]  # [m]
    timestamps: NDArray[np.int64]  # [m], unix seconds; engines look at the gaps between them alone
    eligible: NDArray[np.bool_]  # [n]
    liked_from: float
    demographics: Demographics = field(default_factory=Demographics)
    favourite_genres: frozenset[str] = frozenset()
    welcome: NDArray[np.float64] | None = None  # [n]
    as_of: int | None = None  # unix seconds

    @classmethod
    def of(
        cls, catalogue: Catalogue, state: UserState, wanted: ItemFilter, liked_from: float, as_of: int | None = None
    ) -> "Context":
        """The context at the moment `as_of`, in unix seconds; without one, nothing that has been seen comes back."""
        positions = catalogue.positions(state.history.item_ids)
        known = positions >= 0
        seen = cls(
            catalogue=catalogue,
            positions=positions[known],
            ratings=state.history.ratings[known],
            timestamps=state.history.timestamps[known],
            eligible=catalogue.matching(wanted) & ~state.taste.muted(catalogue),
            liked_from=liked_from,
            demographics=state.demographics,
            favourite_genres=state.favourite_genres,
            as_of=as_of,
        )
        if as_of is None or not repeating.may_repeat(wanted.kind):
            return seen.without(seen.positions)
        return seen._with_what_comes_back(as_of)

    def _with_what_comes_back(self, as_of: int) -> "Context":
        kinds, ages = self.catalogue.kinds[self.positions], (as_of - self.timestamps).astype(np.float64)
        welcome = np.ones(len(self.catalogue))
        # Of an item that stands in the history more than once, the last time counts: it is assigned last.
        welcome[self.positions] = repeating.welcome_again(kinds, ages, self.ratings >= self.liked_from)
        return replace(self, eligible=self.eligible & (welcome > 0), welcome=welcome)

    @property
    def liked(self) -> NDArray[np.int64]:
        """Positions of the liked items of the history, oldest first."""
        return self.positions[self.ratings >= self.liked_from]

    def little_known(self, taken: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
        """The `limit` eligible positions with the fewest ratings, those taken and those seen left out.

        Among equals the newest come first, which have the highest ids.
        """
        newness = np.arange(len(self.catalogue)) / max(len(self.catalogue), 1)
        left = self.without(np.concatenate([taken, self.positions]))
        return Candidates.top(newness - self.catalogue.rating_counts, left.eligible, limit).positions

    def leaving_out(self, events: NDArray[np.int64]) -> "Context":
        """The same context without the given events of the history; they are no more eligible than before."""
        return replace(
            self,
            positions=np.delete(self.positions, events),
            ratings=np.delete(self.ratings, events),
            timestamps=np.delete(self.timestamps, events),
        )

    def without(self, taken: NDArray[np.int64]) -> "Context":
        """The same context with the given positions no longer eligible."""
        eligible = self.eligible.copy()
        eligible[taken] = False
        return replace(self, eligible=eligible)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What one generator proposes, best first."""

    positions: NDArray[np.int64]  # [c]
    scores: NDArray[np.float64]  # [c], descending, on the generator's own scale

    def __len__(self) -> int:
        return len(self.positions)

    @classmethod
    def none(cls) -> "Candidates":
        """Nothing to propose."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0))

    @classmethod
    def top(
        cls, scores: NDArray[np.floating] | NDArray[np.int64], eligible: NDArray[np.bool_], limit: int
    ) -> "Candidates":
        """The `limit` best eligible positions by `scores` [n]; ties go to the lower position."""
        positions = np.flatnonzero(eligible)
        values = scores[positions].astype(np.float64)
        if len(positions) > limit:
            # Keep every tie with the limit-th value, so that the cut below does not depend on partition order.
            threshold = np.partition(values, len(values) - limit)[len(values) - limit]
            kept = values >= threshold
            positions, values = positions[kept], values[kept]
        order = np.argsort(-values, kind="stable")[:limit]
        return cls(positions[order], values[order])


@dataclass(frozen=True)
class Reason:
    """Why an item is recommended. `because_of` holds the ids of the user's own items that moved it, if any."""

    kind: str
    text: str
    because_of: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recommendation:
    """One place of a list. `probability` is the chance with which this item was chosen for this list.

    `parts` are what its score is made up of, before weighting, where the engine can tell.
    """

    rank: int
    item_id: int
    score: float
    source: str
    probability: float = 1.0
    reason: Reason | None = None
    parts: Mapping[str, float] | None = None


@dataclass(frozen=True)
class ListMetadata:
    """How a list came about: how many candidates each generator gave (-1 where it failed), and their weights.

    Where the list is part of an experiment, which one, and which variant of it.

    Of a session: which encoders can serve now, and how many items the session has.
    """

    k: int
    requested_engine: str
    generators: dict[str, int] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    availability: dict[str, bool] | None = None
    session_length: int | None = None
    experiment: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class RecommendationList:
    """A list as it is shown: logged already, and complete with its items."""

    impression_id: str
    user_id: int | None
    engine: str
    model_version: str | None
    fallback_used: bool
    applied_events: int
    recommendations: tuple[Recommendation, ...]
    items: dict[int, Item]
    metadata: ListMetadata
