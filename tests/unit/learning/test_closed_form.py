"""The engines in closed form: against the definition, on planted patterns, and as they serve."""

from dataclasses import replace

import numpy as np
import pytest

from domain import metrics
from domain.events import History, Interactions
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes import square_matrix
from infrastructure.learning.recipes.ease import EaseRecipe, users_by_items
from infrastructure.learning.recipes.item_item import NEAREST, SIMILARITIES, ItemItemRecipe, neighbourhoods
from infrastructure.learning.recipes.linear import LinearRecipe, moments
from infrastructure.learning.recipes.square_matrix import MATRIX
from infrastructure.learning.recipes.trending import DAY, HEAT, TrendingRecipe, heats
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

RECIPES = (TrendingRecipe(), ItemItemRecipe(), EaseRecipe(regularisation=10.0), LinearRecipe(regularisation=1.0))
PERSONAL = ["item_item", "ease", "linear"]


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def model(world, told):
    return worlds.train(world, *RECIPES, on_epoch=told.append)


@pytest.fixture(scope="module")
def lineup(world, model):
    return build_lineup(world.training.catalogue, loaded(model, worlds.config_of(*RECIPES)))


def histories_one_by_one(material, decay, length):
    """X and Y as the definition has them: a row for every event that comes after another."""
    events, size = material.events, len(material.vocabulary)
    befores, nexts = [], []
    for start, end in zip(events.starts, events.ends, strict=True):
        for at in range(start, end):
            before, following = np.zeros(size), np.zeros(size)
            for age, event in enumerate(range(at - 1, max(start, at - length) - 1, -1)):
                before[events.rows[event]] += np.exp(-age / decay)
            following[events.rows[at]] = 1.0
            befores.append(before)
            nexts.append(following)
    return np.array(befores), np.array(nexts)


@pytest.mark.parametrize("length", [1, 3, 40])
def test_the_moments_are_those_of_the_histories_written_out(world, length):
    material = worlds.material(world)
    before, following = histories_one_by_one(material, 4.0, length)
    gram, met = moments(material.events, len(material.vocabulary), 4.0, length)
    np.testing.assert_allclose(gram, before.T @ before, atol=1e-9)
    np.testing.assert_allclose(met, before.T @ following, atol=1e-9)


def test_the_linear_map_solves_its_ridge_regression(world, model):
    material = worlds.material(world)
    before, following = histories_one_by_one(material, 4.0, 40)
    weights = model.arrays["linear"][MATRIX]
    gradient = before.T @ (before @ weights - following) + weights
    assert np.abs(gradient).max() < 1e-3


def test_ease_rebuilds_each_item_from_the_others_as_well_as_a_ridge_regression_can(world, model):
    users = users_by_items(worlds.material(world).events, 80).toarray()
    weights = model.arrays["ease"][MATRIX]
    assert not np.diagonal(weights).any()
    for item in (0, 41):
        others = np.arange(80) != item
        known = users[:, others]
        best = np.linalg.solve(known.T @ known + 10.0 * np.eye(79), known.T @ users[:, item])
        np.testing.assert_allclose(weights[others, item], best, atol=1e-5)


def test_similarity_is_the_shrunken_cosine_and_the_nearest_are_kept():
    users = users_by_items(worlds.material(worlds.world(users=60)).events, 80)
    dense = users.toarray()
    shared, sizes = dense.T @ dense, np.sqrt(dense.sum(axis=0))
    cosine = shared / (np.outer(sizes, sizes) + 5.0)
    np.fill_diagonal(cosine, 0.0)
    nearest, similarities = neighbourhoods(users, 7, 5.0)
    assert nearest.shape == similarities.shape == (80, 7)
    np.testing.assert_allclose(
        np.sort(similarities, axis=1), np.sort(np.sort(cosine, axis=1)[:, -7:], axis=1), atol=1e-6
    )
    np.testing.assert_allclose(similarities, np.take_along_axis(cosine, nearest.astype(int), 1), atol=1e-6)


def test_heat_halves_with_every_half_life(world):
    vocabulary = worlds.material(world).vocabulary
    ids = vocabulary.item_ids
    events = Interactions(
        np.arange(4), ids[[0, 0, 1, 2]], np.ones(4, dtype=np.float32), np.array([10 * DAY, 0, 10 * DAY, 5 * DAY])
    )
    assert heats(vocabulary, events, 5.0)[:4].tolist() == [1.25, 1.0, 0.5, 0.0]


def test_each_engine_reports_its_single_step(told):
    assert [(report.engine, report.epoch, report.epochs) for report in told] == [
        (recipe.name, 1, 1) for recipe in RECIPES
    ]


@pytest.mark.parametrize("engine", PERSONAL)
def test_a_planted_pattern_is_learned(world, lineup, engine):
    """The next of a walk is among the first ten for most users; by chance it is for one in eight."""
    training, held_out = world.training.interactions, world.validation
    hits = []
    for user, target in zip(held_out.user_ids, held_out.item_ids, strict=True):
        mine = training.user_ids == user
        history = History(training.item_ids[mine], training.ratings[mine], training.timestamps[mine])
        ranking = lineup.pipelines[engine](context_of(lineup.catalogue, history), 10, explain=False)
        ids = lineup.catalogue.ids[ranking.positions]
        hits.append(int(np.flatnonzero(ids == target)[0]) + 1 if target in ids else 0)
    assert metrics.hit(np.array(hits), 10).mean() > 0.6


