import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.engagements import Action
from domain.items import Item, Kind
from domain.simulation import OUTCOMES, WORTH, Tastes, drawn, expected_reward

GENRES = ("Comedy", "Crime", "Drama", "Horror", "War", "Western")


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.of(
        Item(Kind.MOVIE, f"Film {i}", id=i + 1, genres=(GENRES[i % 6],), rating_count=10, rating_sum=20.0 + i % 5 * 5)
        for i in range(300)
    )


@pytest.fixture(scope="module")
def tastes(catalogue):
    return Tastes.drawn(catalogue, 50, seed=3)


def test_the_same_seed_gives_the_same_people(catalogue, tastes):
    np.testing.assert_array_equal(tastes.log_odds, Tastes.drawn(catalogue, 50, seed=3).log_odds)
    assert not np.array_equal(tastes.log_odds, Tastes.drawn(catalogue, 50, seed=4).log_odds)


def test_everybody_has_genres_that_they_love(catalogue, tastes):
    by_genre = np.stack([tastes.log_odds[:, catalogue.genres[:, g]].mean(axis=1) for g in range(6)], axis=1)
    assert (by_genre.max(axis=1) - by_genre.min(axis=1) > 2.0).all()
    assert len(set(by_genre.argmax(axis=1).tolist())) == 6


def test_good_titles_please_more_people(catalogue, tastes):
    means = catalogue.rating_means
    assert tastes.log_odds[:, means == means.max()].mean() > tastes.log_odds[:, means == means.min()].mean() + 0.8


def test_what_may_come_of_an_item_adds_up_and_is_less_the_further_down(tastes):
    chances = tastes.outcomes(0, np.full(10, 7))
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert (chances > 0).all()
    assert (np.diff(chances[:, 0]) > 0).all()


def test_what_is_drawn_comes_as_often_as_it_should(tastes):
    random, chances = np.random.default_rng(0), tastes.outcomes(1, np.arange(4))
    lists = [drawn(chances, random) for _ in range(4000)]
    for place in range(4):
        shares = [sum(one[place] is outcome for one in lists) / 4000 for outcome in OUTCOMES]
        np.testing.assert_allclose(shares, chances[place], atol=0.03)


def test_the_expected_reward_is_that_of_the_best_thing_that_comes_of_a_list(tastes):
    random, chances = np.random.default_rng(1), tastes.outcomes(2, np.arange(6))
    worth = {outcome: float(one) for outcome, one in zip(OUTCOMES, WORTH, strict=True)}
    mean = np.mean([max(worth[one] for one in drawn(chances, random)) for _ in range(8000)])
    assert expected_reward(chances) == pytest.approx(mean, abs=0.02)
    certain = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    assert expected_reward(certain) == worth[Action.LIKE]
    assert expected_reward(np.empty((0, 4))) == 0.0


def test_ratings_follow_taste_within_the_scale(tastes):
    order = np.argsort(tastes.log_odds[0])
    stars = [tastes.rating(0, int(position)) for position in order]
    assert stars == sorted(stars) and set(stars) <= {half / 2 for half in range(1, 11)}
    assert stars[0] <= 2.5 and stars[-1] >= 4.5
