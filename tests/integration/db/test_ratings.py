import random

import pytest

from domain.errors import ItemNotFound, RatingNotFound, UserNotFound
from domain.events import Rating
from domain.items import Kind
from domain.paging import PageRequest
from infrastructure.db import tables
from tests.integration.db.samples import at_once, count, counts, film, person, recounted, store


def plain(rating):
    return (rating.user_id, rating.item_id, rating.value, rating.timestamp)


@pytest.fixture
def shelf(work):
    """Users 1 to 4 and items 1 to 6."""
    store(work, users=[person(f"user{n}") for n in range(4)], items=[film(f"Film {n}") for n in range(6)])
    return work


def test_stored_ratings_come_back_with_their_ids_in_the_order_given(shelf):
    given = [(2, 5, 4.0, 30), (1, 1, 0.5, 10), (2, 3, 5.0, 20)]
    with shelf() as work:
        stored = work.ratings.put([Rating(*row) for row in given])
        work.commit()
    assert [plain(rating) for rating in stored] == given
    assert len({rating.id for rating in stored}) == 3 and None not in {rating.id for rating in stored}


def test_a_second_rating_replaces_the_first(shelf, engine):
    with shelf() as work:
        (first,) = work.ratings.put([Rating(1, 1, 4.0, 10)])
        (second,) = work.ratings.put([Rating(1, 1, 2.5, 20)])
        work.commit()
    assert second.id == first.id and plain(second) == (1, 1, 2.5, 20)
    assert count(engine, tables.ratings) == 1
    assert counts(engine)[1] == (1, 2.5)


def test_the_later_of_two_ratings_in_one_batch_counts(shelf, engine):
    with shelf() as work:
        stored = work.ratings.put([Rating(1, 1, 4.0, 10), Rating(1, 2, 3.0, 10), Rating(1, 1, 1.0, 5)])
        work.commit()
    assert [plain(rating) for rating in stored] == [(1, 1, 1.0, 5), (1, 2, 3.0, 10), (1, 1, 1.0, 5)]
    assert counts(engine)[1] == (1, 1.0)


def test_whole_numbers_become_floats(shelf):
    with shelf() as work:
        (stored,) = work.ratings.put([Rating(1, 1, 4, 10)])
    assert isinstance(stored.value, float)


def test_nothing_given_nothing_stored(shelf):
    with shelf() as work:
        assert work.ratings.put([]) == []


@pytest.mark.parametrize("item_id", [99, 2**63])
def test_a_rating_of_an_unknown_item_is_refused_with_all_its_batch(shelf, engine, item_id):
    with shelf() as work:
        with pytest.raises(ItemNotFound, match=str(item_id)):
            work.ratings.put([Rating(1, 1, 4.0, 10), Rating(1, item_id, 4.0, 10)])
        work.commit()
    assert count(engine, tables.ratings) == 0


@pytest.mark.parametrize("user_id", [99, 2**63])
def test_a_rating_by_an_unknown_user_is_refused(shelf, user_id):
    with shelf() as work, pytest.raises(UserNotFound, match=str(user_id)):
        work.ratings.put([Rating(1, 1, 4.0, 10), Rating(user_id, 1, 4.0, 10)])


def test_removing_a_rating(shelf, engine):
    store(shelf, ratings=[(1, 1, 4.0, 10), (2, 1, 3.0, 10)])
    with shelf() as work:
        work.ratings.remove(1, 1)
        work.commit()
    assert counts(engine)[1] == (1, 3.0)


@pytest.mark.parametrize(("user_id", "item_id"), [(1, 2), (2, 1), (1, 99), (99, 1), (1, 2**64), (2**64, 1)])
def test_removing_a_rating_that_is_not_there_says_so(shelf, user_id, item_id):
    store(shelf, ratings=[(1, 1, 4.0, 10)])
    with shelf() as work, pytest.raises(RatingNotFound):
        work.ratings.remove(user_id, item_id)


