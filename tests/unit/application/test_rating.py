import pytest

from application.rating import ListRatings, NewRating, RateItems, RemoveRating
from domain.errors import InvalidRatings, InvalidToken, RatingNotFound
from domain.paging import PageRequest
from domain.users import Principal, Role


@pytest.fixture
def rate(database, clock):
    return RateItems(database, clock)


def test_a_second_rating_replaces_the_first(rate, anna, database, clock):
    first = rate(anna, [NewRating(3, 2.0)])[0]
    clock.advance(minutes=1)
    second = rate(anna, [NewRating(3, 5.0)])[0]
    assert second.id == first.id
    assert [(r.value, r.timestamp) for r in database.rows.ratings.values()] == [(5.0, int(clock.now().timestamp()))]


def test_a_time_that_was_given_is_kept(rate, anna):
    assert rate(anna, [NewRating(3, 2.0, timestamp=978300760)])[0].timestamp == 978300760


def test_bad_rows_are_all_named_and_nothing_is_stored(rate, anna, database, clock):
    tomorrow = int(clock.now().timestamp()) + 86_400
    rows = [
        NewRating(1, 4.0),
        NewRating(2, 5.5),
        NewRating(999, 3.0),
        NewRating(1, 3.0),
        NewRating(4, float("nan")),
        NewRating(5, 1.0, timestamp=tomorrow),
        NewRating(6, 1.0, timestamp=-1),
    ]
    with pytest.raises(InvalidRatings) as refused:
        rate(anna, rows)
    assert [detail.where for detail in refused.value.details] == [
        "1.rating",
        "2.item_id",
        "3.item_id",
        "4.rating",
        "5.timestamp",
        "6.timestamp",
    ]
    assert not database.rows.ratings


def test_an_account_that_is_gone_cannot_rate(rate):
    with pytest.raises(InvalidToken):
        rate(Principal(42, Role.USER), [NewRating(1, 4.0)])


def test_own_ratings_are_listed_newest_first_and_can_be_taken_back(rate, anna, database):
    rate(anna, [NewRating(1, 4.0, timestamp=100), NewRating(2, 3.0, timestamp=300), NewRating(3, 5.0, timestamp=200)])
    RemoveRating(database)(anna, 3)
    page = ListRatings(database)(anna, PageRequest())
    assert [rating.item_id for rating in page.items] == [2, 1]
    with pytest.raises(RatingNotFound):
        RemoveRating(database)(anna, 3)
