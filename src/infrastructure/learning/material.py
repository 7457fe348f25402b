"""What the engines of one model are trained on: the events as columns, and what they all share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from domain.errors import NothingToLearn
from domain.events import Interactions
from domain.model_versions import TrainingConfig
from domain.pipeline import Pipeline
from domain.ports.learning import TrainingData
from domain.users import Demographics
from infrastructure.learning import features
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.group_affinity import group_affinity
from infrastructure.learning.item_vectors import item_vectors
from infrastructure.learning.sequences import Sequences
from infrastructure.learning.shared_parts import SharedParts, nearest_others
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.indexed_items import IndexedItems

#: width of the item vectors that are indexed
VECTOR_SIZE = 64


@dataclass(frozen=True, eq=False)
class Material:
    """Training events, held-out events, and everything about items and people that is computed once for all engines.

    `pipelines` are the engines that were trained before, on the training catalogue.
    """

    training: TrainingData
    interactions: Interactions  # of items in the catalogue, sorted by user, then time
    events: Sequences  # the same by row of the vocabulary
    validation: Interactions
    groups: Floats  # [u, D], demographics of the users of `events`
    shared: SharedParts
    seed: int
    device: str
    threads: int
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        training: TrainingData,
        validation: Interactions,
        config: TrainingConfig,
        threads: int,
        wish: IndexWish | None = None,
    ) -> "Material":
        """Compute what the engines share. Raises `NothingToLearn` for fewer than two items or events."""
        known = training.interactions.take(np.isin(training.interactions.item_ids, training.catalogue.ids))
        vocabulary = Vocabulary.of(training.catalogue, known, training.demographics)
        if len(vocabulary) < 2 or len(known) < 2:
            raise NothingToLearn(len(known))
        events = Sequences.of(vocabulary, known, training.liked_from)
        unknown = Demographics()
        people = [training.demographics.get(int(user_id), unknown) for user_id in events.user_ids]
        groups = features.demographic_features(vocabulary, people)
        lifts, shares = group_affinity(groups, events.rows[events.liked], events.users[events.liked], len(vocabulary))
        vectors = item_vectors(events.rows, events.users, len(vocabulary), VECTOR_SIZE, config.seed)
        indexed = IndexedItems.of(vocabulary.item_ids, vectors, wish or IndexWish(), config.seed)
        neighbours, similarities = nearest_others(indexed, vectors)
        popularity = features.popularity_features(vocabulary, known)
        shared = SharedParts(vocabulary, vectors, popularity, lifts, shares, neighbours, similarities, indexed)
        return cls(training, known, events, validation, groups, shared, config.seed, config.device, threads)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.shared.vocabulary

    def item_vectors(self, width: int) -> Floats:
        """[n, width] the collaborative item vectors, at another width than the shared ones where need be."""
        if width == self.shared.item_vectors.shape[1]:
            return self.shared.item_vectors
        return item_vectors(self.events.rows, self.events.users, len(self.vocabulary), width, self.seed)
