from dataclasses import replace

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.pipeline import FAILED, Pipeline
from domain.recommendation import Candidates, Context, Reason, UserState
from domain.taste import TasteSettings


class FixedGenerator:
    """Proposes positions in a fixed order, as far as they are eligible."""

    def __init__(self, name, *positions):
        self.name = name
        self.order = positions

    def __call__(self, context, limit):
        chosen = [p for p in self.order if context.eligible[p]][:limit]
        return Candidates(np.array(chosen, dtype=np.int64), np.arange(len(chosen), 0, -1.0))


class BrokenGenerator:
    name = "broken"

    def __call__(self, context, limit):
        raise RuntimeError("no signal today")


class HighestIdRanker:
    name = "highest id"

    def __init__(self):
        self.batches = 0

    def score(self, context, positions):
        self.batches += 1
        return context.catalogue.ids[positions].astype(np.float64)

    def explain(self, context, positions):
        return [Reason("id", "Has a high id")] * len(positions)


class PartedRanker(HighestIdRanker):
    """Scores by two parts, the second counting double."""

    def parts(self, context, positions):
        return {"id": context.catalogue.ids[positions].astype(float), "evenness": (positions % 2).astype(float)}

    def total(self, parts):
        return parts["id"] + 2 * parts["evenness"]


class BrokenRanker(HighestIdRanker):
    def score(self, context, positions):
        raise RuntimeError("no weights today")


@pytest.fixture
def catalogue():
    return Catalogue.of(
        [Item(Kind.MOVIE, f"Film {i}", id=i, genres=("Drama",) if i % 2 else ("War",)) for i in range(1, 9)]
    )


def context_of(catalogue, seen=(), taste=None):
    state = UserState(1, History.of(list(seen), [5.0] * len(seen)), taste=taste or TasteSettings())
    return Context.of(catalogue, state, ItemFilter(), liked_from=4.0)


def engine(*generators, ranker=None, fallback=None, pool=100):
    filler = FixedGenerator("filler", *range(8))
    return Pipeline("test", generators, ranker or HighestIdRanker(), filler, pool, fallback)


def test_candidates_are_ranked_in_one_batch(catalogue):
    ranker = HighestIdRanker()
    ranking = engine(FixedGenerator("a", 0, 1, 2), FixedGenerator("b", 2, 3), ranker=ranker)(context_of(catalogue), 3)
    assert catalogue.ids[ranking.positions].tolist() == [4, 3, 2]
    assert ranking.sources == ("b", "b", "a")
    assert ranker.batches == 1
    assert ranking.generators == {"a": 3, "b": 2}
    assert not ranking.fallback_used and not ranking.degraded


def test_what_was_seen_is_dropped_before_the_cap(catalogue):
    ranking = engine(FixedGenerator("a", 0, 1, 2, 3), pool=2)(context_of(catalogue, seen=(1, 2)), 2)
    assert catalogue.ids[ranking.positions].tolist() == [4, 3]


def test_a_short_list_is_filled_without_repeats_and_flagged(catalogue):
    ranking = engine(FixedGenerator("a", 6))(context_of(catalogue, seen=(1,)), 4)
    assert catalogue.ids[ranking.positions].tolist() == [7, 2, 3, 4]
    assert ranking.sources == ("a", "filler", "filler", "filler")
    assert ranking.fallback_used
    assert (np.diff(ranking.scores) < 0).all()


def test_a_list_is_shorter_only_when_the_catalogue_is(catalogue):
    ranking = engine(FixedGenerator("a"))(context_of(catalogue, seen=range(1, 7)), 5)
    assert catalogue.ids[ranking.positions].tolist() == [7, 8]


def test_a_broken_generator_leaves_the_others_standing(catalogue, caplog):
    ranking = engine(BrokenGenerator(), FixedGenerator("a", 0, 1))(context_of(catalogue), 2)
    assert catalogue.ids[ranking.positions].tolist() == [2, 1]
    assert ranking.generators == {"broken": FAILED, "a": 2}
    assert ranking.degraded
    assert "generator broken" in caplog.text


def test_a_broken_ranker_hands_over_to_the_fallback_engine(catalogue, caplog):
    spare = engine(FixedGenerator("a", 0, 1))
    ranking = engine(FixedGenerator("a", 0, 1), ranker=BrokenRanker(), fallback=spare)(context_of(catalogue), 2)
    assert catalogue.ids[ranking.positions].tolist() == [2, 1]
    assert ranking.fallback_used and ranking.degraded
    assert "answers instead" in caplog.text


def test_without_a_fallback_the_failure_is_told(catalogue):
    with pytest.raises(RuntimeError, match="no weights today"):
        engine(FixedGenerator("a", 0), ranker=BrokenRanker())(context_of(catalogue), 1)


