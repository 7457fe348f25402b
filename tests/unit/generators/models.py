"""Models for generators, written down by hand instead of trained."""

import numpy as np

from domain.users import Demographics
from infrastructure.learning.features import Vocabulary, demographic_features
from infrastructure.learning.group_affinity import group_affinity
from infrastructure.learning.shared_parts import SharedParts, nearest_others
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.exact_index import unit_length
from infrastructure.retrieval.indexed_items import IndexedItems


def model_of(vectors, women_like, men_like):
    """The shared parts of a model of the items in `vectors` (by id), with so many likes by one woman and one man."""
    item_ids = np.array(sorted(vectors))
    vocabulary = Vocabulary(item_ids, ("Crime", "Drama", "Comedy"), ("F", "M"), ())
    table = unit_length(np.array([vectors[i] for i in sorted(vectors)], dtype=np.float32))
    likes = [(who, item, n) for who, liked in enumerate((women_like, men_like)) for item, n in liked.items()]
    rows = np.repeat(vocabulary.rows(np.array([item for _, item, _ in likes])), [n for *_, n in likes])
    users = np.repeat([who for who, *_ in likes], [n for *_, n in likes])
    groups = demographic_features(vocabulary, [Demographics(gender="F"), Demographics(gender="M")])
    lifts, shares = group_affinity(groups, rows, users, len(item_ids))
    indexed = IndexedItems.of(item_ids, table, IndexWish(), seed=0)
    neighbours, similarities = nearest_others(indexed, table)
    popularity = np.zeros((len(item_ids), 3), dtype=np.float32)
    return SharedParts(vocabulary, table, popularity, lifts, shares, neighbours, similarities, indexed)
