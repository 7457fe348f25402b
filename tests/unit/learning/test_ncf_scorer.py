from dataclasses import replace

import numpy as np
import pytest
import torch

from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.items import Item, Kind
from infrastructure.learning import features
from infrastructure.learning.history_features import ages_leaving_out
from infrastructure.learning.ncf_scorer import NcfRanker
from infrastructure.learning.ncf_training import TrainingRun
from infrastructure.learning.sequences import Sequences, latest_histories
from tests.unit.learning import worlds
from tests.unit.learning.serving import SOMEBODY, context_of


def ranker_of(catalogue, trained):
    return NcfRanker(catalogue, trained.shared, trained.arrays["ncf"], worlds.QUICK.history_length)


@pytest.fixture(scope="module")
def ranker(world, trained):
    return ranker_of(world.training.catalogue, trained)


#: differences of log-odds below this are within what single precision can tell
ROUNDING = 1e-4


def some_history(size, seed=0):
    random = np.random.default_rng(seed)
    items = random.permutation(80)[:size]
    return History.of((10 * (items + 1)).tolist(), random.integers(1, 6, size).tolist())


def torch_probabilities(world, trained, history, demographics):
    """The module's own answer for one user and all items, through the features of training."""
    events = Interactions(np.ones(len(history), dtype=np.int64), history.item_ids, history.ratings, history.timestamps)
    run = TrainingRun(worlds.material(world), worlds.QUICK)
    run.model.load_state_dict({name: torch.from_numpy(w) for name, w in trained.arrays["ncf"].items()}, strict=False)
    run.model.eval()
    run.events = Sequences.of(run.vocabulary, events, worlds.LIKED_FROM)
    last, weights, sizes = latest_histories(run.events, np.array([0]), worlds.QUICK.history_length)
    people = features.demographic_features(run.vocabulary, [demographics])
    with torch.no_grad():
        values = run.event_values(last).numpy()
        user = features.user_features(weights, values, sizes, people, worlds.QUICK.history_length)
        users = torch.from_numpy(user).expand(len(run.vocabulary), -1)
        return run.model(users, run.facts, run.model.embedding).numpy()


@pytest.mark.parametrize("size", [1, 3, 10, 30])
def test_the_scorer_gives_the_modules_probabilities(world, trained, ranker, size):
    history = some_history(size)
    context = context_of(world.training.catalogue, history)
    positions = world.training.catalogue.positions(trained.shared.vocabulary.item_ids)
    expected = torch_probabilities(world, trained, history, SOMEBODY)
    np.testing.assert_allclose(ranker.score(context, positions), expected, atol=1e-5)


def test_a_new_rating_changes_the_scores_at_once(world, ranker):
    catalogue = world.training.catalogue
    before = ranker.score(context_of(catalogue, History.of([10], [5])), np.arange(80))
    after = ranker.score(context_of(catalogue, History.of([10, 20], [5, 5])), np.arange(80))
    assert np.abs(after - before).max() > 1e-3
    assert not np.array_equal(np.argsort(before), np.argsort(after))


def test_a_like_and_a_dislike_of_the_same_item_differ(world, ranker):
    catalogue = world.training.catalogue
    liked = ranker.score(context_of(catalogue, History.of([10, 20], [5, 5])), np.arange(80))
    disliked = ranker.score(context_of(catalogue, History.of([10, 20], [5, 1])), np.arange(80))
    assert np.abs(liked - disliked).max() > 1e-3


def test_whoever_walks_along_a_genre_is_led_on_in_it(world, ranker):
    """Users of this world keep to one run of items; so must their recommendations."""
    walk = History.of([10, 20, 30, 40, 50], [5] * 5)
    context = context_of(world.training.catalogue, walk)
    positions = np.flatnonzero(context.eligible)
    best = positions[np.argsort(-ranker.score(context, positions))[:5]]
    assert np.isin(best, np.arange(5, 20)).all()