def test_muted_genres_never_appear_and_boosted_ones_rise(catalogue):
    everything = FixedGenerator("a", *range(8))
    muted = TasteSettings(muted_genres=frozenset({"War"}))
    ranking = engine(everything)(context_of(catalogue, taste=muted), 8, taste=muted)
    assert catalogue.ids[ranking.positions].tolist() == [7, 5, 3, 1]
    boosted = TasteSettings(boosted_genres=frozenset({"Drama"}))
    ranking = engine(everything)(context_of(catalogue, taste=boosted), 2, taste=boosted)
    assert catalogue.ids[ranking.positions].tolist() == [7, 8]


def test_each_place_tells_the_parts_of_its_score_but_for_the_filled_ones(catalogue):
    ranking = engine(FixedGenerator("a", 0, 1, 2), ranker=PartedRanker())(context_of(catalogue), 4, diversity=0.3)
    *ranked, filled = ranking.recommendations(catalogue)
    assert sorted(one.item_id for one in ranked) == [1, 2, 3]
    assert [one.rank for one in ranked] == [1, 2, 3]
    for one in ranked:
        assert one.parts == {"id": one.item_id, "evenness": (one.item_id - 1) % 2}
        assert one.score == one.parts["id"] + 2 * one.parts["evenness"]
    assert (filled.source, filled.parts) == ("filler", None)


def test_parts_are_told_only_where_there_are_some_and_somebody_asks(catalogue):
    parted, plain = (engine(FixedGenerator("a", 0, 1), ranker=one) for one in (PartedRanker(), HighestIdRanker()))
    context = context_of(catalogue)
    assert parted(context, 2, explain=False).parts == {}
    assert parted(context, 2).positions.tolist() == parted(context, 2, explain=False).positions.tolist()
    assert plain(context, 2).recommendations(catalogue)[0].parts is None


def test_little_known_titles_are_the_least_rated_and_of_these_the_newest():
    counts = [5, 0, 3, 0, 9, 1, 0, 2]
    catalogue = Catalogue.of([Item(Kind.MOVIE, f"Film {i}", id=i, rating_count=n) for i, n in enumerate(counts)])
    context = context_of(catalogue, seen=[1])
    taken = np.array([3, 4])
    assert catalogue.ids[context.little_known(taken, 3)].tolist() == [6, 5, 7]
    assert catalogue.ids[context.little_known(taken, 99)].tolist() == [6, 5, 7, 2, 0]


class Dice(np.random.Generator):
    """Rounds up, and draws the given numbers in turn."""

    def __init__(self, *draws):
        super().__init__(np.random.PCG64(0))
        self.draws = list(draws)

    def random(self):
        return 0.0

    def choice(self, among, size, replace):
        return np.array(self.draws.pop(0)[:size])


def test_what_chance_has_chosen_is_marked_and_makes_room_for_itself(catalogue):
    ranking = engine(FixedGenerator("a", 4, 5, 6, 7), ranker=PartedRanker())(context_of(catalogue), 4)
    ranking = replace(ranking, little_known=np.array([0, 2, 1]))
    shown = ranking.explored(0.4, Dice([0, 2], [2, 0]), explain=True).recommendations(catalogue)
    assert [one.item_id for one in shown] == [2, 8, 1, 6]
    assert [one.source for one in shown] == ["exploration", "a", "exploration", "a"]
    assert [one.score for one in shown] == [10, 10, 10, 8]
    assert [one.reason.kind for one in shown] == ["exploration", "id", "exploration", "id"]
    assert [one.parts is None for one in shown] == [True, False, True, False]
    assert [one.probability for one in shown] == pytest.approx([1.6 / 3, 1.0, 1.6 / 3, 1.0])
    unexplained = ranking.explored(0.4, Dice([0, 2], [2, 0]), explain=False).recommendations(catalogue)
    assert unexplained[0].reason is None


def test_with_nothing_to_explore_a_ranking_stays_as_it_is(catalogue):
    ranking = engine(FixedGenerator("a", 4, 5))(context_of(catalogue), 2)
    assert ranking.explored(0.5, np.random.default_rng(0), explain=True) is ranking
    assert [one.probability for one in ranking.recommendations(catalogue)] == [1.0, 1.0]


def test_reasons_come_only_when_asked_for(catalogue):
    with_reasons = engine(FixedGenerator("a", 0))(context_of(catalogue), 1)
    without = engine(FixedGenerator("a", 0))(context_of(catalogue), 1, explain=False)
    assert with_reasons.reasons == (Reason("id", "Has a high id"),)
    assert without.reasons == (None,)
