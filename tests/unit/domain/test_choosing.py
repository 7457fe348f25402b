from dataclasses import replace

import numpy as np
import pytest

from domain.choosing import LENGTHS, SHRINKAGE, best_by_length
from domain.events import History
from domain.items import Item, Kind
from domain.recommendation import UserState
from tests.fakes import FakeDatabase, FakeLineups, fake_pipeline, popularity_of

MANY = int(SHRINKAGE) * 10


def users(short, long):
    """Lengths of so many short and long histories."""
    return np.repeat([LENGTHS[1] - 1, LENGTHS[-1] + 1], [short, long])


def test_each_length_of_history_has_its_best_engine():
    lengths = users(MANY, MANY)
    short = lengths < LENGTHS[1]
    values = {"ease": np.where(short, 0.2, 0.1), "linear": np.where(short, 0.1, 0.3)}
    chosen = best_by_length(lengths, values)
    assert chosen[0] == (0, "ease")
    assert chosen[-1][1] == "linear"


def test_a_few_users_cannot_choose_an_engine_that_is_worse_for_the_many():
    lengths = users(3, MANY)
    short = lengths < LENGTHS[1]
    values = {"ease": np.where(short, 1.0, 0.1), "linear": np.where(short, 0.0, 0.3)}
    assert best_by_length(lengths, values) == ((0, "linear"),)


def test_equal_engines_are_chosen_by_their_order_and_none_by_none():
    nobody = np.empty(0)
    assert best_by_length(np.empty(0, dtype=np.int64), {"b": nobody, "a": nobody}) == ((0, "b"),)
    assert best_by_length(np.empty(0, dtype=np.int64), {}) == ()


@pytest.mark.parametrize(
    ("ratings", "engine"),
    [(0, "popularity"), (4, "cold_start"), (5, "ncf"), (9, "ncf"), (10, "linear"), (500, "linear")],
)
def test_auto_follows_the_length_of_the_history(ratings, engine):
    lineup = FakeLineups(FakeDatabase(Item(Kind.MOVIE, "Film", id=1))).current(0)
    linear = fake_pipeline("linear", popularity_of, "v1")
    lineup = replace(
        lineup,
        pipelines={**lineup.pipelines, "linear": linear},
        auto=((0, "ncf"), (10, "linear"), (30, "an engine that was left out")),
    )
    state = UserState(1, History.of([1] * ratings, [5.0] * ratings))
    assert lineup.choose("auto", state, min_interactions=5).name == engine
