"""Engines that are told how long after an event the next one came, and when a list is wanted."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from domain.events import History, Interactions
from infrastructure.learning.lineup import Generators, build_lineup
from infrastructure.learning.next_item.events import time_levels, wait_levels
from infrastructure.learning.next_item.training import NextItemRun, waits_of
from infrastructure.learning.recipes.sequence import SequenceRecipe
from infrastructure.learning.sequences import Sequences
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

SOON, LATE = 60, 86_400
TOLD = SequenceRecipe(
    embedding_size=32,
    history_length=12,
    epochs=20,
    learning_rate=1e-2,
    batch_size=256,
    dropout=0.1,
    request_time="told",
)


@pytest.fixture(scope="module")
def rhythm():
    """Every user walks along one genre's run: to the next title soon, and seven further late."""
    users, events, run = 400, 7, 20
    random = np.random.default_rng(5)
    late = random.random((users, events)) < 0.5
    steps = random.integers(0, run, users)[:, None] + np.cumsum(np.where(late, 7, 1), axis=1)
    rows = random.integers(0, len(worlds.GENRES), users)[:, None] * run + steps % run
    items = worlds.catalogue()
    everything = Interactions(
        np.repeat(np.arange(1, users + 1), events),
        items.ids[rows.ravel()],
        np.full(users * events, 5.0, dtype=np.float32),
        np.cumsum(np.where(late, LATE, SOON), axis=1).ravel(),
    )
    kept, last = worlds.first_times(rows), np.arange(events) == events - 1
    planted = worlds.world()
    training = replace(
        planted.training,
        catalogue=items,
        interactions=everything.take((kept & ~last).ravel()),
        demographics={},
    )
    return worlds.World(training, everything.take((kept & last).ravel()))


@pytest.fixture(scope="module")
def learned(rhythm):
    return worlds.train(rhythm, TOLD)


@pytest.fixture(scope="module")
def ranker(rhythm, learned):
    generators = Generators(rhythm.training.catalogue, learned.shared)
    parts = generators.parts("v1", generators.simple_pipelines("v1"))
    return TOLD.build(learned.arrays["sequence"], parts).ranker


def best_of(learned):
    return max(report.validation for report in learned.epochs)


def test_what_follows_from_the_wait_is_learned_by_an_engine_that_is_told_it(rhythm, learned):
    untold = worlds.train(rhythm, replace(TOLD, request_time="ignored"))
    assert "wait" not in untold.arrays["sequence"]
    assert best_of(learned) > best_of(untold) + 0.1


def test_another_list_is_wanted_soon_than_late(rhythm, ranker):
    """From title 3 of the first run it is a step to title 4, and seven to title 10."""
    catalogue = rhythm.training.catalogue
    past = History.of([10, 20, 30], [5.0] * 3, [SOON, 2 * SOON, 3 * SOON])
    for wait, step in ((SOON, 1), (LATE, 7)):
        context = replace(context_of(catalogue, past), as_of=past.last_time + wait)
        assert int(ranker(context, 1).positions[0]) == 2 + step


def test_untold_it_gives_both_a_chance(rhythm, ranker):
    past = History.of([10, 20, 30], [5.0] * 3, [SOON, 2 * SOON, 3 * SOON])
    assert set(ranker(context_of(rhythm.training.catalogue, past), 2).positions.tolist()) == {3, 9}


def test_the_line_up_says_that_an_engine_asks(rhythm, learned):
    assert build_lineup(rhythm.training.catalogue, loaded(learned, worlds.config_of(TOLD))).asks_when
    assert not build_lineup(rhythm.training.catalogue, None).asks_when


def test_serving_gives_the_modules_scores(rhythm, learned, ranker):
    material = worlds.material(rhythm)
    run = NextItemRun(material, TOLD, TOLD.module())
    run.model.load_state_dict({name: torch.from_numpy(w) for name, w in learned.arrays["sequence"].items()})
    run.model.eval()
    run.precision = torch.float32
    past = History.of([10, 90, 30, 50], [5.0, 2.0, 4.0, 5.0], [5, 70, 80, 9000])
    own = Interactions(np.ones(4, dtype=np.int64), past.item_ids, past.ratings, past.timestamps)
    run.events, run.times = Sequences.of(material.vocabulary, own, worlds.LIKED_FROM), own.timestamps
    waits = wait_levels(own.timestamps[None], 9_500)
    with torch.no_grad():
        vectors = run.model.item_vectors()
        told = (run.read(vectors, np.arange(4)[None], waits)[0, -1] @ vectors.t()).numpy()
    catalogue = rhythm.training.catalogue
    positions = catalogue.positions(learned.shared.vocabulary.item_ids)
    scores = ranker.score(replace(context_of(catalogue, past), as_of=9_500), positions)
    np.testing.assert_allclose(scores, told, atol=2e-4, rtol=1e-3)


def test_waits_are_to_the_next_event_and_after_the_last_to_the_held_out_one():
    events = Interactions(np.array([1, 1, 1, 2, 2]), np.full(5, 10), np.ones(5, np.float32), np.array([0, 3, 9, 5, 6]))
    vocabulary = worlds.material(worlds.world()).vocabulary
    held_out = Interactions(np.array([2, 7]), np.array([20, 20]), np.ones(2, np.float32), np.array([106, 999]))
    found = waits_of(Sequences.of(vocabulary, events, 4.0), events.timestamps, held_out)
    assert found.tolist() == [*time_levels(np.array([3, 6])), 0, *time_levels(np.array([1, 100]))]


def test_without_a_moment_no_wait_is_told():
    times = np.array([[0, 3, 9]])
    assert wait_levels(times, None).tolist() == [[0, 0, 0]]
    assert wait_levels(times, 109).tolist() == [time_levels(np.array([3, 6, 100])).tolist()]
    assert wait_levels(times, 2)[0, -1] == time_levels(np.array([0]))[0], "a clock that runs behind counts as no time"
