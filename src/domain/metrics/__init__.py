"""Offline quality measures: of one target's place, of lists with several targets, and of what lists are made up of.

Where a measure speaks of single users it returns one value a user, so that engines can be compared user by user.
"""

from domain.metrics.beyond import (
    average_popularity,
    coverage,
    diversity,
    genre_shares,
    gini,
    miscalibration,
    novelty,
)
from domain.metrics.intervals import bootstrap_interval
from domain.metrics.lists import average_precision, first_rank, matches, ndcg_of_list, precision, recall
from domain.metrics.ranks import hit, mean_rank, ndcg, rank_of_first, reciprocal_rank

__all__ = [
    "average_popularity",
    "average_precision",
    "bootstrap_interval",
    "coverage",
    "diversity",
    "first_rank",
    "genre_shares",
    "gini",
    "hit",
    "matches",
    "mean_rank",
    "miscalibration",
    "ndcg",
    "ndcg_of_list",
    "novelty",
    "precision",
    "rank_of_first",
    "recall",
    "reciprocal_rank",
]
