import pytest

from application.home import RecommendHome
from application.rating import NewRating, RateItems
from application.recommending import Recommend
from domain.errors import InvalidToken
from domain.items import Item, ItemFilter, Kind
from domain.recommendation import RecommendationRequest
from domain.users import Principal, Role
from tests.fakes import FakeRankings

GENRES = ("War", "Drama", "Comedy", "Crime", "Musical")


@pytest.fixture
def home(database, states, lineups, show, rules):
    for i in range(21, 61):
        database.rows.items[i] = Item(Kind.MOVIE, f"Film {i}", id=i, genres=(GENRES[i % 5],), rating_count=i)
    recommend = Recommend(states, lineups, show, rules, FakeRankings(), random=None)
    return RecommendHome(states, lineups, recommend, show)


@pytest.fixture
def rated(database, clock, anna):
    """Anna likes two films, dislikes one, and has seen three genres."""
    RateItems(database, clock)(anna, [NewRating(1, 5.0, 10), NewRating(2, 5.0, 20), NewRating(4, 1.0, 30)])
    RateItems(database, clock)(anna, [NewRating(25, 3.0, 5), NewRating(26, 3.0, 6)])


def ids(shelf):
    return [one.item_id for one in shelf.shown.recommendations]


def test_no_title_stands_on_two_shelves_and_nothing_rated_on_any(home, anna, rated):
    shelves = home(anna, RecommendationRequest(k=5))
    every = [item_id for shelf in shelves for item_id in ids(shelf)]
    assert len(every) == len(set(every)) and not {1, 2, 4, 25, 26} & set(every)
    assert all(len(ids(shelf)) <= 5 for shelf in shelves)


def test_the_shelves_are_named_for_what_is_on_them(home, anna, rated):
    shelves = home(anna, RecommendationRequest(k=5))
    assert [(shelf.name, shelf.title) for shelf in shelves] == [
        ("for_you", "For you"),
        ("because_you_liked", "Because you liked Film 2"),
        ("because_you_liked", "Because you liked Film 1"),
        ("trending", "Trending"),
        ("new_to_you", "New to you"),
    ]
    assert {one.reason.because_of for one in shelves[1].shown.recommendations} == {(2,)}


def test_what_is_new_has_none_of_the_genres_that_are_known_best(home, anna, rated, database):
    new = home(anna, RecommendationRequest(k=5))[-1]
    genres = {genre for item_id in ids(new) for genre in database.rows.items[item_id].genres}
    assert genres and not genres & {"War", "Drama"}


def test_every_shelf_is_a_list_in_the_log(home, anna, rated, database):
    shelves = home(anna, RecommendationRequest(k=5, platform="web"))
    logged = {shown.id: shown for shown in database.rows.impressions}
    assert [logged[shelf.shown.impression_id].surface for shelf in shelves] == [
        f"home.{shelf.name}" for shelf in shelves
    ]
    assert {(shown.user_id, shown.platform) for shown in logged.values()} == {(anna.user_id, "web")}


def test_a_newcomer_sees_what_is_popular_and_trending(home, anna):
    shelves = home(anna, RecommendationRequest(k=5))
    assert [shelf.name for shelf in shelves] == ["for_you", "trending", "new_to_you"]
    assert shelves[0].shown.fallback_used


def test_a_shelf_with_hardly_anything_on_it_is_not_put_up(home, anna, database):
    tracks = RecommendationRequest(k=5, wanted=ItemFilter(kind=Kind.TRACK))
    assert [shelf.name for shelf in home(anna, tracks)] == ["for_you"]


def test_the_token_of_an_erased_account_opens_no_page(home):
    with pytest.raises(InvalidToken):
        home(Principal(99, Role.USER), RecommendationRequest(k=5))
