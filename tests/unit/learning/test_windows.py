import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.learning.next_item.windows import Windows, packed
from infrastructure.learning.sequences import Sequences


def sequences_of(sizes):
    ends = np.cumsum(sizes)
    total = int(ends[-1])
    users = np.repeat(np.arange(len(sizes)), sizes)
    return Sequences(
        np.arange(total),
        np.ones(total, np.float32),
        np.ones(total, bool),
        users,
        np.arange(len(sizes)),
        ends - sizes,
        ends,
    )


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(2, 9), st.integers(2, 60), st.integers(0, 9))
def test_every_event_but_a_users_first_is_a_target_exactly_once(sizes, length, size, seed):
    sequences = sequences_of(np.array(sizes))
    if len(sequences.rows) < 2:
        return
    batches = list(Windows(sequences, length).batches(size, np.random.default_rng(seed)))
    targets = np.concatenate([batch.targets for batch in batches] or [np.empty(0, dtype=np.int64)])
    expected = np.setdiff1d(np.arange(len(sequences.rows)), sequences.starts)
    assert sorted(targets.tolist()) == expected.tolist()
    for batch in batches:
        assert batch.events.shape[1] <= length
        own = np.where(batch.valid, sequences.users[batch.events], sequences.users[batch.events[:, :1]])
        assert (own == own[:, :1]).all()  # a window is one user's


@given(st.lists(st.integers(1, 20), max_size=40), st.integers(1, 50))
def test_no_batch_takes_more_places_than_it_may_unless_it_is_one_window(lengths, size):
    lengths = np.array(lengths, dtype=np.int64)
    groups = packed(lengths, np.arange(len(lengths)), size)
    assert np.concatenate(groups).tolist() == list(range(len(lengths))) if groups else not len(lengths)
    assert all(len(group) == 1 or len(group) * lengths[group].max() <= size for group in groups)


def test_a_long_sequence_is_cut_at_other_places_in_another_epoch():
    windows, random = Windows(sequences_of(np.array([100])), 10), np.random.default_rng(0)
    first, second = ({int(batch.events[0, 0]) for batch in windows.batches(1, random)} for _ in range(2))
    assert first != second
