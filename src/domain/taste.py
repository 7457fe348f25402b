"""A user's taste by genre: what their ratings say, and what they themselves have set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.events import History

#: ratings that a genre must gather before its affinity counts half of what it shows
SHRINKAGE = 5.0


@dataclass(frozen=True)
class TasteSettings:
    """What a user has set by hand: genres never to be shown, and genres to be shown more."""

    muted_genres: frozenset[str] = frozenset()
    boosted_genres: frozenset[str] = frozenset()

    def muted(self, catalogue: Catalogue) -> NDArray[np.bool_]:
        """[n] True where an item has a muted genre."""
        return catalogue.with_any_genre(self.muted_genres)

    def boosted(self, catalogue: Catalogue) -> NDArray[np.bool_]:
        """[n] True where an item has a boosted genre."""
        return catalogue.with_any_genre(self.boosted_genres)


@dataclass(frozen=True)
class GenreTaste:
    """How one genre stands with a user. `affinity` is -1 … 1, shrunk towards 0 while there are few ratings."""

    genre: str
    affinity: float
    rated: int
    muted: bool
    boosted: bool


def taste_profile(catalogue: Catalogue, history: History, settings: TasteSettings) -> tuple[GenreTaste, ...]:
    """Every genre that was rated or set, strongest affinity first.

    A genre's affinity is the mean of its ratings less the user's own mean, on a scale of two stars, shrunk.
    """
    positions = catalogue.positions(history.item_ids)
    known = positions >= 0
    genres = catalogue.genres[positions[known]].astype(np.float64)  # [m, G]
    ratings = history.ratings[known].astype(np.float64)
    counts = genres.sum(axis=0)
    centred = ratings - ratings.mean() if len(ratings) else ratings
    affinity = np.clip((centred @ genres) / (counts + SHRINKAGE) / 2.0, -1.0, 1.0)
    settled = settings.muted_genres | settings.boosted_genres
    profile = [
        GenreTaste(
            genre,
            round(float(affinity[g]), 4),
            int(counts[g]),
            genre in settings.muted_genres,
            genre in settings.boosted_genres,
        )
        for g, genre in enumerate(catalogue.genre_names)
        if counts[g] or genre in settled
    ]
    return tuple(sorted(profile, key=lambda taste: (-taste.affinity, taste.genre)))