def test_an_item_the_model_has_not_seen_is_scored_by_its_content(world, trained):
    """A new comedy and a new western: whoever walks through comedies is offered the comedy first."""
    items = [
        Item(Kind.MOVIE, title, id=int(item_id), year=int(year), genres=(genre,), rating_count=5, rating_sum=20.0)
        for title, item_id, year, genre in [("Comedy tale", 5, 1985, "Comedy"), ("Western tale", 15, 1985, "Western")]
    ]
    old = world.training.catalogue
    items += [
        Item(Kind.MOVIE, old.titles[p], id=int(old.ids[p]), year=int(old.years[p]), genres=(worlds.GENRES[p // 20],))
        for p in range(len(old))
    ]
    catalogue = Catalogue.of(items)
    context = context_of(catalogue, History.of([10, 20, 30], [5, 5, 5]))
    comedy, western = ranker_of(catalogue, trained).score(context, catalogue.positions(np.array([5, 15])))
    assert np.isfinite([comedy, western]).all()
    assert comedy > western


def test_scores_follow_the_ids_when_positions_move(world, trained):
    """The catalogue lost its first item and gained one; everything else must keep its score."""
    old = world.training.catalogue
    kept = list(range(1, len(old)))
    catalogue = Catalogue.of(
        [Item(Kind.MOVIE, "Extra", id=11, genres=("Drama",))]
        + [
            Item(
                Kind.MOVIE, old.titles[p], id=int(old.ids[p]), year=int(old.years[p]), genres=(worlds.GENRES[p // 20],)
            )
            for p in kept
        ]
    )
    history = History.of([30, 10, 40], [5, 5, 4])
    moved = ranker_of(catalogue, trained).score(context_of(catalogue, History.of([30, 40], [5, 4])), np.arange(1, 80))
    before = ranker_of(old, trained).score(context_of(old, History.of([30, 40], [5, 4])), np.array(kept))
    np.testing.assert_allclose(moved, before, atol=1e-6)
    assert len(context_of(catalogue, history).positions) == 2


def test_leaving_out_an_event_makes_the_older_ones_younger():
    assert ages_leaving_out(3, 2).tolist() == [[2, 1, 0], [1, -1, 0], [1, 0, -1]]
    assert ages_leaving_out(0, 0).shape == (1, 0)


@pytest.mark.parametrize("size", [2, 9, 10, 11, 30])
def test_an_explanation_names_the_liked_event_whose_absence_costs_most(world, ranker, size):
    """Checked against really scoring without each event in turn, also where the window moves to an older one."""
    catalogue = world.training.catalogue
    history = some_history(size, seed=2)
    context = context_of(catalogue, history)
    positions = np.flatnonzero(context.eligible)[:6]

    everything = np.flatnonzero(context.eligible)

    def standing(one):
        likely = ranker.score(context_of(catalogue, one), everything)
        return (likely[:6] - likely.mean()) / likely.std()

    added = np.array([standing(history) - standing(history.without(event)) for event in range(size)]).T
    added[:, : max(0, size - 20)] = 0
    added[:, context.ratings < context.liked_from] = 0
    for reason, row in zip(ranker.explain(context, positions), added, strict=True):
        if row.max() > ROUNDING:
            named = np.flatnonzero(history.item_ids == reason.because_of[0])[0]
            assert row[named] >= row.max() - ROUNDING


def test_without_a_history_the_reason_is_a_genre_or_the_popularity(world, ranker):
    catalogue = world.training.catalogue
    nobody = context_of(catalogue, History.empty())
    assert {reason.kind for reason in ranker.explain(nobody, np.arange(3))} == {"popular"}
    fan = replace(nobody, favourite_genres=frozenset({"Comedy"}))
    assert ranker.explain(fan, np.array([0]))[0].kind == "genre"
    assert np.isfinite(ranker.score(nobody, np.arange(80))).all()


def test_no_candidates_are_no_trouble(world, ranker):
    context = context_of(world.training.catalogue, some_history(3))
    nothing = np.empty(0, dtype=np.int64)
    assert ranker.score(context, nothing).shape == (0,)
    assert list(ranker.explain(context, nothing)) == []
