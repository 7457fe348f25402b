"""Feature builders: plain NumPy functions of columns, the same ones in training and in serving.

A user is what they did: the pools below sum up the values of their last events, each under its own weights. Nothing is
learned per user, so somebody who signed up a minute ago is described as well as their events allow.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.users import Demographics

#: lower ends of the age brackets, those of the MovieLens 1M survey; younger people make a bracket of their own
AGE_BRACKETS = (18, 25, 35, 45, 50, 56)
#: width of the hashed text
TEXT_SIZE = 64
#: share of the time span, at its end, that counts as recent for an item's popularity
RECENT = 0.1
#: weight that a pool gives to knowing nothing, so that one event does not speak as loudly as fifty
PRIOR = 0.5

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class HistoryPool:
    """Weights exp(-age / `decay`) over past events, age 0 being the newest; over some of the events or all of them."""

    name: str
    decay: float
    keeps: str = "all"


POOLS = (
    HistoryPool("newest", 1.0),
    HistoryPool("recent", 4.0),
    HistoryPool("session", 16.0),
    HistoryPool("liked", 50.0, "liked"),
    HistoryPool("disliked", 50.0, "disliked"),
)
#: [2, P] whether a pool keeps an event that was not liked, and one that was
KEEPS = np.array([[pool.keeps in ("all", said) for pool in POOLS] for said in ("disliked", "liked")], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What a model has a place for. Everything else is unknown to it, and no error."""

    item_ids: NDArray[np.int64]  # [n], strictly ascending; a model's *row* is an index into them
    genre_names: tuple[str, ...]
    genders: tuple[str, ...]
    occupations: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, interactions: Interactions, people: Mapping[int, Demographics]) -> "Vocabulary":
        """Items with at least one interaction, and every genre, gender and occupation there is."""
        return cls(
            item_ids=np.intersect1d(catalogue.ids, interactions.item_ids),
            genre_names=catalogue.genre_names,
            genders=tuple(sorted({who.gender for who in people.values() if who.gender})),
            occupations=tuple(sorted({who.occupation for who in people.values() if who.occupation})),
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the given ids, -1 where the model does not know one."""
        if not len(self.item_ids):
            return np.full(len(ids), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.item_ids, ids), len(self.item_ids) - 1)
        return np.where(self.item_ids[found] == ids, found, -1).astype(np.int64)

    @property
    def demographic_size(self) -> int:
        return len(AGE_BRACKETS) + len(self.genders) + len(self.occupations) + 4

    @property
    def event_size(self) -> int:
        """Width of what one event says apart from its item's embedding."""
        return len(self.genre_names) + 2

    @property
    def item_size(self) -> int:
        """Width of what is known of an item apart from its embedding."""
        return len(self.genre_names) + 2 + TEXT_SIZE + 3

    def user_size(self, embedding_size: int) -> int:
        return len(POOLS) * (embedding_size + self.event_size) + 1 + self.demographic_size


def age_bracket(age: int | None) -> int:
    """0 where the age is not known, else 1 and up."""
    return 0 if age is None else 1 + int(np.searchsorted(AGE_BRACKETS, age, side="right"))


def demographic_features(vocabulary: Vocabulary, people: Sequence[Demographics]) -> Floats:
    """[u, D] one-hot age bracket, gender and occupation; the first place of each is `unknown`."""
    genders = {gender: 1 + g for g, gender in enumerate(vocabulary.genders)}
    occupations = {occupation: 1 + o for o, occupation in enumerate(vocabulary.occupations)}
    codes = np.array(
        [
            (age_bracket(who.age), genders.get(who.gender or "", 0), occupations.get(who.occupation or "", 0))
            for who in people
        ],
        dtype=np.int64,
    ).reshape(len(people), 3)
    sizes = (len(AGE_BRACKETS) + 2, len(genders) + 1, len(occupations) + 1)
    return np.concatenate([np.eye(size, dtype=np.float32)[codes[:, c]] for c, size in enumerate(sizes)], axis=1)


def genre_columns(catalogue: Catalogue, genre_names: Sequence[str]) -> Floats:
    """[n, G] genres of the catalogue in the order of a model's own genre names."""
    own = {genre: g for g, genre in enumerate(catalogue.genre_names)}
    features = np.zeros((len(catalogue), len(genre_names)), dtype=np.float32)
    for g, genre in enumerate(genre_names):
        if genre in own:
            features[:, g] = catalogue.genres[:, own[genre]]
    return features


def text_features(catalogue: Catalogue) -> Floats:
    """[n, TEXT_SIZE] words of titles and texts, hashed with signs and scaled to unit length.

    Hashing needs no list of words, so a title that was added after training has its features at once
    (Weinberger et al., ICML 2009).
    """
    features = np.zeros((len(catalogue), TEXT_SIZE), dtype=np.float32)
    for position, (title, text) in enumerate(zip(catalogue.titles, catalogue.texts, strict=True)):
        for word in re.findall(r"\w+", f"{title} {text}".lower()):
            code = zlib.crc32(word.encode())
            features[position, code % TEXT_SIZE] += 1.0 if code & 0x8000_0000 else -1.0
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, 1.0), dtype=np.float32)


