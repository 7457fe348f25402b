"""The baseline and the cold-start blend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pipeline import Pipeline
from infrastructure.generators.baseline import WEIGHTS, BaselineRanker, damped_means
from infrastructure.generators.cold_start import ColdStartRanker
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.demographic import DemographicGenerator
from infrastructure.generators.item_neighbours import CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator
from tests.unit.generators.films import FILMS, ask, films

EVERYTHING = np.arange(7)


@pytest.fixture
def baseline(catalogue):
    return BaselineRanker(catalogue)


@pytest.fixture
def cold_start(catalogue, model):
    return ColdStartRanker(
        PopularityGenerator(catalogue),
        ContentGenerator(catalogue),
        CollaborativeGenerator(catalogue, model),
        DemographicGenerator(catalogue, model),
    )


def test_the_baseline_is_the_weighted_sum_of_its_parts(catalogue, baseline):
    context = ask(catalogue, [(1, 5)])
    parts = baseline.parts(context, EVERYTHING)
    assert {name: WEIGHTS[name] for name in parts} == {"popularity": 0.55, "mean_rating": 0.25, "genre_match": 0.20}
    for name, part in parts.items():
        assert part.min() >= 0, name
        assert part.max() == pytest.approx(1), name
    expected = 0.55 * parts["popularity"] + 0.25 * parts["mean_rating"] + 0.20 * parts["genre_match"]
    np.testing.assert_allclose(baseline.score(context, EVERYTHING), expected)


@given(
    history=st.lists(
        st.tuples(st.sampled_from([film[0] for film in FILMS]), st.sampled_from([1.0, 3.0, 4.0, 5.0])),
        unique_by=lambda event: event[0],
    ),
    favourites=st.sets(st.sampled_from(["Crime", "Drama", "Comedy"])),
)
def test_whoever_asks_each_shown_score_is_the_weighted_sum_of_the_shown_parts(history, favourites):
    catalogue = films()
    popularity = PopularityGenerator(catalogue)
    pipeline = Pipeline("baseline", (popularity,), BaselineRanker(catalogue), popularity, weights=dict(WEIGHTS))
    shown = pipeline(ask(catalogue, history, favourite_genres=favourites), 7).recommendations(catalogue)
    assert len(shown) == 7 - len(history)
    for one in shown:
        assert one.parts.keys() == pipeline.weights.keys()
        assert one.score == pytest.approx(sum(pipeline.weights[name] * part for name, part in one.parts.items()))


def test_a_mean_of_few_ratings_is_drawn_to_the_overall_mean(catalogue):
    means = damped_means(catalogue)
    overall = means[6]  # no ratings at all
    assert abs(means[3] - overall) < abs(3.0 - overall)
    assert abs(means[2] - 4.5) < 0.15


def test_the_baseline_matches_the_liked_genres_alone(catalogue, baseline):
    parts = baseline.parts(ask(catalogue, [(6, 1), (4, 5)]), EVERYTHING)
    assert parts["genre_match"][4] > parts["genre_match"][2] > 0
    assert parts["genre_match"][[0, 6]].tolist() == [0, 0]
    assert not baseline.parts(ask(catalogue), EVERYTHING)["genre_match"].any()


def test_the_baseline_explains_by_genre_what_matches_and_by_popularity_the_rest(catalogue, baseline):
    reasons = baseline.explain(ask(catalogue, favourite_genres=["Crime"]), np.array([1, 5]))
    assert [reason.text for reason in reasons] == ["Matches your taste for Crime", "Rated 2.0 of 5 by 50 people"]


def test_silent_signals_leave_their_weight_to_the_others(catalogue, cold_start):
    nobody = cold_start.weights(ask(catalogue))
    newcomer = cold_start.weights(ask(catalogue, favourite_genres=["Crime"]))
    rater = cold_start.weights(ask(catalogue, [(1, 5)], gender="F"))
    assert nobody == {"popularity": 1.0}
    assert newcomer.keys() == {"content", "popularity"}
    assert rater.keys() == {"collaborative", "content", "demographic", "popularity"}
    for weights in (nobody, newcomer, rater):
        assert sum(weights.values()) == pytest.approx(1)


def test_for_nobody_in_particular_cold_start_is_popularity(catalogue, cold_start):
    order = np.argsort(-cold_start.score(ask(catalogue), EVERYTHING), kind="stable")
    assert order.tolist() == [0, 2, 1, 5, 3, 4, 6]


def test_the_first_answers_move_the_list(catalogue, cold_start):
    before = cold_start.score(ask(catalogue), EVERYTHING)
    after = cold_start.score(ask(catalogue, [(4, 5)]), EVERYTHING)
    assert np.argmax(before) == 0
    assert after[4] > after[1], "more tears for who liked tears"


def test_every_score_is_a_share_of_one(catalogue, cold_start):
    scores = cold_start.score(ask(catalogue, [(4, 5), (6, 1)], gender="F", age=30), EVERYTHING)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_each_signal_explains_in_its_own_words(catalogue, cold_start):
    def reason(context, position):
        return cold_start.explain(context, np.array([position, 6]))[0]

    assert reason(ask(catalogue, [(1, 5)]), 1).text == "Because you liked *Heat*"
    assert reason(ask(catalogue, [(1, 5)]), 1).because_of == (1,)
    assert reason(ask(catalogue, favourite_genres=["Drama"]), 4).kind == "genre"
    assert reason(ask(catalogue, gender="F"), 3).kind == "demographics"
    assert reason(ask(catalogue), 0).kind == "popular"


def test_no_candidates_are_no_trouble(catalogue, cold_start, baseline):
    nothing = np.empty(0, dtype=np.int64)
    context = ask(catalogue, [(1, 5)])
    for ranker in (cold_start, baseline):
        assert ranker.score(context, nothing).shape == (0,)
        assert list(ranker.explain(context, nothing)) == []


def test_without_a_model_cold_start_has_content_and_popularity(catalogue):
    ranker = ColdStartRanker(PopularityGenerator(catalogue), ContentGenerator(catalogue))
    context = ask(catalogue, [(1, 5)], gender="F")
    assert ranker.weights(context).keys() == {"content", "popularity"}
    assert np.isfinite(ranker.score(context, EVERYTHING)).all()
