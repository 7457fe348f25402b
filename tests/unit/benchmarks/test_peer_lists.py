import numpy as np
import pytest

from benchmarks.peers.lists import UnsoundLists, judge
from tests.unit.benchmarks.peers_samples import split

# The targets of the test are rows 4 and 5 for the first user, row 1 for the second.


def test_perfect_lists_get_one_everywhere():
    judged = judge(split(), "test", np.array([[5, 4], [1, -1]]))
    assert {name: judged.figures[name] for name in ("hr@10", "ndcg@10", "recall@10", "mrr@100")} == {
        "hr@10": 1.0,
        "ndcg@10": 1.0,
        "recall@10": 1.0,
        "mrr@100": 1.0,
    }


def test_a_target_further_down_counts_less():
    judged = judge(split(), "test", np.array([[2, 4], [3, 1]]))
    ideal = 1 + 1 / np.log2(3)
    assert judged.ndcg == pytest.approx([1 / np.log2(3) / ideal, 1 / np.log2(3)])
    assert judged.figures["recall@10"] == pytest.approx((0.5 + 1) / 2)
    assert judged.figures["mrr@100"] == pytest.approx(0.5)


def test_validation_lists_are_judged_by_the_validation_events():
    assert judge(split(), "validation", np.array([[3], [0]])).figures["ndcg@10"] == 1.0


def test_places_below_ten_count_for_the_reciprocal_rank_alone():
    long = np.full((2, 12), -1)
    long[0, 11], long[1, 11] = 4, 1
    figures = judge(split(), "test", long).figures
    assert (figures["hr@10"], figures["ndcg@10"], figures["mrr@100"]) == (0, 0, pytest.approx(1 / 12))


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ([[4, 5]], "for 2 users"),
        ([[4, 6], [1, 3]], "there is not"),
        ([[4, 4], [1, 3]], "twice"),
        ([[4, 0], [1, 3]], "has had"),
        ([[4, 3], [1, 3]], "has had"),
    ],
)
def test_lists_that_break_the_rules_are_not_judged(lists, reason):
    with pytest.raises(UnsoundLists, match=reason):
        judge(split(), "test", np.array(lists))


def test_before_validation_a_validation_item_may_be_shown():
    assert judge(split(), "validation", np.array([[3, 4], [1, 0]])).figures["hr@10"] == 1.0
