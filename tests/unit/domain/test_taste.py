import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.events import History
from domain.explaining import because_you_liked, listed, popular
from domain.items import Item, ItemFilter, Kind
from domain.recommendation import Context, UserState
from domain.taste import TasteSettings, taste_profile

CATALOGUE = Catalogue.of(
    [
        Item(Kind.MOVIE, title, id=i, genres=genres)
        for i, title, genres in [
            (1, "Heat", ("Crime",)),
            (2, "Casino", ("Crime", "Drama")),
            (3, "Babe", ("Comedy",)),
            (4, "Fargo", ("Crime",)),
        ]
    ]
)


def test_affinity_follows_the_ratings_and_is_shrunk():
    profile = taste_profile(CATALOGUE, History.of([1, 2, 3], [5.0, 5.0, 1.0]), TasteSettings())
    by_genre = {taste.genre: taste for taste in profile}
    assert [taste.genre for taste in profile] == ["Crime", "Drama", "Comedy"]
    assert by_genre["Crime"].affinity > 0 > by_genre["Comedy"].affinity
    assert by_genre["Crime"].affinity < 4 / 3 / 2
    assert by_genre["Crime"].rated == 2


def test_a_genre_that_was_set_shows_without_ratings():
    profile = taste_profile(CATALOGUE, History.empty(), TasteSettings(muted_genres=frozenset({"Drama"})))
    assert [(taste.genre, taste.muted, taste.affinity) for taste in profile] == [("Drama", True, 0.0)]


def context(ratings):
    state = UserState(1, History.of([1, 2, 3], ratings))
    return Context.of(CATALOGUE, state, ItemFilter(), liked_from=4.0)


def test_a_reason_names_the_titles_that_moved_the_score_most():
    reason = because_you_liked(context([5.0, 4.0, 5.0]), np.array([0.2, 0.3, 0.01]))
    assert reason.text == "Because you liked *Casino* and *Heat*"
    assert reason.because_of == (2, 1)


def test_a_weak_second_signal_is_not_named():
    assert because_you_liked(context([5.0, 4.0, 5.0]), np.array([0.05, 0.3, 0.0])).because_of == (2,)


def test_what_was_disliked_is_no_reason_although_it_raised_the_score():
    assert because_you_liked(context([5.0, 2.0, 5.0]), np.array([0.1, 0.3, 0.0])).because_of == (1,)
    assert because_you_liked(context([5.0, 2.0, 5.0]), np.array([0.0, 0.3, 0.0])) is None


def test_nothing_raised_the_score_so_no_history_is_blamed():
    assert because_you_liked(context([5.0, 4.0, 5.0]), np.array([-0.2, 0.0, -0.1])) is None


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_like_prose(words, text):
    assert listed(words) == text


def test_popularity_is_told_in_people():
    assert popular(1, 4.0).text == "Rated 4.0 of 5 by 1 person"
    assert popular(1583, 4.26).text == "Rated 4.3 of 5 by 1,583 people"
    assert popular(0, 0.0).kind == "new"
