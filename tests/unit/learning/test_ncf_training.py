from dataclasses import replace

import numpy as np
import pytest
import torch

from domain import metrics
from domain.errors import InvalidConfig, NothingToLearn
from domain.events import Interactions
from infrastructure.learning.ncf_training import TrainingRun
from infrastructure.learning.sequences import Sequences
from infrastructure.learning.tower_training import ranks_of
from tests.unit.learning import worlds


def train(world, recipe=worlds.QUICK, seed=3):
    return worlds.train(world, recipe, seed=seed)


def weights_of(model):
    return model.arrays["ncf"]


def popularity_ndcg(world):
    """What ranking by count in the training data comes to on the same users."""
    run = TrainingRun(worlds.material(world), worlds.QUICK)
    users, targets = run.validation
    counts = np.bincount(run.events.rows, minlength=len(run.vocabulary)).astype(np.float32)
    scores = np.tile(counts, (len(users), 1))
    return float(metrics.ndcg(ranks_of(scores, targets, run.events, users), 10).mean())


def test_a_planted_pattern_is_learned_far_better_than_popularity_explains_it(world, trained):
    best = max(report.validation for report in trained.epochs)
    assert best > 2 * popularity_ndcg(world)


def test_every_epoch_is_reported_as_it_ends(trained, reports):
    assert tuple(reports) == tuple(trained.epochs)
    assert [report.epoch for report in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].loss < reports[0].loss


def test_the_same_seed_gives_the_same_figures_and_weights(world, trained):
    again = train(world)
    assert [(r.loss, r.validation) for r in again.epochs] == [(r.loss, r.validation) for r in trained.epochs]
    for name, weights in weights_of(trained).items():
        np.testing.assert_array_equal(weights_of(again)[name], weights, err_msg=name)


def test_another_seed_gives_other_weights(world, trained):
    other = train(world, replace(worlds.QUICK, epochs=1), seed=4)
    assert not np.array_equal(weights_of(other)["head.0.weight"], weights_of(trained)["head.0.weight"])


def test_training_leaves_the_callers_randomness_and_threads_alone(world):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    train(world, replace(worlds.QUICK, epochs=1))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_the_weights_of_the_best_epoch_are_the_ones_kept(world, monkeypatch):
    """The second epoch is made out to be the best; the third and fourth go on changing the weights."""
    seen = []

    def validate(run):
        seen.append(run.model.embedding.detach().numpy().copy())
        return [0.1, 0.3, 0.2, 0.2][len(seen) - 1]

    monkeypatch.setattr(TrainingRun, "validate", validate)
    model = train(world, replace(worlds.QUICK, epochs=4, patience=3))
    assert [report.best for report in model.epochs] == [True, True, False, False]
    np.testing.assert_array_equal(weights_of(model)["embedding"], seen[1])
    assert not np.array_equal(seen[1], seen[3])


def test_training_stops_when_patience_is_used_up(world, monkeypatch):
    monkeypatch.setattr(TrainingRun, "validate", lambda run: 0.1)
    model = train(world, replace(worlds.QUICK, epochs=6, patience=2))
    assert [report.best for report in model.epochs] == [True, False, False]


def test_without_validation_the_last_weights_are_kept(world):
    nobody = world.validation.take(np.empty(0, dtype=np.int64))
    model = train(worlds.World(world.training, nobody), replace(worlds.QUICK, epochs=3, patience=1))
    assert [report.best for report in model.epochs] == [True, True, True]


def test_validation_agrees_with_the_ranking_that_is_served(world, trained):
    """The figure by which epochs are chosen is the figure of what users will get."""
    run = TrainingRun(worlds.material(world), worlds.QUICK)
    run.model.load_state_dict({name: torch.from_numpy(w) for name, w in weights_of(trained).items()}, strict=False)
    assert run.validate() == max(report.validation for report in trained.epochs)


def test_ratings_of_items_that_are_gone_are_left_out(world):
    interactions = world.training.interactions
    gone = Interactions(
        np.append(interactions.user_ids, 999),
        np.append(interactions.item_ids, 123_456),
        np.append(interactions.ratings, np.float32(5)),
        np.append(interactions.timestamps, 0),
    )
    model = train(
        worlds.World(replace(world.training, interactions=gone), world.validation), replace(worlds.QUICK, epochs=1)
    )
    assert 123_456 not in model.shared.vocabulary.item_ids


@pytest.mark.parametrize("events", [0, 1])
def test_nothing_to_learn_from_is_said_so(world, events):
    few = replace(world.training, interactions=world.training.interactions.take(np.arange(events)))
    with pytest.raises(NothingToLearn):
        train(worlds.World(few, world.validation))


def test_two_ratings_are_enough_to_train_on(world):
    two = replace(world.training, interactions=world.training.interactions.take(np.arange(2)))
    model = train(worlds.World(two, world.validation), replace(worlds.QUICK, epochs=2))
    assert all(np.isfinite(weights).all() for weights in weights_of(model).values())


def test_a_gpu_that_is_not_there_is_an_error_in_the_configuration(world, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InvalidConfig):
        TrainingRun(replace(worlds.material(world), device="cuda"), worlds.QUICK)


def test_ranks_leave_out_what_was_seen_and_give_ties_to_the_lower_row():
    events = Sequences(
        rows=np.array([0, 1]),
        ratings=np.array([5, 5], dtype=np.float32),
        liked=np.array([True, True]),
        users=np.array([0, 1]),
        user_ids=np.array([7, 8]),
        starts=np.array([0, 1]),
        ends=np.array([1, 2]),
    )
    scores = np.array([[9, 2, 3, 2], [1, 1, 1, 1]], dtype=np.float32)
    assert ranks_of(scores, np.array([3, -1]), events, np.array([0, 1])).tolist() == [3, 0]


def test_a_batch_of_one_example_is_passed_over(world):
    """Batch norm has no variance of a single row; a user with one event may be all that is left for the last batch."""
    one = replace(world.training, interactions=world.training.interactions.take(np.array([0, 1, 8, 9, 17])))
    model = train(worlds.World(one, world.validation), replace(worlds.QUICK, epochs=1, batch_size=2))
    assert all(np.isfinite(weights).all() for weights in weights_of(model).values())
