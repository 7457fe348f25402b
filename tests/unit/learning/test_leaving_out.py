"""What explanations rest on: what a title really loses once an event is taken out of the history."""

import numpy as np
import pytest

from domain.events import History
from infrastructure.generators import leaving_out
from infrastructure.learning.lineup import build_lineup
from tests.unit.learning import worlds
from tests.unit.learning.every_engine import every_engine
from tests.unit.learning.serving import context_of

#: engines whose reasons come from doing without an event
EXACT = ("item_item", "ease", "linear", "mf", "ncf", "two_tower", "sequence", "hstu", "gru", "lstm")


@pytest.fixture(scope="module")
def lineup():
    return build_lineup(worlds.catalogue(), every_engine())


def history(size, seed=1):
    random = np.random.default_rng(seed)
    items = 10 * (random.permutation(80)[:size] + 1)
    ratings = random.choice([1.0, 3.0, 4.0, 5.0], size)
    return History.of(items.tolist(), ratings.tolist(), np.cumsum(7 ** (np.arange(size) % 6)).tolist())


def standing(ranker, context, positions):
    scores = ranker.score(context, np.flatnonzero(context.eligible))
    return (ranker.score(context, positions) - scores.mean()) / scores.std()


@pytest.mark.parametrize("size", [2, 9, 30], ids=["short", "in the window", "past the window"])
@pytest.mark.parametrize("engine", EXACT)
def test_what_is_said_to_be_lost_really_is(lineup, engine, size):
    ranker = lineup.pipelines[engine].ranker
    context = context_of(lineup.catalogue, history(size))
    positions = np.flatnonzero(context.eligible)[::9]
    lost = ranker.losses(context, positions)
    assert lost.shape == (len(positions), size)
    whole = standing(ranker, context, positions)
    for event in np.flatnonzero(lost.any(axis=0)):
        without = standing(ranker, context.leaving_out(np.array([event])), positions)
        np.testing.assert_allclose(lost[:, event], whole - without, atol=2e-3)
    assert lost.any()


@pytest.mark.parametrize("engine", ["cold_start", "hybrid", *EXACT])
def test_the_cited_titles_are_liked_ones_without_which_the_title_falls(lineup, engine):
    pipeline = lineup.pipelines[engine]
    context = context_of(lineup.catalogue, history(5))
    ranking = pipeline(context, 10)
    ids = context.catalogue.ids[context.positions]
    liked = set(context.catalogue.ids[context.liked].tolist())
    cited = 0
    for position, reason in zip(ranking.positions.tolist(), ranking.reasons, strict=True):
        if not reason.because_of:
            continue
        cited += 1
        assert set(reason.because_of) <= liked
        first = np.flatnonzero(ids == reason.because_of[0])
        place = np.array([position])
        fallen = standing(pipeline.ranker, context.leaving_out(first), place)
        assert fallen < standing(pipeline.ranker, context, place)
    assert cited


def test_a_history_without_what_was_liked_gives_nothing_to_lose(lineup):
    context = context_of(lineup.catalogue, History.of([10, 20], [1.0, 2.0]))
    for engine in EXACT:
        if engine not in ("ncf", "two_tower"):  # which try every event, and name those that were disliked no more
            assert not lineup.pipelines[engine].ranker.losses(context, np.arange(5, 9)).any(), engine


def test_without_an_event_those_before_it_are_one_newer():
    assert leaving_out.ages_without(4, np.array([1, 3])).tolist() == [[3, 2, 1, 0], [2, -1, 1, 0], [2, 1, 0, -1]]


def test_only_the_last_liked_events_are_tried(lineup):
    context = context_of(lineup.catalogue, History.of([10, 20, 30, 40], [5.0, 1.0, 4.0, 5.0]))
    assert leaving_out.tried(context).tolist() == [0, 2, 3]
    assert leaving_out.tried(context, 2).tolist() == [2, 3]
