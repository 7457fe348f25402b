"""The two towers: the loss against its definition, a planted pattern, and what is served against the module."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from domain import metrics
from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.items import Item, ItemFilter, Kind
from infrastructure.learning import features
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.two_tower import TwoTowerRecipe
from infrastructure.learning.sequences import Sequences, latest_histories
from infrastructure.learning.tower_training import ranks_of
from infrastructure.learning.two_tower.retrieval import TwoTowerRetrieval
from infrastructure.learning.two_tower.sampled_softmax import sampled_softmax
from infrastructure.learning.two_tower.training import TwoTowerRun
from infrastructure.retrieval.exact_index import ExactIndex
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import SOMEBODY, context_of

FULL = TwoTowerRecipe(
    embedding_size=8, hidden_size=16, epochs=6, learning_rate=2e-2, batch_size=256, history_length=10, dropout=0.1
)
SAMPLED = replace(FULL, loss="sampled")
WALK = History.of([10, 20, 30, 40], [5, 5, 5, 5])


def arrays_of(world, recipe, seed=3, told=None):
    material = worlds.material(world, seed)
    return recipe.train(material, (told if told is not None else []).append)


@pytest.fixture(scope="module")
def model(world):
    return worlds.train(world, FULL)


@pytest.fixture(scope="module")
def lineup(world, model):
    return build_lineup(world.training.catalogue, loaded(model, worlds.config_of(FULL)))


@pytest.fixture(scope="module")
def engine(lineup):
    return lineup.pipelines["two_tower"].ranker


def run_with(world, arrays):
    run = TwoTowerRun(worlds.material(world), FULL)
    run.model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    run.model.eval()
    return run


def some_batch(events, items, width, owners, seed=0):
    """Users, items, places, owners and log shares, in double precision."""
    random = torch.Generator().manual_seed(seed)
    users = F.normalize(torch.randn(events, width, generator=random, dtype=torch.float64), dim=1) * 4
    vectors = F.normalize(torch.randn(items, width, generator=random, dtype=torch.float64), dim=1)
    shares = torch.rand(items, generator=random, dtype=torch.float64)
    places = torch.cat([torch.arange(items), torch.randint(0, items, (events - items,), generator=random)])
    return users, vectors, places, torch.arange(events) % owners, (shares / shares.sum()).log()


def test_the_sampled_softmax_is_that_of_the_definition():
    """Event by event: the items of all events but its owner's others, each corrected by its share."""
    users, items, places, owners, shares = some_batch(12, 5, 4, owners=4)
    corrected = users @ items[places].T - shares[places]  # [e, e]
    losses = []
    for event in range(12):
        later_or_earlier = places[(owners == owners[event]) & (places != places[event])]
        against = corrected[event, ~torch.isin(places, later_or_earlier)]
        losses.append(torch.logsumexp(against, 0) - corrected[event, event] - (places == places[event]).sum().log())
    assert torch.isclose(sampled_softmax(users, items, places, owners, shares), torch.stack(losses).mean())


def test_with_its_correction_the_sampled_softmax_learns_what_the_full_one_does():
    """Items are drawn unevenly; the gradient of users must come out as if all items had been looked at."""
    random = torch.Generator().manual_seed(1)
    shares = torch.tensor([0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02], dtype=torch.float64)
    items = F.normalize(torch.randn(8, 6, generator=random, dtype=torch.float64), dim=1)
    places = torch.multinomial(shares, 6000, replacement=True, generator=random)
    users = torch.randn(6000, 6, generator=random, dtype=torch.float64)

    def gradient(loss):
        told = users.clone().requires_grad_()
        loss(told).backward()
        return told.grad * len(users)

    each = torch.arange(6000)
    full = gradient(lambda told: F.cross_entropy(told @ items.T, places))
    corrected = gradient(lambda told: sampled_softmax(told, items, places, each, shares.log()))
    uncorrected = gradient(lambda told: sampled_softmax(told, items, places, each, torch.zeros(8).double()))
    assert (corrected - full).norm() < 0.05 * full.norm() < 0.5 * (uncorrected - full).norm()


