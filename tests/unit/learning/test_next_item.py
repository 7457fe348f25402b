"""The engines that read a history in its order: what they learn, and that serving says what training meant."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.items import Item, Kind
from infrastructure.learning.lineup import Generators
from infrastructure.learning.next_item import events as levels
from infrastructure.learning.next_item.full_softmax import full_softmax
from infrastructure.learning.next_item.training import NextItemRun
from infrastructure.learning.recipes.gru import GruRecipe
from infrastructure.learning.recipes.hstu import HstuRecipe
from infrastructure.learning.recipes.lstm import LstmRecipe
from infrastructure.learning.recipes.sequence import SequenceRecipe
from infrastructure.learning.sequences import Sequences
from infrastructure.learning.window_training import rate_at
from tests.unit.learning import worlds
from tests.unit.learning.serving import context_of

SMALL = {"embedding_size": 16, "history_length": 12, "epochs": 6, "learning_rate": 1e-2, "batch_size": 256}
RECIPES = [recipe(**SMALL) for recipe in (SequenceRecipe, HstuRecipe, GruRecipe, LstmRecipe)]
names = {"params": RECIPES, "ids": [recipe.name for recipe in RECIPES]}


@pytest.fixture(scope="module", **names)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def learned(world, recipe):
    return worlds.train(world, recipe)


def pipeline_of(world, recipe, learned, catalogue=None):
    generators = Generators(catalogue or world.training.catalogue, learned.shared)
    parts = generators.parts("v1", generators.simple_pipelines("v1"))
    return recipe.build(learned.arrays[recipe.name], parts)


def history(size, seed=0):
    """A history in which gaps of time differ."""
    random = np.random.default_rng(seed)
    items = 10 * (random.permutation(80)[:size] + 1)
    return History.of(items.tolist(), random.integers(1, 6, size).tolist(), np.cumsum(7 ** (np.arange(size) % 9)))


def told_by_the_module(world, recipe, learned, past):
    """[n] logits of the module for one history, through the columns of training."""
    material = worlds.material(world)
    run = NextItemRun(material, recipe, recipe.module())
    run.model.load_state_dict({name: torch.from_numpy(w) for name, w in learned.arrays[recipe.name].items()})
    run.model.eval()
    run.precision = torch.float32
    kept = slice(-recipe.history_length, None)
    own = Interactions(np.ones(len(past), dtype=np.int64), past.item_ids, past.ratings, past.timestamps).take(
        np.arange(len(past))[kept]
    )
    run.events, run.times = Sequences.of(material.vocabulary, own, worlds.LIKED_FROM), own.timestamps
    untold = np.zeros((1, len(own)), dtype=np.int64)
    with torch.no_grad():
        vectors = run.model.item_vectors()
        return (run.read(vectors, np.arange(len(own))[None], untold)[0, -1] @ vectors.t()).numpy()


@pytest.mark.parametrize("size", [1, 2, 12, 30])
def test_serving_gives_the_modules_scores(world, recipe, learned, size):
    past = history(size)
    ranker = pipeline_of(world, recipe, learned).ranker
    positions = world.training.catalogue.positions(learned.shared.vocabulary.item_ids)
    scores = ranker.score(context_of(world.training.catalogue, past), positions)
    np.testing.assert_allclose(scores, told_by_the_module(world, recipe, learned, past), atol=2e-4, rtol=1e-3)


def test_the_planted_walk_is_learned(world, recipe, learned):
    """The next item follows from the last one: chance is 0.02, and popularity no better."""
    assert max(report.validation for report in learned.epochs) > 0.4


def test_the_same_seed_gives_the_same_weights_and_another_one_others(world, recipe):
    brief = replace(recipe, epochs=1)
    first, again, other = (worlds.train(world, brief, seed=seed).arrays[recipe.name] for seed in (3, 3, 4))
    for name, weights in first.items():
        np.testing.assert_array_equal(weights, again[name], err_msg=name)
    assert not np.array_equal(first["embedding"], other["embedding"])


def test_the_best_epoch_is_the_one_that_is_kept(world, recipe, learned):
    run = NextItemRun(worlds.material(world), recipe, recipe.module())
    run.model.load_state_dict({name: torch.from_numpy(w) for name, w in learned.arrays[recipe.name].items()})
    run.precision = torch.float32
    run.model.eval()
    assert run.validate() == pytest.approx(max(report.validation for report in learned.epochs), abs=0.02)


def test_training_stops_when_patience_ends(world, recipe):
    reports = []
    still = replace(recipe, epochs=9, patience=2, learning_rate=1e-8)
    worlds.train(world, still, on_epoch=reports.append)
    assert len(reports) < 9
    assert not any(report.best for report in reports[-2:])


def test_an_array_of_another_shape_is_noticed(world, recipe, learned):
    vocabulary, arrays = learned.shared.vocabulary, learned.arrays[recipe.name]
    shapes = recipe.shapes(vocabulary, arrays)
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert replace(recipe, embedding_size=32).shapes(vocabulary, arrays) != shapes


def test_a_title_that_came_after_training_has_a_score_by_its_content(world, recipe, learned):
    known = world.training.catalogue
    fresh = [
        Item(Kind.MOVIE, f"New {genre}", id=9000 + g, year=1985, genres=(genre,))
        for g, genre in enumerate(worlds.GENRES)
    ]
    items = [
        Item(
            Kind.MOVIE,
            title,
            id=int(i),
            year=int(y),
            genres=tuple(g for g, has in zip(known.genre_names, row, strict=True) if has),
        )
        for i, title, y, row in zip(known.ids, known.titles, known.years, known.genres, strict=True)
    ]
    catalogue = Catalogue.of([*items, *fresh])
    ranker = pipeline_of(world, recipe, learned, catalogue).ranker
    crime = History.of([10 * (21 + i) for i in range(6)], [5.0] * 6)
    scores = ranker.score(context_of(catalogue, crime), catalogue.positions(np.arange(9000, 9004)))
    assert int(np.argmax(scores)) == worlds.GENRES.index("Crime")


def test_a_reason_names_a_liked_title_without_which_the_score_is_lower(world, recipe, learned):
    catalogue = world.training.catalogue
    ranker = pipeline_of(world, recipe, learned).ranker
    past = History.of([10 * (1 + i) for i in range(6)], [5.0, 5.0, 2.0, 5.0, 5.0, 5.0])
    context = context_of(catalogue, past)
    position = catalogue.positions(np.array([70]))
    (reason,) = ranker.explain(context, position)
    assert reason.kind == "history"
    assert 30 not in reason.because_of  # it was disliked
    named = past.item_ids.tolist().index(reason.because_of[0])

    def standing(one):
        scores = ranker.score(context_of(catalogue, one), np.arange(len(catalogue)))
        return scores[position[0]] - scores.mean()

    assert standing(past.without(named)) < standing(past)


def test_gaps_of_time_matter_and_the_time_itself_does_not(world, learned, recipe):
    ranker = pipeline_of(world, recipe, learned).ranker
    past, places = history(6), np.arange(80)
    later = History(past.item_ids, past.ratings, past.timestamps + 86_400_000)
    hurried = History(past.item_ids, past.ratings, np.arange(6))
    scores, same, other = (
        ranker.score(context_of(world.training.catalogue, one), places) for one in (past, later, hurried)
    )
    np.testing.assert_array_equal(scores, same)
    assert not np.allclose(scores, other)


def test_a_history_is_read_once_for_a_list_and_nothing_is_kept_after_it(world, recipe, learned):
    pipeline = pipeline_of(world, recipe, learned)
    ranker, read = pipeline.ranker, []
    encode = ranker._encode
    ranker._encode = lambda *told: read.append(1) or encode(*told)
    context = context_of(world.training.catalogue, history(5))
    first = pipeline(context, 5, explain=False).positions
    ranker.score(context, first)
    assert len(read) == 1
    shorter = context.leaving_out(np.array([0]))
    assert not np.array_equal(ranker.score(shorter, first), ranker.score(context, first)) and len(read) == 2
    del context, shorter
    assert not ranker._remembered


def test_without_a_history_nothing_is_proposed(world, recipe, learned):
    pipeline = pipeline_of(world, recipe, learned)
    context = context_of(world.training.catalogue, History.empty())
    assert not len(pipeline.generators[0](context, 10))
    ranking = pipeline(context, 5)
    assert len(ranking.positions) == 5 and ranking.fallback_used


def test_the_fused_loss_and_its_gradients_are_those_of_cross_entropy():
    torch.manual_seed(0)
    hidden, items = (torch.rand(size, 6, requires_grad=True) for size in (1300, 9))
    targets = torch.randint(0, 9, (1300,))
    expected = nn.functional.cross_entropy(hidden @ items.t(), targets)
    wanted = torch.autograd.grad(3 * expected, (hidden, items))
    found = full_softmax(hidden, items, targets)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for got, want in zip(torch.autograd.grad(3 * found, (hidden, items)), wanted, strict=True):
        torch.testing.assert_close(got, want, atol=1e-6, rtol=1e-4)


def test_the_learning_rate_rises_and_then_falls_to_nothing():
    rates = [rate_at(step, 100) for step in range(101)]
    assert max(rates) == pytest.approx(1.0, abs=0.01) and rates[-1] == 0.0
    top = int(np.argmax(rates))
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)


def test_levels_of_time_double_and_are_bounded():
    times = np.array([100, 100, 101, 103, 4_000_000_000, 50])
    assert levels.gap_levels(times).tolist() == [0, 1, 2, 2, levels.GAPS - 1, 1]
    assert levels.rating_levels(np.array([0.5, 3.0, 5.0])).tolist() == [1, 6, 10]
