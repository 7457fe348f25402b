"""Matrix factorisation: the loss against its definition, a planted pattern, and folding users in."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from domain import metrics
from domain.events import History, Interactions
from infrastructure.learning.factors.module import warp_loss
from infrastructure.learning.factors.training import FactorRun
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.mf import MfRecipe
from infrastructure.learning.sequences import Sequences
from infrastructure.learning.tower_training import ranks_of
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

QUICK = MfRecipe(embedding_size=8, epochs=6, learning_rate=5e-2, batch_size=256, negatives=40, history_length=10)
WALK = History.of([10, 20, 30, 40], [5, 5, 5, 5])


def arrays_of(world, recipe, seed=3, told=None):
    return recipe.train(worlds.material(world, seed), (told if told is not None else []).append)


@pytest.fixture(scope="module")
def model(world):
    return worlds.train(world, QUICK)


@pytest.fixture(scope="module")
def lineup(world, model):
    return build_lineup(world.training.catalogue, loaded(model, worlds.config_of(QUICK)))


@pytest.fixture(scope="module")
def engine(lineup):
    return lineup.pipelines["mf"].ranker


def run_with(world, arrays, recipe=QUICK):
    run = FactorRun(worlds.material(world), recipe)
    run.model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    run.model.eval()
    return run


def loss_of(targets, drawn, others=None, items=11):
    drawn = torch.tensor(drawn, dtype=torch.float32)
    others = torch.ones(drawn.shape, dtype=torch.bool) if others is None else torch.tensor(others)
    return warp_loss(torch.tensor(targets, dtype=torch.float32), drawn, others, items)


def test_the_loss_is_the_logarithm_of_the_rank_that_violations_make():
    """Two draws of eleven items: each stands for five. Violations are 0.5 and 1.5, and none."""
    expected = (np.log1p(5 * (0.5 + 1.5)) + 0.0) / 2
    assert loss_of([2.0, 9.0], [[1.5, 2.5], [1.5, 2.5]]).item() == pytest.approx(expected)


def test_the_target_itself_is_no_violation():
    assert loss_of([2.0], [[2.0, 0.0]], [[False, True]]).item() == 0.0
    assert loss_of([2.0], [[2.0, 0.0]], [[True, True]]).item() > 0.0


def test_a_draw_of_everything_makes_the_violations_exact():
    """All ten others are drawn, so each counts once."""
    scores = np.linspace(0.0, 2.0, 10)[None]
    violations = np.maximum(1.0 + scores - 1.2, 0.0).sum()
    assert loss_of([1.2], scores.tolist()).item() == pytest.approx(np.log1p(violations), rel=1e-6)


def test_only_violators_are_pushed_down_and_a_well_ranked_target_is_left_alone():
    targets = torch.tensor([2.0, 9.0], requires_grad=True)
    drawn = torch.tensor([[1.5, 0.5, 2.5], [1.5, 0.5, 2.5]], requires_grad=True)
    warp_loss(targets, drawn, torch.ones(2, 3, dtype=torch.bool), 100).backward()
    assert targets.grad[0] < 0 and targets.grad[1] == 0
    assert (drawn.grad[0, [0, 2]] > 0).all() and drawn.grad[0, 1] == 0
    assert not drawn.grad[1].any()


def test_one_violation_weighs_less_where_there_are_many():
    """What makes it WARP: the gradient goes to where a better rank is near, at the top of the list."""

    def pull(others):
        target = torch.tensor([0.0], requires_grad=True)
        warp_loss(target, torch.tensor([others]), torch.ones(1, len(others), dtype=torch.bool), 1000).backward()
        return abs(target.grad.item()) / sum(score > -1 for score in others)

    assert pull([0.5, -5.0, -5.0, -5.0]) > 2 * pull([0.5, 0.5, 0.5, 0.5])


def test_users_are_the_decayed_sums_of_their_events(world):
    run = FactorRun(worlds.material(world), QUICK)
    torch.nn.init.constant_(run.model.disliked, -0.5)
    rows, liked = torch.tensor([[3, 5, 7]]), torch.tensor([[True, False, True]])
    found = run.model.users(rows, liked)[0].detach().numpy()
    factors = run.model.events.detach().numpy()
    worth, at = [1.0, -0.5, 1.0], [3, 5, 7]
    for place in range(3):
        weights = [worth[j] * np.exp(-(place - j) / QUICK.decay) for j in range(place + 1)]
        expected = sum(weight * factors[row] for weight, row in zip(weights, at, strict=False))
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


def test_a_planted_pattern_is_learned_far_better_than_popularity_explains_it(world, model):
    run = FactorRun(worlds.material(world), QUICK)
    users, targets = run.validation
    popularity = np.tile(np.bincount(run.events.rows).astype(np.float32), (len(users), 1))
    by_count = metrics.ndcg(ranks_of(popularity, targets, run.events, users), 10).mean()
    assert max(report.validation for report in model.epochs) > 2 * by_count
    assert model.epochs[-1].loss < model.epochs[0].loss


def test_the_same_seed_gives_the_same_weights_and_another_one_others(world, model):
    again = arrays_of(world, QUICK)
    for name, weights in model.arrays["mf"].items():
        np.testing.assert_array_equal(again[name], weights, err_msg=name)
    other = arrays_of(world, replace(QUICK, epochs=1), seed=4)
    assert not np.array_equal(other["items"], arrays_of(world, replace(QUICK, epochs=1))["items"])


def test_two_ratings_are_enough_to_train_on(world):
    two = replace(world.training, interactions=world.training.interactions.take(np.array([0, 9])))
    arrays = arrays_of(worlds.World(two, world.validation), replace(QUICK, epochs=2))
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_the_weights_kept_are_those_that_validated_best(world, model):
    run = run_with(world, model.arrays["mf"])
    assert run.validate() == pytest.approx(max(report.validation for report in model.epochs), abs=1e-6)


@pytest.mark.parametrize("size", [1, 3, 10, 30])
def test_what_is_served_is_the_modules_score(world, model, engine, size):
    random = np.random.default_rng(size)
    history = History.of((10 * (random.permutation(80)[:size] + 1)).tolist(), random.integers(1, 6, size).tolist())
    run = run_with(world, model.arrays["mf"])
    events = Interactions(np.ones(size, dtype=np.int64), history.item_ids, history.ratings, history.timestamps)
    run.events = Sequences.of(worlds.material(world).vocabulary, events, worlds.LIKED_FROM)
    last = np.arange(max(0, size - QUICK.history_length), size)
    with torch.no_grad():
        expected = (run.users(last[None])[0, -1] @ run.model.items.T + run.model.bias).numpy()
    catalogue = world.training.catalogue
    positions = catalogue.positions(worlds.material(world).vocabulary.item_ids)
    np.testing.assert_allclose(engine.score(context_of(catalogue, history), positions), expected, atol=1e-4)


def test_what_each_event_adds_and_the_bias_make_up_the_score(lineup, engine, model):
    context = context_of(lineup.catalogue, History.of([10, 250, 20, 30, 500], [5, 2, 4, 5, 1]))
    ids = model.shared.vocabulary.item_ids[::7]
    positions = lineup.catalogue.positions(ids)
    added = engine.contributions(context, positions)
    assert added.shape == (len(ids), 5) and added.all()
    bias = model.arrays["mf"]["bias"][::7]
    np.testing.assert_allclose(added.sum(axis=1) + bias, engine.score(context, positions), atol=1e-4)


def test_somebody_new_is_folded_in_and_led_on_along_their_walk(lineup):
    ranking = lineup.pipelines["mf"](context_of(lineup.catalogue, WALK), 3)
    assert ranking.positions[0] == 4 and (ranking.positions < 20).all(), "comedies are the first twenty"
    assert not ranking.fallback_used


def test_a_new_rating_changes_the_list_without_training(lineup):
    pipeline = lineup.pipelines["mf"]
    before = pipeline(context_of(lineup.catalogue, WALK), 10)
    after = pipeline(context_of(lineup.catalogue, History.of([10, 20, 30, 40, 610, 620], [5] * 6)), 10)
    assert (after.positions >= 60).sum() > (before.positions >= 60).sum(), "Westerns begin at position 60"


@pytest.mark.parametrize("history", [History.empty(), History.of([10], [5]), WALK])
def test_a_list_is_full_for_whoever_asks(lineup, history):
    ranking = lineup.pipelines["mf"](context_of(lineup.catalogue, history), 15)
    ids = lineup.catalogue.ids[ranking.positions]
    assert len(set(ids.tolist())) == 15 and not np.isin(ids, history.item_ids).any()
    assert all(reason is not None for reason in ranking.reasons)


def test_items_without_factors_come_last_and_events_of_them_say_nothing(world):
    few = replace(
        world.training, interactions=world.training.interactions.take(world.training.interactions.item_ids > 200)
    )
    model = worlds.train(worlds.World(few, world.validation), replace(QUICK, epochs=1))
    lineup = build_lineup(world.training.catalogue, loaded(model, worlds.config_of(QUICK)))
    ranker = lineup.pipelines["mf"].ranker
    assert ranker.scores(context_of(lineup.catalogue, History.of([10, 20], [5, 5]))) is None
    both = context_of(lineup.catalogue, History.of([10, 410, 20], [5, 5, 5]))
    scores = ranker.scores(both)
    assert (scores[:20] == scores.min()).all()
    assert not ranker.contributions(both, np.arange(80))[:, [0, 2]].any()
    assert not np.isin(ranker(both, 80).positions, np.arange(20)).any()


def test_item_embeddings_are_among_the_arrays_and_other_shapes_are_refused(model):
    arrays, vocabulary = model.arrays["mf"], model.shared.vocabulary
    assert arrays["items"].shape == (len(vocabulary), 8)
    assert QUICK.shapes(vocabulary, arrays) == {name: array.shape for name, array in arrays.items()}
    assert replace(QUICK, embedding_size=9).shapes(vocabulary, arrays) != QUICK.shapes(vocabulary, arrays)


def test_items_that_were_taken_up_together_have_embeddings_that_are_alike(model):
    """Each genre of this world has its own walks."""
    items = model.arrays["mf"]["items"]
    unit = items / np.linalg.norm(items, axis=1, keepdims=True)
    genre = model.shared.vocabulary.item_ids // 10 - 1
    same = (genre[:, None] // 20) == (genre // 20)
    alike = unit @ unit.T
    off = ~np.eye(len(items), dtype=bool)
    assert alike[same & off].mean() > alike[~same].mean() + 0.2