def popularity_features(vocabulary: Vocabulary, interactions: Interactions) -> Floats:
    """[rows, 3] log count, log count in the most recent share of the time, and mean rating, each about 0 … 1."""
    rows = vocabulary.rows(interactions.item_ids)
    counts = np.bincount(rows, minlength=len(vocabulary))
    times = interactions.timestamps
    since = times.max() - RECENT * (times.max() - times.min()) if len(times) else 0
    recent = np.bincount(rows[times >= since], minlength=len(vocabulary))
    means = np.bincount(rows, weights=interactions.ratings, minlength=len(vocabulary)) / np.maximum(counts, 1)
    columns = [np.log1p(counts) / np.log1p(counts.max(initial=1)), np.log1p(recent) / np.log1p(recent.max(initial=1))]
    return np.stack([*columns, means / 5.0], axis=1).astype(np.float32)


def item_features(catalogue: Catalogue, vocabulary: Vocabulary, popularity: Floats) -> Floats:
    """[n, F] genres, year, text and popularity of all items; an item that the model does not know has no popularity."""
    rows = vocabulary.rows(catalogue.ids)
    known_year = catalogue.years > 0
    year = np.where(known_year, (catalogue.years.astype(np.float32) - 1990.0) / 20.0, 0.0)
    standing = np.where(rows[:, None] >= 0, popularity[rows], 0.0)
    columns = [
        genre_columns(catalogue, vocabulary.genre_names),
        np.stack([year, known_year], axis=1),
        text_features(catalogue),
        standing,
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def event_values(content: Floats, ratings: Floats) -> Floats:
    """[…, E] what an event says: its item's embedding and genres […, E - 2], its rating about 0, and that it was."""
    opinion = (ratings[..., None] - 3.0) / 2.0
    return np.concatenate([content, opinion, np.ones_like(opinion)], axis=-1).astype(np.float32, copy=False)


@lru_cache(maxsize=8)
def decay_curves(history_length: int) -> Floats:
    """[history_length + 1, P] weights by age; the last row, for what lies outside the history, is zero."""
    ages = np.arange(history_length)[:, None]
    curves = np.exp(-ages / np.array([pool.decay for pool in POOLS]))
    return np.concatenate([curves, np.zeros((1, len(POOLS)))]).astype(np.float32)


def pool_weights(ages: NDArray[np.int64], liked: NDArray[np.bool_], history_length: int) -> Floats:
    """[…, c, P] weights of events in each pool; over the events they add up to less than 1, by PRIOR.

    `ages` […, c] counts from 0 for the newest event; events of negative age or older than `history_length` weigh
    nothing. `liked` […, c] must broadcast against it.
    """
    # A negative age read as unsigned is large, so one comparison finds both ends.
    inside = np.minimum(ages.astype(np.uint64), history_length).astype(np.int64)
    weights = decay_curves(history_length)[inside] * KEEPS[liked.astype(np.int64)]
    weights /= weights.sum(axis=-2, keepdims=True) + np.float32(PRIOR)
    return weights


def user_features(
    weights: Floats, values: Floats, sizes: NDArray[np.int64], demographics: Floats, history_length: int
) -> Floats:
    """[u, F] pools of the events' values, the length of the history, and demographics.

    `weights` [u, c, P] are those of `pool_weights`, `values` [u, c, E] or, shared by all, [c, E]; `sizes` [u] and
    `demographics` [u, D].
    """
    pooled = np.matmul(weights.swapaxes(-1, -2), values)
    length = np.log1p(np.minimum(sizes, history_length)) / np.log1p(history_length)
    columns = [pooled.reshape(len(weights), -1), length[:, None], demographics]
    return np.concatenate(columns, axis=1).astype(np.float32, copy=False)
