"""People whose tastes are known, and what they do with lists: what is measured can be held against the truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.engagements import REWARDS, Action
from domain.metrics import genre_shares

#: what may come of an item that was shown, from the least to the most
OUTCOMES: tuple[Action | None, ...] = (None, Action.CLICK, Action.LIKE, Action.WATCH)
#: what each of them is worth
WORTH: NDArray[np.float64] = np.array([0.0 if action is None else REWARDS[action] for action in OUTCOMES])
#: log-odds of a click on an item at the first place that somebody has no feelings about
INDIFFERENT = -4.4
#: what a genre that somebody loves adds to the log-odds, and how many genres they love and loathe
PASSION, LOVED, LOATHED = 2.5, 3, 2
#: what one standard deviation of an item's mean rating adds, and how far tastes differ item by item
QUALITY, WHIM = 0.5, 0.7
#: each place is looked at by this share of those who looked at the one above (Craswell et al., 2008, by position)
PATIENCE = 0.85
#: of those who clicked, the log-odds of liking and of watching exceed those of clicking by so much
LIKES_AFTER_CLICK, WATCHES_AFTER_CLICK = 0.8, 1.2


@dataclass(frozen=True, eq=False)
class Tastes:
    """What u simulated people think of the n items of a catalogue. The same seed gives the same people."""

    log_odds: NDArray[np.float32]  # [u, n] of a click, were the item at the first place

    @classmethod
    def drawn(cls, catalogue: Catalogue, users: int, seed: int) -> "Tastes":
        """Everybody loves a few genres and loathes others; good titles please all a little; the rest is whim."""
        random = np.random.default_rng(seed)
        shares = genre_shares(catalogue.genres)  # [n, G]
        genres = shares.shape[1]
        feelings = random.normal(0.0, 0.3, (users, genres))
        for row in feelings:
            order = random.permutation(genres)
            row[order[:LOVED]] += 1.0
            row[order[LOVED : LOVED + LOATHED]] -= 1.0
        whims = random.normal(0.0, WHIM, (users, len(catalogue)))
        appeal = PASSION * feelings @ shares.T + QUALITY * _standing(catalogue) + whims
        return cls((INDIFFERENT + appeal).astype(np.float32))

    def outcomes(self, user: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[k, 4] the chance of each of `OUTCOMES` for the items of a list, best place first."""
        odds = self.log_odds[user, positions].astype(np.float64)
        looked = PATIENCE ** np.arange(len(positions))
        clicked = looked * _chance(odds)
        liked, watched = clicked * _chance(odds + LIKES_AFTER_CLICK), clicked * _chance(odds + WATCHES_AFTER_CLICK)
        both = watched * _chance(odds + LIKES_AFTER_CLICK)
        only_liked = liked - both
        return np.stack([1.0 - clicked, clicked - only_liked - watched, only_liked, watched], axis=1)

    def rating(self, user: int, position: int) -> float:
        """The stars, in halves, that somebody would give a title once they have seen it."""
        stars = 3.2 + 0.8 * (float(self.log_odds[user, position]) - INDIFFERENT)
        return float(np.clip(np.rint(2 * stars) / 2, 0.5, 5.0))


def expected_reward(outcomes: NDArray[np.float64]) -> float:
    """The mean of the greatest reward among the items of a list, from the chances [k, 4] of what comes of each."""
    at_most = np.cumsum(outcomes, axis=1).prod(axis=0)  # [4] that nothing greater comes of any item
    return float(WORTH @ np.diff(at_most, prepend=0.0))


def drawn(outcomes: NDArray[np.float64], random: np.random.Generator) -> list[Action | None]:
    """What comes of each item of one list, by the chances [k, 4]."""
    places = (random.random(len(outcomes))[:, None] > np.cumsum(outcomes, axis=1)[:, :-1]).sum(axis=1)
    return [OUTCOMES[place] for place in places]


def _standing(catalogue: Catalogue) -> NDArray[np.float64]:
    """[n] how far an item's mean rating lies from that of all, in standard deviations; 0 where it has none."""
    rated = catalogue.rating_counts > 0
    if rated.sum() < 2:
        return np.zeros(len(catalogue))
    means = catalogue.rating_means.astype(np.float64)
    spread = max(float(means[rated].std()), 1e-9)
    return np.where(rated, (means - means[rated].mean()) / spread, 0.0)


def _chance(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))
