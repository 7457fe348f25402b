"""What a next-item model is told of an event and of an item: plain columns, the same in training and in serving."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from infrastructure.learning import features
from infrastructure.learning.features import Floats, Vocabulary

#: levels of a rating: none, then half a star to five
RATINGS = 11
#: levels of the gap since the event before: none, then doubling from within the second to beyond two years
GAPS = 28
#: one column for each half decade of release, the first for all that is older, and one for what has no year
FIRST_YEAR, YEARS_PER_COLUMN, YEAR_COLUMNS = 1920, 5, 24


def rating_levels(ratings: Floats) -> NDArray[np.int64]:
    """Levels from 1 of ratings from 0.5 to 5, of the same shape."""
    return np.asarray(np.clip(np.rint(2.0 * ratings), 1, RATINGS - 1), dtype=np.int64)


def gap_levels(timestamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """[…, T] levels of the gaps before events at `timestamps` […, T], in unix seconds; 0 for the first event.

    Every gap is one between past events. That to the request is told apart, by `wait_levels`.
    """
    levels = np.zeros(timestamps.shape, dtype=np.int64)
    levels[..., 1:] = time_levels(np.diff(timestamps, axis=-1))
    return levels


def wait_levels(timestamps: NDArray[np.int64], as_of: int | None) -> NDArray[np.int64]:
    """[…, T] levels of the gaps after events at `timestamps` […, T], the last to the request; 0 where none is told."""
    levels = np.zeros(timestamps.shape, dtype=np.int64)
    if as_of is not None:
        levels[..., :-1] = time_levels(np.diff(timestamps, axis=-1))
        levels[..., -1] = time_levels(as_of - timestamps[..., -1])
    return levels


def time_levels(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Levels from 1 of spans of time: one more for each doubling. What runs backwards counts as no time at all."""
    doublings = np.log2(np.maximum(seconds, 0) + 1.0).astype(np.int64)
    return np.asarray(np.minimum(1 + doublings, GAPS - 1), dtype=np.int64)


def content_size(vocabulary: Vocabulary) -> int:
    """Columns of `item_content`."""
    return len(vocabulary.genre_names) + YEAR_COLUMNS + 1


def item_content(catalogue: Catalogue, vocabulary: Vocabulary) -> Floats:
    """[n, C] genres and half decade of every item of the catalogue, so that one added after training has a vector."""
    columns = np.clip((catalogue.years.astype(np.int64) - FIRST_YEAR) // YEARS_PER_COLUMN, 0, YEAR_COLUMNS - 1)
    years = np.eye(YEAR_COLUMNS + 1, dtype=np.float32)[np.where(catalogue.years > 0, columns, YEAR_COLUMNS)]
    return np.concatenate([features.genre_columns(catalogue, vocabulary.genre_names), years], axis=1)
