import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.items import Item, Kind
from domain.users import Demographics
from infrastructure.learning import features
from infrastructure.learning.features import POOLS, Vocabulary

VOCABULARY = Vocabulary(np.array([1, 2, 4]), ("Crime", "Drama"), ("F", "M"), ("artist", "clerk"))


def catalogue():
    return Catalogue.of(
        [
            Item(Kind.MOVIE, "Heat", id=1, year=1995, genres=("Crime", "Western")),
            Item(Kind.MOVIE, "Heat wave", id=2, genres=("Drama",), description="A summer of fire"),
            Item(Kind.MOVIE, "Unseen", id=3, year=2010, genres=("Drama",)),
        ]
    )


def groups_of(**known):
    return np.flatnonzero(features.demographic_features(VOCABULARY, [Demographics(**known)])[0]).tolist()


def test_each_person_is_in_one_group_of_each_kind_and_unknown_is_one_of_them():
    assert groups_of() == [0, 8, 11]
    assert groups_of(age=30, gender="M", occupation="artist") == [3, 10, 12]
    assert groups_of(gender="X", occupation="astronaut") == groups_of()
    assert features.demographic_features(VOCABULARY, []).shape == (0, VOCABULARY.demographic_size)


@pytest.mark.parametrize(("age", "bracket"), [(None, 0), (0, 1), (17, 1), (18, 2), (24, 2), (25, 3), (56, 7), (99, 7)])
def test_age_brackets_begin_at_their_lower_ends(age, bracket):
    assert features.age_bracket(age) == bracket


def test_genres_stand_in_the_models_order_and_unknown_ones_are_left_out():
    assert features.genre_columns(catalogue(), VOCABULARY.genre_names).tolist() == [[1, 0], [0, 1], [0, 1]]


def test_titles_that_share_a_word_are_nearer_than_those_that_do_not():
    text = features.text_features(catalogue())
    assert text[0] @ text[1] > text[0] @ text[2]
    np.testing.assert_allclose(np.linalg.norm(text, axis=1), 1.0, rtol=1e-6)


def test_an_item_unknown_to_the_model_has_content_and_no_popularity():
    standing = np.full((3, 3), 0.5, dtype=np.float32)
    rows = features.item_features(catalogue(), VOCABULARY, standing)
    assert rows.shape == (3, VOCABULARY.item_size)
    assert rows[0, -3:].tolist() == [0.5, 0.5, 0.5]
    assert rows[2, -3:].tolist() == [0, 0, 0]
    assert rows[2, :4].tolist() == [0, 1, 1, 1]  # genres, scaled year, year known
    assert rows[1, 2:4].tolist() == [0, 0]


def test_popularity_counts_all_time_and_the_latest_tenth_of_it():
    events = Interactions(
        np.arange(5),
        np.array([1, 1, 1, 2, 2]),
        np.array([5, 5, 2, 1, 3], dtype=np.float32),
        np.array([0, 1, 2, 99, 100]),
    )
    standing = features.popularity_features(VOCABULARY, events)
    np.testing.assert_allclose(standing[:, 0], [1, np.log(3) / np.log(4), 0], rtol=1e-6)
    np.testing.assert_allclose(standing[:, 1], [0, 1, 0])
    np.testing.assert_allclose(standing[:, 2], [0.8, 0.4, 0], rtol=1e-6)


def test_newer_events_weigh_more_and_none_outside_the_history_weighs_at_all():
    weights = features.pool_weights(np.array([5, 4, 3, 2, 1, 0, -1]), np.ones(7, dtype=bool), 4)
    assert weights.shape == (7, len(POOLS))
    newest = weights[:, 0]
    assert (newest[[0, 1, 6]] == 0).all()
    assert (np.diff(newest[2:6]) > 0).all()
    assert (weights.sum(axis=0) < 1).all()


def test_liked_and_disliked_events_have_pools_of_their_own():
    weights = features.pool_weights(np.array([1, 0]), np.array([True, False]), 4)
    kept = {pool.name: (weights[:, place] > 0).tolist() for place, pool in enumerate(POOLS)}
    assert kept["liked"] == [True, False]
    assert kept["disliked"] == [False, True]
    assert kept["newest"] == [True, True]


def test_a_user_without_history_has_empty_pools():
    people = features.demographic_features(VOCABULARY, [Demographics()])
    values = np.ones((1, 0, 5), dtype=np.float32)
    weights = features.pool_weights(np.empty((1, 0), dtype=np.int64), np.empty((1, 0), dtype=bool), 4)
    row = features.user_features(weights, values, np.array([0]), people, 4)
    assert np.flatnonzero(row[0]).tolist() == [len(POOLS) * 5 + 1 + place for place in (0, 8, 11)]


def test_rows_of_unknown_ids_are_minus_one():
    assert VOCABULARY.rows(np.array([4, 3, 1, 99])).tolist() == [2, -1, 0, -1]
    empty = Vocabulary(np.empty(0, dtype=np.int64), (), (), ())
    assert empty.rows(np.array([1])).tolist() == [-1]


def test_the_sizes_promised_are_the_sizes_built():
    values = features.event_values(np.zeros((2, 7 + 2), dtype=np.float32), np.array([1, 5], dtype=np.float32))
    assert values.shape == (2, 7 + VOCABULARY.event_size)
    assert values[:, -2].tolist() == [-1, 1]
    people = features.demographic_features(VOCABULARY, [Demographics()])
    weights = features.pool_weights(np.array([[1, 0]]), np.array([True, True]), 4)
    assert features.user_features(weights, values, np.array([2]), people, 4).shape == (1, VOCABULARY.user_size(7))
