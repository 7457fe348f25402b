from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engagements import Action
from domain.errors import Invalid
from domain.measuring import (
    HitCounts,
    ItemTally,
    Period,
    Share,
    Tally,
    every_day,
    most,
    precision_at_k,
    total,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
#: (hits, places) of single lists
LISTS = st.lists(
    st.integers(1, 10).flatmap(lambda shown: st.tuples(st.integers(0, shown), st.just(shown))), min_size=1, max_size=40
)


def counted(lists):
    with_hits, lengths = {}, {}
    for hits, shown in lists:
        lengths[shown] = lengths.get(shown, 0) + 1
        if hits:
            with_hits[hits, shown] = with_hits.get((hits, shown), 0) + 1
    return HitCounts.of(with_hits, lengths)


@given(LISTS)
def test_precision_is_the_same_counted_and_list_by_list(lists):
    told = precision_at_k(counted(lists), np.random.default_rng(0), draws=50)
    assert told.mean == pytest.approx(np.mean([hits / shown for hits, shown in lists]))
    assert told.micro == pytest.approx(sum(hits for hits, _ in lists) / sum(shown for _, shown in lists))
    assert (told.lists, told.hits) == (len(lists), sum(hits for hits, _ in lists))
    assert told.interval[0] - 1e-12 <= told.interval[1] <= 1 + 1e-12


def test_empty_lists_and_no_lists_have_no_precision():
    told = precision_at_k(HitCounts.of({(1, 2): 1}, {2: 1, 0: 5}), np.random.default_rng(0))
    assert (told.mean, told.lists) == (0.5, 1)
    nothing = precision_at_k(HitCounts.of({}, {}), np.random.default_rng(0))
    assert (nothing.mean, nothing.lists, nothing.interval) == (0.0, 0, None)


def test_a_list_that_came_between_the_two_counts_does_no_harm():
    assert HitCounts.of({(1, 10): 3}, {10: 2}).lists.tolist() == [3]


def test_the_interval_of_precision_covers_the_truth_at_about_its_rate():
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        hits = random.binomial(10, random.beta(1, 9, 300))
        values, lists = np.unique(hits, return_counts=True)
        counts = HitCounts(values, np.full(len(values), 10), lists)
        low, high = precision_at_k(counts, random, draws=200).interval
        covered += low <= 0.1 <= high
    assert 177 <= covered <= 199


def test_ten_million_lists_cost_no_more_than_a_few():
    counts = HitCounts.of({(1, 10): 300_000, (2, 10): 20_000}, {10: 10_000_000})
    told = precision_at_k(counts, np.random.default_rng(0))
    assert told.lists == 10_000_000
    error = np.sqrt((300_000 * 0.1**2 + 20_000 * 0.2**2) / 10_000_000 - told.mean**2) / np.sqrt(10_000_000)
    assert told.interval == pytest.approx((told.mean - 1.96 * error, told.mean + 1.96 * error), abs=0.2 * error)


@pytest.mark.parametrize(
    ("count", "of", "interval"),
    [(0, 0, (0.0, 1.0)), (0, 10, (0.0, 0.2775)), (5, 10, (0.2366, 0.7634)), (10, 10, (0.7225, 1.0))],
)
def test_the_interval_of_a_share_is_wilsons(count, of, interval):
    assert Share(count, of).interval == pytest.approx(interval, abs=5e-5)


def test_wilsons_interval_covers_small_shares_at_about_its_rate():
    random = np.random.default_rng(4)
    shares = [Share(int(count), 200).interval for count in random.binomial(200, 0.03, 2000)]
    assert 0.92 <= np.mean([low <= 0.03 <= high for low, high in shares]) <= 0.98


def test_tallies_add_up():
    both = total([Tally(1, 10, {Action.CLICK: 2}), Tally(2, 20, {Action.CLICK: 1, Action.ENROLL: 1})])
    assert both == Tally(3, 30, {Action.CLICK: 3, Action.ENROLL: 1})
    assert (both.clicks, both.enrolls, both.ctr.value) == (3, 1, 0.1)
    assert total([]).ctr.value == 0.0


def test_days_without_lists_are_told_too():
    days = Period.last_days(NOON, 3).days
    assert days == (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21))
    rows = every_day({date(2026, 11, 20): Tally(1, 5)}, days)
    assert [tally.lists for _, tally in rows] == [0, 1, 0]


def test_a_period_that_ends_at_midnight_has_no_part_in_the_day_that_begins():
    start = NOON.replace(hour=0)
    assert Period(start, start + timedelta(days=1)).days == (date(2026, 11, 21),)


def test_a_period_must_end_after_it_has_begun():
    with pytest.raises(Invalid):
        Period(NOON, NOON)


def test_an_item_has_the_mean_of_its_ranks():
    assert ItemTally(4, 10, {"content": 4}, {Action.CLICK: 1}).mean_rank == 2.5
    assert ItemTally().mean_rank is None


def test_the_most_frequent_come_first_and_ties_in_order():
    assert most({"b": 1, "a": 1, "c": 5}, 2) == [("c", 5), ("a", 1)]