def test_the_linear_map_knows_what_comes_next(lineup):
    """All genres have a walk; only the order of the last events tells which way it goes."""
    ranking = lineup.pipelines["linear"](context_of(lineup.catalogue, History.of([10, 20, 30, 40], [5] * 4)), 3)
    assert lineup.catalogue.ids[ranking.positions[0]] == 50


@pytest.mark.parametrize("engine", PERSONAL)
def test_what_each_event_adds_makes_up_the_score(lineup, engine):
    ranker = lineup.pipelines[engine].ranker
    context = context_of(lineup.catalogue, History.of([10, 250, 20, 30, 500], [5, 2, 4, 5, 1]))
    positions = np.arange(0, 80, 7)
    added = ranker.contributions(context, positions)
    assert added.shape == (12, 5)
    np.testing.assert_allclose(added.sum(axis=1), ranker.score(context, positions), atol=1e-6)


@pytest.mark.parametrize("engine", PERSONAL)
def test_without_the_event_that_is_named_the_score_falls(lineup, engine):
    """The events after it keep their age, so the fall is exactly what the explanation says it added."""
    ranker = lineup.pipelines[engine].ranker
    history = History.of([250, 500, 10, 20, 30], [2, 2, 5, 4, 5])
    context = context_of(lineup.catalogue, history)
    (position,) = lineup.pipelines[engine](context, 1).positions
    (reason,) = ranker.explain(context, np.array([position]))
    assert reason.kind == "history"
    added = ranker.contributions(context, np.array([position]))[0]
    assert history.item_ids[np.argmax(added)] == reason.because_of[0]


@pytest.mark.parametrize("engine", PERSONAL)
def test_the_newest_event_counts_most(lineup, engine):
    ranker = lineup.pipelines[engine].ranker

    def added_by(history):
        context = context_of(lineup.catalogue, history)
        return ranker.contributions(context, np.array([2]))[0][history.item_ids == 20][0]

    assert added_by(History.of([500, 20], [5, 5])) > added_by(History.of([20, 500], [5, 5])) > 0


@pytest.mark.parametrize("engine", ["trending", *PERSONAL])
def test_a_list_is_full_for_whoever_asks(lineup, engine):
    for history in (History.empty(), History.of([10], [5]), History.of([10, 20, 30], [1, 5, 3])):
        ranking = lineup.pipelines[engine](context_of(lineup.catalogue, history), 15)
        ids = lineup.catalogue.ids[ranking.positions]
        assert len(set(ids.tolist())) == 15
        assert not np.isin(ids, history.item_ids).any()
        assert all(reason is not None for reason in ranking.reasons)


def test_items_and_events_that_were_not_trained_on_add_nothing(world):
    """A model of a smaller catalogue serves a larger one."""
    few = replace(
        world.training, interactions=world.training.interactions.take(world.training.interactions.item_ids > 200)
    )
    model = worlds.train(worlds.World(few, world.validation), *RECIPES)
    lineup = build_lineup(world.training.catalogue, loaded(model, worlds.config_of(*RECIPES)))
    for engine in PERSONAL:
        ranker = lineup.pipelines[engine].ranker
        unknown = context_of(lineup.catalogue, History.of([10, 20], [5, 5]))
        assert ranker.scores(unknown) is None
        assert not ranker.score(unknown, np.arange(80)).any()
        both = context_of(lineup.catalogue, History.of([10, 410, 20], [5, 5, 5]))
        assert not ranker.scores(both)[:20].any()
        assert not ranker.contributions(both, np.arange(80))[:, [0, 2]].any()


@pytest.mark.parametrize("recipe", [EaseRecipe(), LinearRecipe()])
def test_a_catalogue_too_large_for_a_matrix_leaves_the_engine_out(world, recipe, monkeypatch, caplog):
    monkeypatch.setattr(square_matrix, "LARGEST", 79)
    assert recipe.train(worlds.material(world), lambda report: None) is None
    assert recipe.name in caplog.text and "80 items" in caplog.text


def test_what_is_left_out_is_not_an_engine_of_the_model(world, monkeypatch):
    monkeypatch.setattr(square_matrix, "LARGEST", 79)
    model = worlds.train(world, LinearRecipe(), TrendingRecipe())
    assert model.engines == ("trending",)


def test_neighbours_that_do_not_exist_are_refused(world, model):
    arrays = dict(model.arrays["item_item"])
    recipe = ItemItemRecipe()
    shape = (80, 79)
    assert recipe.shapes(model.shared.vocabulary, arrays) == {NEAREST: shape, SIMILARITIES: shape}
    for wrong in (-1, 80):
        with pytest.raises(ValueError, match="do not exist"):
            recipe.shapes(model.shared.vocabulary, {**arrays, NEAREST: np.full_like(arrays[NEAREST], wrong)})


def test_trending_says_so(lineup, model):
    ranking = lineup.pipelines["trending"](context_of(lineup.catalogue, History.empty()), 3)
    assert {reason.kind for reason in ranking.reasons} == {"trending"}
    assert model.arrays["trending"][HEAT].shape == (len(model.shared.vocabulary),)