def test_a_new_module_takes_somebody_for_the_mean_of_what_they_did_lately(world):
    run = TwoTowerRun(worlds.material(world), FULL)
    run.model.eval()
    torch.nn.init.zeros_(run.model.user_layers[-1].bias)
    users = np.arange(20)
    history, weights, sizes = latest_histories(run.events, users, FULL.history_length)
    with torch.no_grad():
        values = run.event_values(history).numpy()
        told = features.user_features(weights, values, sizes, run.groups[users], FULL.history_length)
        found = run.model.users(torch.from_numpy(told)).numpy()
    means = (weights[:, :, :3].mean(axis=2)[..., None] * values[..., :8]).sum(axis=1)
    np.testing.assert_allclose(found, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize("recipe", [FULL, SAMPLED], ids=["full", "sampled"])
def test_a_planted_pattern_is_learned_far_better_than_popularity_explains_it(world, recipe):
    told = []
    arrays_of(world, recipe, told=told)
    run = TwoTowerRun(worlds.material(world), recipe)
    users, targets = run.validation
    popularity = np.tile(np.bincount(run.events.rows).astype(np.float32), (len(users), 1))
    by_count = metrics.ndcg(ranks_of(popularity, targets, run.events, users), 10).mean()
    assert max(report.validation for report in told) > 2 * by_count
    assert told[-1].loss < told[0].loss


def test_the_same_seed_gives_the_same_weights_and_another_one_others(world, model):
    again = arrays_of(world, FULL)
    for name, weights in model.arrays["two_tower"].items():
        np.testing.assert_array_equal(again[name], weights, err_msg=name)
    other = arrays_of(world, replace(FULL, epochs=1), seed=4)
    assert not np.array_equal(other["user_layers.0.weight"], again["user_layers.0.weight"])


def test_two_ratings_are_enough_to_train_on(world):
    two = replace(world.training, interactions=world.training.interactions.take(np.array([0, 9])))
    arrays = arrays_of(worlds.World(two, world.validation), replace(FULL, epochs=2))
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_the_weights_kept_are_those_that_validated_best(world, model):
    run = run_with(world, model.arrays["two_tower"])
    assert run.validate() == pytest.approx(max(report.validation for report in model.epochs), abs=1e-6)


@pytest.mark.parametrize("size", [1, 3, 10, 30])
def test_what_is_served_is_the_modules_cosine(world, model, engine, size):
    random = np.random.default_rng(size)
    history = History.of((10 * (random.permutation(80)[:size] + 1)).tolist(), random.integers(1, 6, size).tolist())
    run = run_with(world, model.arrays["two_tower"])
    events = Interactions(np.ones(size, dtype=np.int64), history.item_ids, history.ratings, history.timestamps)
    run.events = Sequences.of(run.vocabulary, events, worlds.LIKED_FROM)
    last, weights, sizes = latest_histories(run.events, np.array([0]), FULL.history_length)
    people = features.demographic_features(run.vocabulary, [SOMEBODY])
    with torch.no_grad():
        told = features.user_features(weights, run.event_values(last).numpy(), sizes, people, FULL.history_length)
        expected = run.scores(torch.from_numpy(told), run.items())[0].numpy()
    catalogue = world.training.catalogue
    served = engine.score(context_of(catalogue, history), catalogue.positions(run.vocabulary.item_ids))
    np.testing.assert_allclose(served, expected, atol=1e-5)


def test_the_shapes_are_those_of_the_weights_and_others_are_refused(model):
    arrays = model.arrays["two_tower"]
    vocabulary = model.shared.vocabulary
    assert FULL.shapes(vocabulary, arrays) == {name: array.shape for name, array in arrays.items()}
    for wrong in (replace(FULL, embedding_size=9), replace(FULL, hidden_size=15)):
        assert wrong.shapes(vocabulary, arrays) != FULL.shapes(vocabulary, arrays)


def test_a_new_rating_changes_the_list_without_training(lineup):
    pipeline = lineup.pipelines["two_tower"]
    before = pipeline(context_of(lineup.catalogue, WALK), 10)
    after = pipeline(context_of(lineup.catalogue, History.of([10, 20, 30, 40, 610, 620], [5] * 6)), 10)
    assert before.positions.tolist() != after.positions.tolist()
    assert (after.positions >= 60).sum() > (before.positions >= 60).sum(), "Westerns begin at position 60"


def test_a_like_and_a_dislike_differ(lineup, engine):
    liked, disliked = (context_of(lineup.catalogue, History.of([10, 20], [5, last])) for last in (5, 1))
    assert np.abs(engine.score(liked, np.arange(80)) - engine.score(disliked, np.arange(80))).max() > 1e-3


@pytest.mark.parametrize("history", [History.empty(), History.of([10], [5]), WALK])
def test_a_list_is_full_for_whoever_asks(lineup, history):
    ranking = lineup.pipelines["two_tower"](context_of(lineup.catalogue, history), 15)
    ids = lineup.catalogue.ids[ranking.positions]
    assert len(set(ids.tolist())) == 15 and not np.isin(ids, history.item_ids).any()
    assert not ranking.fallback_used
    assert all(reason is not None for reason in ranking.reasons)


@pytest.mark.parametrize("size", [2, 9, 11])
def test_an_explanation_names_the_liked_event_whose_absence_costs_most(lineup, engine, size):
    random = np.random.default_rng(size)
    history = History.of((10 * (random.permutation(80)[:size] + 1)).tolist(), random.integers(3, 6, size).tolist())
    context = context_of(lineup.catalogue, history)
    positions = np.flatnonzero(context.eligible)[:6]
    everything = np.flatnonzero(context.eligible)

    def standing(one):
        scores = engine.score(context_of(lineup.catalogue, one), everything)
        return (scores[:6] - scores.mean()) / scores.std()

    without = [standing(history.without(event)) for event in range(size)]
    added = np.where(history.ratings >= worlds.LIKED_FROM, (standing(history) - np.array(without)).T, 0.0)
    for reason, row in zip(engine.explain(context, positions), added, strict=True):
        if row.max() > 1e-4:
            named = np.flatnonzero(history.item_ids == reason.because_of[0])[0]
            assert row[named] >= row.max() - 1e-4


class CountingIndex:
    """An exact index that finds at most so many, as an approximate one may, and counts what it is asked."""

    def __init__(self, vectors, most):
        self.exact, self.most, self.asked = ExactIndex(vectors), most, []

    def neighbours(self, vectors, limit):
        self.asked.append(limit)
        rows, similarities = self.exact.neighbours(vectors, limit)
        rows[:, self.most :], similarities[:, self.most :] = -1, 0.0
        return rows, similarities


def retrieval_over(world, model, most=10_000):
    made = []

    def build(vectors):
        made.append(CountingIndex(vectors, most))
        return made[0]

    catalogue = world.training.catalogue
    arrays = model.arrays["two_tower"]
    retrieval = TwoTowerRetrieval("two_tower", catalogue, model.shared, arrays, FULL.history_length, build)
    return retrieval, made[0]


def best_by_scan(retrieval, context, limit):
    positions = np.flatnonzero(context.eligible)
    return positions[np.argsort(-retrieval.score(context, positions), kind="stable")[:limit]].tolist()


def test_the_nearest_come_from_the_index(world, model):
    retrieval, index = retrieval_over(world, model)
    context = context_of(world.training.catalogue, WALK)
    found = retrieval(context, 10)
    assert found.positions.tolist() == best_by_scan(retrieval, context, 10)
    np.testing.assert_allclose(found.scores, retrieval.score(context, found.positions), atol=1e-5)
    assert len(index.asked) == 1 and 10 < index.asked[0] < 40


@pytest.mark.parametrize("most", [0, 3, 12, 10_000])
@pytest.mark.parametrize("limit", [5, 10, 300])
def test_however_little_the_index_finds_as_many_come_back_as_are_eligible(world, model, most, limit):
    retrieval, _ = retrieval_over(world, model, most)
    narrow = ItemFilter(genres=frozenset({"Western"}))
    for wanted, eligible in ((ItemFilter(), 76), (narrow, 20)):
        context = context_of(world.training.catalogue, WALK, wanted=wanted)
        assert int(context.eligible.sum()) == eligible
        found = retrieval(context, limit)
        assert found.positions.tolist() == best_by_scan(retrieval, context, limit)
        assert len(found) == min(limit, eligible)


def test_where_nothing_is_eligible_nothing_is_found(world, model):
    retrieval, _ = retrieval_over(world, model)
    context = context_of(world.training.catalogue, WALK, wanted=ItemFilter(genres=frozenset({"Opera"})))
    assert len(retrieval(context, 10)) == 0


def test_a_title_that_came_after_training_is_found_by_its_content(world, model):
    old = world.training.catalogue
    new = [
        Item(Kind.MOVIE, title, id=item_id, year=1985, genres=(genre,))
        for title, item_id, genre in [("Comedy tale", 5, "Comedy"), ("Western tale", 15, "Western")]
    ]
    kept = [
        Item(Kind.MOVIE, old.titles[p], id=int(old.ids[p]), year=int(old.years[p]), genres=(worlds.GENRES[p // 20],))
        for p in range(len(old))
    ]
    catalogue = Catalogue.of([*new, *kept])
    lineup = build_lineup(catalogue, loaded(model, worlds.config_of(FULL)))
    context = context_of(catalogue, WALK)
    comedy, western = lineup.pipelines["two_tower"].ranker.score(context, catalogue.positions(np.array([5, 15])))
    assert comedy > western
    only_new = context_of(catalogue, WALK, wanted=ItemFilter(exclude=frozenset(old.ids.tolist())))
    ranking = lineup.pipelines["two_tower"](only_new, 2)
    assert catalogue.ids[ranking.positions].tolist() == [5, 15] and not ranking.fallback_used
