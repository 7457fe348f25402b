"""Content: words of titles and descriptions, genres and tags."""

import re
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context
from infrastructure.generators.additive import Additive
from infrastructure.generators.signals import proposed, recency_weights

#: how much a genre or a tag counts beside a word, and a disliked event beside a liked one
LABEL_WEIGHT, DISLIKE = 2.0, 0.5


class ContentGenerator(Additive):
    """TF-IDF over words, genres and tags; a user is the sum of what they liked less what they did not."""

    name = "content"

    def __init__(self, catalogue: Catalogue) -> None:
        matrix, self._genre_terms = tfidf(catalogue)
        self._items = matrix  # [n, terms], rows of unit length
        self._terms = sp.csr_array(matrix.T)  # [terms, n]

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] cosine with the user's profile; None for a user with neither events nor favourite genres."""
        profile = self._profile(context)
        length = float(np.linalg.norm(profile))
        return np.asarray(self._items @ profile) / length if length > 0 else None

    def __call__(self, context: Context, limit: int) -> Candidates:
        return proposed(self.scores(context), context, limit)

    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""
        length = float(np.linalg.norm(self._profile(context))) or 1.0
        common = (self._items[positions] @ self._items[context.positions].T).toarray()
        return np.asarray(common * self._event_weights(context) / length, dtype=np.float64)

    def similar(self, position: int, eligible: NDArray[np.bool_], limit: int) -> Candidates:
        """Eligible items that share something with the one at `position`, by cosine."""
        one = np.zeros(self._items.shape[0])
        one[position] = 1.0
        scores = np.asarray(self._items @ (self._terms @ one))
        scores[position] = 0.0
        return Candidates.top(scores, eligible & (scores > 0), limit)

    @staticmethod
    def _event_weights(context: Context) -> NDArray[np.float64]:
        """[m] by recency, below zero for what was not liked."""
        return recency_weights(context) * np.where(context.ratings >= context.liked_from, 1.0, -DISLIKE)

    def _profile(self, context: Context) -> NDArray[np.float64]:
        """[terms] weighted sum of the history's rows, and of the favourite genres' terms."""
        weights = np.zeros(self._items.shape[0])
        weights[context.positions] = self._event_weights(context)
        profile = np.asarray(self._terms @ weights, dtype=np.float64)
        favourites = [self._genre_terms[genre] for genre in context.favourite_genres if genre in self._genre_terms]
        profile[favourites] += 1.0
        return profile


def tfidf(catalogue: Catalogue) -> tuple[sp.csr_array, dict[str, int]]:
    """[n, terms] rows of unit length, and the column of each genre. Words that one item alone has are left out."""
    columns: dict[str, int] = {}
    tags = tags_by_position(catalogue)
    rows: list[int] = []
    terms: list[int] = []
    weights: list[float] = []
    for position in range(len(catalogue)):
        for term, weight in _terms_of(catalogue, position, tags):
            rows.append(position)
            terms.append(columns.setdefault(term, len(columns)))
            weights.append(weight)
    counts = sp.coo_array((weights, (rows, terms)), shape=(len(catalogue), max(len(columns), 1))).tocsr()
    carriers = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.where(carriers > 1, np.log((1.0 + len(catalogue)) / (1.0 + carriers)) + 1.0, 0.0)
    matrix = sp.csr_array(counts @ sp.diags_array(rarity))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    matrix = sp.csr_array(sp.diags_array(1.0 / np.maximum(lengths, 1e-12)) @ matrix)
    genre_terms = {genre: columns[f"genre:{genre}"] for genre in catalogue.genre_names if f"genre:{genre}" in columns}
    return matrix, genre_terms


def tags_by_position(catalogue: Catalogue) -> dict[int, list[str]]:
    """The tags of every item that has some."""
    tags: dict[int, list[str]] = {}
    for tag, positions in catalogue.tagged.items():
        for position in positions.tolist():
            tags.setdefault(position, []).append(tag)
    return tags


def _terms_of(catalogue: Catalogue, position: int, tags: dict[int, list[str]]) -> Iterator[tuple[str, float]]:
    text = f"{catalogue.titles[position]} {catalogue.texts[position]}".lower()
    for word in re.findall(r"\w{2,}", text):
        yield word, 1.0
    for g in np.flatnonzero(catalogue.genres[position]):
        yield f"genre:{catalogue.genre_names[g]}", LABEL_WEIGHT
    for tag in tags.get(position, ()):
        yield f"tag:{tag}", LABEL_WEIGHT
