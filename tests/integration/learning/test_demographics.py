"""Cold start from demographics alone, on MovieLens 100K, where MARQUEE_DATASETS names a folder that holds it."""

import os
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.items import ItemFilter
from domain.ports.learning import TrainingData
from domain.recommendation import Context, UserState
from domain.users import Demographics
from infrastructure.datasets.sources import DatasetFolder, MovieLensSource
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.trending import TrendingRecipe
from tests.unit.datasets.samples import FakeProgress
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded

GROUPS = {
    "young women": Demographics(age=21, gender="F", occupation="student"),
    "young men": Demographics(age=21, gender="M", occupation="student"),
    "older women": Demographics(age=58, gender="F", occupation="librarian"),
    "older men": Demographics(age=58, gender="M", occupation="retired"),
}


@pytest.fixture(scope="module")
def known():
    """What is known of everybody: the catalogue, the ratings, and who gave them."""
    folder = os.environ.get("MARQUEE_DATASETS")
    if folder is None:
        pytest.skip("MARQUEE_DATASETS names no folder with ml-100k.zip")
    dataset = MovieLensSource([DatasetFolder(Path(folder))], FakeProgress()).fetch("ml-100k")
    rows = [(row.user_id, row.item_id, row.value, row.timestamp) for row in dataset.ratings()]
    users, items, ratings, times = (np.array(column) for column in zip(*rows, strict=True))
    events = Interactions(users, items, ratings.astype(np.float32), times)
    people = {user.id: user.demographics for user in dataset.users(datetime(2026, 1, 31, tzinfo=UTC))}
    return TrainingData(Catalogue.of(dataset.items()).counting(events), events, people, 4.0)


@pytest.fixture(scope="module")
def lists(known):
    """Twenty titles for somebody of each group of whom nothing else is known."""
    nothing_held_out = known.interactions.take(np.empty(0, dtype=np.int64))
    model = worlds.train(worlds.World(known, nothing_held_out), TrendingRecipe())
    lineup = build_lineup(known.catalogue, loaded(model, worlds.config_of(TrendingRecipe())))
    return {name: titles(lineup, who) for name, who in GROUPS.items()} | {"nobody": titles(lineup, Demographics())}


def titles(lineup, who):
    state = UserState(None, History.empty(), who)
    context = Context.of(lineup.catalogue, state, ItemFilter(), 4.0)
    ranking = lineup.choose("auto", state, 5)(context, 20)
    assert ranking.engine == ("cold_start" if who != Demographics() else "popularity")
    return lineup.catalogue.ids[ranking.positions].tolist()


def taken_up(known, who, item_ids):
    """The share of the ratings of people of the same gender and about the same age that is of these titles."""
    alike = [u for u, one in known.demographics.items() if one.gender == who.gender and abs(one.age - who.age) <= 7]
    theirs = np.isin(known.interactions.user_ids, alike)
    return np.isin(known.interactions.item_ids[theirs], item_ids).mean()


@pytest.mark.parametrize(("one", "other"), [*combinations([*GROUPS, "nobody"], 2)])
def test_no_two_groups_get_the_same_list(lists, one, other):
    assert lists[one] != lists[other]


@pytest.mark.parametrize(("one", "other"), [("young women", "older men"), ("young men", "older women")])
def test_a_group_is_shown_more_of_what_it_takes_up_than_another_is(known, lists, one, other):
    assert set(lists[one]) != set(lists[other]), "not the same titles in another order"
    for mine, theirs in ((one, other), (other, one)):
        assert taken_up(known, GROUPS[mine], lists[mine]) > taken_up(known, GROUPS[mine], lists[theirs])
