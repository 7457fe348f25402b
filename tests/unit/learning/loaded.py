"""A trained model as it would come back from its folder, without one."""

from datetime import UTC, datetime

import numpy as np

from domain.model_versions import ModelVersion
from infrastructure.learning.artifacts import LoadedModel, nearest_others
from infrastructure.retrieval.exact_index import ExactIndex


def loaded(model):
    index = ExactIndex(model.item_vectors)
    neighbours, similarities = nearest_others(index, model.item_vectors)
    return LoadedModel(
        version=ModelVersion("v1", "ncf", datetime(2026, 11, 21, tzinfo=UTC), {}, "fingerprint"),
        vocabulary=model.vocabulary,
        weights={name: np.array(weights) for name, weights in model.weights.items()},
        item_vectors=model.item_vectors,
        popularity=model.popularity,
        group_lifts=model.group_lifts,
        item_shares=model.item_shares,
        neighbours=neighbours,
        similarities=similarities,
        index=index,
    )
