"""Models for generators, written down by hand instead of trained."""

from datetime import UTC, datetime

import numpy as np

from domain.model_versions import ModelVersion
from domain.users import Demographics
from infrastructure.learning.artifacts import LoadedModel, nearest_others
from infrastructure.learning.features import Vocabulary, demographic_features
from infrastructure.learning.group_affinity import group_affinity
from infrastructure.retrieval.exact_index import ExactIndex, unit_length


def model_of(vectors, women_like, men_like):
    """A model of the items in `vectors` (by id), and of one woman and one man with so many likes of each item."""
    item_ids = np.array(sorted(vectors))
    vocabulary = Vocabulary(item_ids, ("Crime", "Drama", "Comedy"), ("F", "M"), (), 10)
    table = unit_length(np.array([vectors[i] for i in sorted(vectors)], dtype=np.float32))
    likes = [(who, item, n) for who, liked in enumerate((women_like, men_like)) for item, n in liked.items()]
    rows = np.repeat(vocabulary.rows(np.array([item for _, item, _ in likes])), [n for *_, n in likes])
    users = np.repeat([who for who, *_ in likes], [n for *_, n in likes])
    groups = demographic_features(vocabulary, [Demographics(gender="F"), Demographics(gender="M")])
    lifts, shares = group_affinity(groups, rows, users, len(item_ids))
    index = ExactIndex(table)
    neighbours, similarities = nearest_others(index, table)
    return LoadedModel(
        version=ModelVersion("v1", "ncf", datetime(2026, 11, 21, tzinfo=UTC), {}, "by hand"),
        vocabulary=vocabulary,
        weights={},
        item_vectors=table,
        popularity=np.zeros((len(item_ids), 3), dtype=np.float32),
        group_lifts=lifts,
        item_shares=shares,
        neighbours=neighbours,
        similarities=similarities,
        index=index,
    )
