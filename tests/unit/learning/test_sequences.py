import numpy as np
import pytest

from domain.events import Interactions
from infrastructure.learning import features
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.sequences import STRETCH, Examples, Sequences, latest_histories, stretches_per_batch

ITEMS = 60
LENGTH = 5


@pytest.fixture
def sequences():
    """Three users with 1, 40 and 7 events of distinct items."""
    random = np.random.default_rng(1)
    sizes = [1, 40, 7]
    vocabulary = Vocabulary(np.arange(ITEMS), ("Drama",), (), ())
    items = np.concatenate([random.permutation(ITEMS)[:size] for size in sizes])
    ratings = random.integers(1, 6, len(items)).astype(np.float32)
    return Sequences.of(vocabulary, Interactions(np.repeat([3, 5, 9], sizes), items, ratings, np.arange(48)), 4.0)


def only_batch(sequences, negatives=6, popular=0.5):
    examples = Examples(sequences, ITEMS, LENGTH, negatives, popular)
    (batch,) = examples.batches(10_000, np.random.default_rng(0))
    return batch


def test_every_event_is_a_target_exactly_once(sequences):
    batch = only_batch(sequences)
    assert sorted(batch.targets[batch.valid].tolist()) == list(range(48))


def test_a_history_holds_only_what_the_same_user_did_before(sequences):
    """The weights of every example must be those of its user's events before it, and of nothing else."""
    batch = only_batch(sequences)
    for line, place in zip(*np.nonzero(batch.valid), strict=True):
        target = batch.targets[line, place]
        user = sequences.users[target]
        weighted = np.unique(batch.history[line][batch.weights[line, place].sum(axis=1) > 0])
        first = max(int(sequences.starts[user]), int(target) - LENGTH)
        assert weighted.tolist() == list(range(first, target))
        assert batch.sizes[line, place] == target - sequences.starts[user]


def test_training_weighs_a_history_as_serving_does(sequences):
    """The last example of each user, one event later, is what serving sees."""
    batch = only_batch(sequences)
    history, weights, sizes = latest_histories(sequences, np.array([1]), LENGTH)
    line, place = np.argwhere(batch.valid & (batch.targets == sequences.ends[1] - 1))[0]
    ages = np.arange(LENGTH - 1, -1, -1)
    liked = sequences.liked[sequences.ends[1] - 1 - LENGTH : sequences.ends[1] - 1]
    expected = features.pool_weights(ages, liked, LENGTH)
    known = batch.weights[line, place].sum(axis=1) > 0
    np.testing.assert_allclose(batch.weights[line, place][known], expected, rtol=1e-6)
    assert sizes.tolist() == [40]
    assert history[0].tolist() == list(range(sequences.ends[1] - LENGTH, sequences.ends[1]))
    np.testing.assert_allclose(weights[0], features.pool_weights(ages, sequences.liked[history[0]], LENGTH), rtol=1e-6)


def test_negatives_that_the_user_took_up_at_any_time_are_marked(sequences):
    batch = only_batch(sequences, negatives=200)
    for line, user in enumerate(batch.users):
        own = sequences.rows[sequences.starts[user] : sequences.ends[user]]
        np.testing.assert_array_equal(batch.unseen[line], ~np.isin(batch.negatives[line], own))


@pytest.mark.parametrize(("popular", "expected"), [(0.0, ITEMS), (1.0, 48)])
def test_popular_negatives_are_drawn_among_rated_items_only(sequences, popular, expected):
    batch = only_batch(sequences, negatives=5000, popular=popular)
    assert len(np.unique(batch.negatives)) <= expected
    assert np.isin(batch.negatives, sequences.rows).all() == (popular == 1.0)


def test_batches_have_about_the_size_asked_for(sequences):
    examples = Examples(sequences, ITEMS, LENGTH, 4, 0.5)
    batches = list(examples.batches(STRETCH, np.random.default_rng(0)))
    assert all(batch.valid.sum() <= STRETCH for batch in batches)
    assert stretches_per_batch(1) == 1
    assert examples.batch_count(STRETCH) == 4


def test_a_single_example_is_no_batch(sequences):
    """The user with one event would make one; batch norm could not use it."""
    batches = list(Examples(sequences, ITEMS, LENGTH, 4, 0.5).batches(STRETCH, np.random.default_rng(0)))
    assert sorted(int(batch.valid.sum()) for batch in batches) == [7, 8, 32]


def test_the_order_follows_the_seed(sequences):
    def order(seed):
        examples = Examples(sequences, ITEMS, LENGTH, 4, 0.5)
        return [batch.negatives.tolist() for batch in examples.batches(STRETCH, np.random.default_rng(seed))]

    assert order(1) == order(1)
    assert order(1) != order(2)
