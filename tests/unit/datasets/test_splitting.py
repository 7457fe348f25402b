import numpy as np
import pytest

from domain.events import Interactions
from domain.splitting import k_core, leave_last_out


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
