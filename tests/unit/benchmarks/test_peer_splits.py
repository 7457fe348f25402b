import io

import numpy as np
import pytest
from scipy import sparse

from benchmarks.peers.adapters import common
from benchmarks.peers.splits import PROTOCOLS, peer_split
from benchmarks.protocols import protocols
from tests.unit.benchmarks.peers_samples import interactions, split


def exported(asked_for, looks_back=True):
    """What an adapter reads of the file."""
    file = io.BytesIO()
    split(looks_back).export(asked_for, file)
    file.seek(0)
    with np.load(file) as columns:
        return common.Split({name: columns[name] for name in columns.files})


def pairs(read, rows):
    return set(zip(read.users[rows].tolist(), read.items[rows].tolist(), strict=True))


def test_before_validation_only_train_is_known():
    read = exported("validation")
    assert pairs(read, slice(None)) == {(0, 0), (0, 1), (1, 2)}
    assert read.train.all()


def test_before_the_test_lists_no_test_event_is_known():
    read = exported("test")
    assert pairs(read, read.train) == {(0, 0), (0, 1), (1, 2)}
    assert pairs(read, ~read.train) == {(0, 3), (1, 0)}


def test_items_of_held_out_events_alone_are_counted():
    assert exported("validation").shape == (2, 6)


def test_validation_events_are_history_where_the_protocol_looks_back():
    assert exported("test", looks_back=True).history.tolist() == [True, True, True, True, True]
    assert exported("test", looks_back=False).history.tolist() == [True, True, True, False, False]


def test_a_matrix_has_the_masked_events():
    read = exported("test")
    assert read.matrix(read.train).toarray().tolist() == [[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]


def test_top_orders_by_score_and_leaves_out_what_is_owned():
    owned = sparse.csr_matrix(np.array([[0, 1, 0, 0]]))
    assert common.top(np.array([[0.1, 0.9, 0.3, 0.2]]), owned)[0, :4].tolist() == [2, 3, 0, -1]


def test_top_keeps_the_order_of_the_rows_among_equal_scores():
    lists = common.top(np.zeros((1, 150)), sparse.csr_matrix((1, 150)))
    assert lists[0].tolist() == list(range(common.PLACES))


def test_ranked_asks_for_all_users_in_chunks():
    read = exported("test")
    lists = common.ranked(read, lambda users: np.tile([0.0, 1, 2, 3, 4, 5], (len(users), 1)), chunk=1)
    assert lists[:, :5].tolist() == [[5, 4, 2, -1, -1], [5, 4, 3, 1, -1]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_parts_all_that_is_left_of_the_events(protocol):
    whole = interactions(*((user, item) for user in range(1, 13) for item in range(1, 111)))
    parted = peer_split(protocol, whole, protocols)
    sizes = [len(part) for part in (parted.split.train, parted.split.validation, parted.split.test)]
    assert parted.protocol == protocol
    assert (sum(sizes), sizes[1] == sizes[2] > 0) == (len(whole), True)


def test_other_data_than_the_published_figures_are_of_is_refused():
    with pytest.raises(ValueError, match="digest"):
        peer_split("q1", interactions(*((user, item) for user in range(5) for item in range(5))))
