from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Interactions
from domain.splitting import (
    by_global_time,
    in_random_parts,
    k_core,
    leave_last_out,
    sampled_candidates,
)

#: events of a few users and times, so that ties and short histories come up; every event has an item of its own
EVENTS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 12)), max_size=80).map(
    lambda drawn: interactions(*[(user, item, time) for item, (user, time) in enumerate(drawn)])
)


def interactions(*rows):
    """Rows of user, item, unix seconds."""
    users, items, times = zip(*rows, strict=True) if rows else ((), (), ())
    return Interactions(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.full(len(users), 4, dtype=np.float32),
        np.array(times, dtype=np.int64),
    )


def pairs(part):
    return list(zip(part.user_ids.tolist(), part.item_ids.tolist(), strict=True))


def test_the_last_event_of_each_user_is_for_testing_and_the_one_before_for_validation():
    split = leave_last_out(
        interactions((2, 10, 5), (1, 11, 3), (1, 12, 1), (2, 13, 1), (1, 14, 2), (2, 15, 9), (1, 16, 0))
    )
    assert pairs(split.train) == [(1, 16), (1, 12), (2, 13)]
    assert pairs(split.validation) == [(1, 14), (2, 10)]
    assert pairs(split.test) == [(1, 11), (2, 15)]


def test_ties_in_time_keep_the_order_in_which_they_were_stored():
    split = leave_last_out(interactions((1, 30, 7), (1, 10, 7), (1, 20, 7), (1, 5, 7)))
    assert (pairs(split.train), pairs(split.validation), pairs(split.test)) == ([(1, 30), (1, 10)], [(1, 20)], [(1, 5)])


@pytest.mark.parametrize("events", [1, 2])
def test_a_user_with_fewer_than_three_events_is_for_training_alone(events):
    split = leave_last_out(interactions(*[(1, item, item) for item in range(events)]))
    assert (len(split.train), len(split.validation), len(split.test)) == (events, 0, 0)


def test_the_parts_hold_every_event_once():
    random = np.random.default_rng(7)
    rows = [(int(user), item, int(random.integers(20))) for item, user in enumerate(random.integers(0, 40, 300))]
    split = leave_last_out(interactions(*rows))
    assert sorted(pairs(split.train) + pairs(split.validation) + pairs(split.test)) == sorted(
        (user, item) for user, item, _ in rows
    )
    assert len(split.validation) == len(split.test) == len(set(split.test.user_ids.tolist()))


def test_nothing_splits_into_nothing():
    split = leave_last_out(interactions())
    assert (len(split.train), len(split.validation), len(split.test)) == (0, 0, 0)


def test_the_core_keeps_frequent_users_and_items_in_their_order():
    rows = [(2, 1, 0), (1, 1, 1), (3, 1, 2), (1, 2, 3), (2, 2, 4), (1, 3, 5)]
    assert pairs(k_core(interactions(*rows), users=2, items=2)) == [(2, 1), (1, 1), (1, 2), (2, 2)]


def test_leaving_out_an_item_may_leave_out_a_user_and_so_on():
    # Item 9 has one event; without it user 3 has one; without that item 2 has one; without that user 2 has one.
    rows = [(3, 9, 0), (3, 2, 1), (2, 2, 2), (2, 1, 3), (1, 1, 4), (1, 5, 5), (4, 1, 6), (4, 5, 7)]
    assert pairs(k_core(interactions(*rows), users=2, items=2)) == [(1, 1), (1, 5), (4, 1), (4, 5)]


def test_a_core_may_be_empty():
    assert len(k_core(interactions((1, 1, 1), (2, 2, 2)), users=2, items=2)) == 0
    assert len(k_core(interactions())) == 0


@given(EVENTS, st.sampled_from([0.5, 0.8, 0.9]))
def test_nothing_that_is_learnt_from_is_later_than_what_is_asked_about(events, share):
    split = by_global_time(events, share)
    parts = [part for part in (split.train, split.validation, split.test) if len(part)]
    for earlier, later in pairwise(parts):
        assert earlier.timestamps.max() < later.timestamps.min()
    assert sorted(pairs(split.train) + pairs(split.validation) + pairs(split.test)) == sorted(pairs(events))
    # At most the share that was asked for lies after the cut; ties at the cut are before it.
    assert len(split.test) <= (1 - share) * len(events) + 1


def test_the_global_cut_is_the_same_for_all_users_and_cuts_validation_in_the_same_way():
    split = by_global_time(interactions(*[(1 + item % 2, item, item) for item in range(100)]), 0.9)
    assert split.test.timestamps.min() == 90 and len(split.test) == 10
    assert split.validation.timestamps.min() == 81 and len(split.validation) == 9
    assert pairs(split.test) == sorted(pairs(split.test))


@given(EVENTS, st.integers(0, 5))
def test_random_parts_hold_every_event_once_in_their_shares(events, seed):
    split = in_random_parts(events, np.random.default_rng(seed))
    assert sorted(pairs(split.train) + pairs(split.validation) + pairs(split.test)) == sorted(pairs(events))
    for user in np.unique(events.user_ids):
        size = int((events.user_ids == user).sum())
        held = max(size // 10, 1) if size >= 3 else 0
        for part in (split.validation, split.test):
            assert (part.user_ids == user).sum() == held
            assert (np.diff(part.timestamps[part.user_ids == user]) >= 0).all()


def test_random_parts_follow_the_seed_and_not_the_time():
    events = interactions(*[(user, item, item) for user in range(20) for item in range(30)])
    first, again, other = (in_random_parts(events, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert pairs(first.test) == pairs(again.test) != pairs(other.test)
    # 60 test events of times 0 to 29: drawn evenly, their mean is 14.5, give or take 1.1.
    assert abs(first.test.timestamps.mean() - 14.5) < 4


@given(EVENTS.filter(len), st.integers(0, 5))
def test_sampled_candidates_are_the_target_and_items_that_the_user_never_had(events, seed):
    target, others = (
        events.take(np.unique(events.user_ids, return_index=True)[1]),
        interactions(*[(99, 1000 + item, item) for item in range(20)]),
    )
    rows = sampled_candidates(target, events.joined(others), 15, np.random.default_rng(seed))
    assert rows[:, 0].tolist() == target.item_ids.tolist()
    for user, row in zip(target.user_ids, rows, strict=True):
        assert len(set(row.tolist())) == 15
        assert not set(row[1:].tolist()) & {item for owner, item in pairs(events) if owner == user}


def test_sampled_candidates_are_drawn_evenly():
    target, others = (
        interactions(*[(user, 0, 0) for user in range(400)]),
        interactions(*[(999, n, n) for n in range(5)]),
    )
    rows = sampled_candidates(target, others, 3, np.random.default_rng(3))
    # Each of the four others stands in half of the rows: 200, give or take 10.
    assert (np.abs(np.bincount(rows[:, 1:].ravel(), minlength=5)[1:] - 200) < 40).all()


def test_who_has_had_nearly_everything_cannot_be_asked_with_so_many_candidates():
    events = interactions((1, 1, 1), (1, 2, 2), (2, 3, 3))
    with pytest.raises(ValueError, match="sample"):
        sampled_candidates(events.take(np.array([2])), events, 4, np.random.default_rng(0))
