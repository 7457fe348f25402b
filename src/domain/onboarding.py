"""Getting to know a newcomer: which titles to ask about, and how much the answers tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.events import History
from domain.recommendation import Candidates

#: enough is known when this share of the uncertainty about the well-known titles is gone
CONFIDENT = 0.5
#: nobody is asked about more titles than this
MOST_ASKED = 30
#: variance of a rating given what is known of the user, relative to the prior variance of 1
NOISE = 1.0


class Answer(StrEnum):
    LIKE = "like"
    DISLIKE = "dislike"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class OnboardingAnswer:
    item_id: int
    answer: Answer


@dataclass(frozen=True, eq=False)
class NextQuestions:
    """What to ask next (positions), and how well the answers so far tell the newcomer's taste, from 0 to 1."""

    positions: NDArray[np.int64]
    confidence: float
    done: bool


def as_history(answers: Sequence[OnboardingAnswer]) -> History:
    """The answers as ratings: 5 for a like, 1 for a dislike; what was not seen says nothing here."""
    said = [answer for answer in answers if answer.answer is not Answer.UNSEEN]
    return History.of(
        [answer.item_id for answer in said],
        [5.0 if answer.answer is Answer.LIKE else 1.0 for answer in said],
    )


def next_questions(
    catalogue: Catalogue,
    vectors: NDArray[np.float32],
    askable: NDArray[np.bool_],
    answers: Sequence[OnboardingAnswer],
    size: int,
) -> NextQuestions:
    """Choose the `size` titles whose answers should tell most: answerable × informative, one after another.

    Taste is a linear function of the item vectors [n, d] with a Gaussian prior; a title informs by the variance of
    its answer under the posterior given the titles already answered, and is answerable as often as it has been
    rated. Every chosen title counts as answered for the next, so one screen does not ask the same thing twice
    (sequential D-optimal design; cf. Rashid et al., IUI 2002, for the product with popularity).
    """
    scale = float(np.linalg.norm(vectors, axis=1).max(initial=0.0)) or 1.0
    features = (vectors / scale).astype(np.float64)
    asked = catalogue.known_positions(np.array([answer.item_id for answer in answers], dtype=np.int64))
    told = catalogue.known_positions(as_history(answers).item_ids)
    answerable = catalogue.rating_counts / max(int(catalogue.rating_counts.max(initial=0)), 1)
    precision = np.eye(features.shape[1]) + features[told].T @ features[told] / NOISE
    confidence = _confidence(features, answerable, precision)
    open_to_ask = askable.copy()
    open_to_ask[asked] = False
    chosen: list[int] = []
    for _ in range(min(size, int(open_to_ask.sum()))):
        variance = np.einsum("nd,nd->n", features @ np.linalg.inv(precision), features)
        best = int(np.argmax(np.where(open_to_ask, answerable * variance, -1.0)))
        chosen.append(best)
        open_to_ask[best] = False
        precision = precision + answerable[best] * np.outer(features[best], features[best]) / NOISE
    done = confidence >= CONFIDENT or len(answers) >= MOST_ASKED or not chosen
    return NextQuestions(np.array(chosen, dtype=np.int64), confidence, done)


def _confidence(
    features: NDArray[np.float64], answerable: NDArray[np.float64], precision: NDArray[np.float64]
) -> float:
    """Share of the prior variance over the titles, weighted by how well known they are, that the answers removed."""
    before = answerable @ np.einsum("nd,nd->n", features, features)
    after = answerable @ np.einsum("nd,nd->n", features @ np.linalg.inv(precision), features)
    return float(np.clip(1.0 - after / before, 0.0, 1.0)) if before > 0 else 0.0


def titles_by_genre(catalogue: Catalogue, eligible: NDArray[np.bool_], count: int) -> dict[str, NDArray[np.int64]]:
    """Up to `count` of the most rated titles of every genre, as positions, by genre name."""
    by_genre = {
        genre: Candidates.top(catalogue.rating_counts, eligible & catalogue.genres[:, g], count).positions
        for g, genre in enumerate(catalogue.genre_names)
    }
    return {genre: positions for genre, positions in by_genre.items() if len(positions)}