def test_ratings_are_listed_newest_first(shelf):
    store(shelf, ratings=[(1, 1, 4.0, 10), (1, 2, 3.0, 30), (2, 3, 2.0, 20), (1, 4, 1.0, 30)])
    with shelf() as work:
        mine = work.ratings.list_page(PageRequest(), user_id=1)
        everybodys = work.ratings.list_page(PageRequest(page=2, size=3))
    assert [plain(rating) for rating in mine.items] == [(1, 4, 1.0, 30), (1, 2, 3.0, 30), (1, 1, 4.0, 10)]
    assert mine.total == 3
    assert [plain(rating) for rating in everybodys.items] == [(1, 1, 4.0, 10)]
    assert everybodys.total == 4


def test_an_item_shows_its_counts_in_the_same_unit_of_work(shelf):
    with shelf() as work:
        item = work.items.get(1)
        work.ratings.put([Rating(1, 1, 4.0, 1), Rating(2, 1, 5.0, 1)])
        assert work.items.get(1) is item
        assert (item.rating_count, item.rating_sum, item.rating_mean) == (2, 9.0, 4.5)


@pytest.mark.parametrize("seed", range(3))
def test_the_counts_of_items_equal_a_recount_whatever_happened(shelf, engine, seed):
    chance = random.Random(seed)
    users, items = [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]
    for step in range(40):
        with shelf() as work:
            match chance.choice(["put", "put", "put", "remove", "undo", "erase", "withdraw"]):
                case "put":
                    pairs = [(chance.choice(users), chance.choice(items)) for _ in range(chance.randint(1, 8))]
                    work.ratings.put([Rating(*pair, chance.randint(5, 50) / 10, step) for pair in pairs])
                case "undo":
                    work.ratings.put([Rating(chance.choice(users), chance.choice(items), 5.0, step)])
                    continue
                case "remove":
                    page = work.ratings.list_page(PageRequest(size=100))
                    if page.items:
                        chosen = chance.choice(page.items)
                        work.ratings.remove(chosen.user_id, chosen.item_id)
                case "erase":
                    work.users.erase(users.pop(chance.randrange(len(users))))
                    users.append(work.users.add(person(f"later{step}")).id)
                case "withdraw":
                    work.items.remove(items.pop(chance.randrange(len(items))), Kind.MOVIE)
                    items.append(work.items.add(film(f"Later {step}")).id)
            work.commit()
        assert counts(engine) == recounted(engine)


def test_concurrent_batches_over_the_same_items_all_count(shelf, engine):
    def rate(user_id, round_):
        # Each thread names the items in another order: locks taken in that order would form a circle.
        order = random.Random(user_id * 10 + round_).sample(range(1, 7), 6)
        with shelf() as work:
            work.ratings.put([Rating(user_id, item_id, 3.0 + round_ / 2, round_) for item_id in order])
            work.commit()

    def rate_often(user_id):
        for round_ in range(5):
            rate(user_id, round_)

    assert at_once(*(lambda user_id=user_id: rate_often(user_id) for user_id in (1, 2, 3, 4))) == [None] * 4
    assert counts(engine) == recounted(engine) == dict.fromkeys(range(1, 7), (4, 20.0))


def test_one_user_who_rates_one_item_from_many_places_counts_once(shelf, engine):
    def rate(value):
        with shelf() as work:
            work.ratings.put([Rating(1, 1, value, 1)])
            work.commit()

    assert (
        at_once(*(lambda value=value: rate(value) for value in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0))) == [None] * 8
    )
    assert counts(engine) == recounted(engine) and counts(engine)[1][0] == 1


def test_erasing_users_while_they_rate_keeps_the_counts_right(shelf, engine):
    def rate(user_id):
        for round_ in range(5):
            with shelf() as work:
                work.ratings.put([Rating(user_id, item_id, 4.0, round_) for item_id in (1, 2, 3)])
                work.commit()

    def erase(user_id):
        with shelf() as work:
            work.users.erase(user_id)
            work.commit()

    outcomes = at_once(
        *(lambda user_id=user_id, call=call: call(user_id) for user_id in (1, 2, 3, 4) for call in (rate, erase))
    )
    assert {type(outcome) for outcome in outcomes} <= {type(None), UserNotFound}
    assert counts(engine) == recounted(engine) == dict.fromkeys(range(1, 7), (0, 0.0))
