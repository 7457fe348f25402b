from dataclasses import replace

import pytest

from domain.errors import DatasetConflict, MalformedDataset
from domain.events import Rating
from domain.items import Item, ItemSearch, Kind
from domain.paging import PageRequest
from domain.users import User
from infrastructure.db import tables
from infrastructure.db.bulk import SqlBulkStore
from infrastructure.db.interactions import SqlInteractionStore
from infrastructure.db.user_states import SqlUserStates
from tests.integration.db.samples import NOW, admin, count, counts, film, person, recounted, store

ITEMS = [
    Item(Kind.MOVIE, "Toy Story", id=1, year=1995, genres=("Animation", "Comedy")),
    Item(Kind.MOVIE, "Hugo Pool", id=7, year=1997),
    Item(Kind.MOVIE, "Hugo Pool", id=9, year=1997, genres=("Romance",)),
]
USERS = [
    User(f"tiny-{n}", NOW, id=n, age=n, gender="F", occupation="artist", zip_code="02139", origin="tiny")
    for n in (1, 2, 30)
]
RATINGS = [
    Rating(user_id, item_id, 0.5 * item_id % 5 + 0.5, 900 - item_id) for user_id in (30, 1) for item_id in (9, 1, 7)
]


@pytest.fixture
def bulk(engine):
    return SqlBulkStore(engine)


def load(bulk, batches=(RATINGS[:2], RATINGS[2:])):
    bulk.open_load("tiny", "sha")
    bulk.put_items("tiny", ITEMS)
    bulk.put_users("tiny", USERS)
    for batch in batches:
        bulk.put_ratings("tiny", batch)
    bulk.finish_load("tiny")


def test_a_data_set_is_loaded_whole(bulk, engine, work):
    load(bulk)
    assert bulk.loaded() == ["tiny"]
    read = SqlInteractionStore(engine).read()
    rows = [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in RATINGS]
    assert list(zip(*(column.tolist() for column in vars(read).values()), strict=True)) == rows
    assert counts(engine) == recounted(engine) and counts(engine)[7] == (2, 8.0)
    with work() as open_work:
        user = open_work.users.get(30)
        assert (user.username, user.origin, user.created_at, user.age) == ("tiny-30", "tiny", NOW, 30)
        page = open_work.items.list_page(ItemSearch(text="hugo", genre="romance"), PageRequest())
        assert [item.id for item in page.items] == [9]


def test_the_cursor_moves_with_the_rows(bulk):
    cursor = bulk.open_load("tiny", "sha")
    assert (cursor.ratings_done, cursor.finished) == (0, False)
    bulk.put_items("tiny", ITEMS)
    bulk.put_users("tiny", USERS)
    bulk.put_ratings("tiny", RATINGS[:4])
    assert bulk.open_load("tiny", "sha").ratings_done == 4
    assert bulk.loaded() == []
    bulk.put_ratings("tiny", iter(RATINGS[4:]))
    bulk.finish_load("tiny")
    cursor = bulk.open_load("tiny", "sha")
    assert (cursor.ratings_done, cursor.finished) == (6, True)


def test_a_load_that_broke_off_goes_on_where_it_stopped(bulk, engine):
    def broken():
        yield from RATINGS[2:5]
        raise OSError("the source went away")

    with pytest.raises(OSError, match="went away"):
        load(bulk, [RATINGS[:2], broken()])
    done = bulk.open_load("tiny", "sha").ratings_done
    assert done == 2 == count(engine, tables.ratings)
    load(bulk, [RATINGS[done:]])
    assert count(engine, tables.ratings) == 6 and count(engine, tables.users) == 3
    assert counts(engine) == recounted(engine)
    assert bulk.open_load("tiny", "sha").finished


def test_items_and_users_that_are_there_from_the_same_data_set_are_left_alone(bulk, engine, work):
    load(bulk, [])
    with work() as open_work:
        item = open_work.items.get(1)
        item.description = "edited since"
        open_work.items.save(item)
        open_work.commit()
    bulk.put_items("tiny", [*ITEMS, replace(ITEMS[0], id=10, title="New")])
    bulk.put_users("tiny", [*USERS, User("tiny-31", NOW, id=31, origin="tiny")])
    assert count(engine, tables.items) == count(engine, tables.users) == 4
    with work() as open_work:
        assert open_work.items.get(1).description == "edited since"


def test_true_duplicates_of_title_and_year_are_kept_and_can_be_edited(bulk, work):
    load(bulk)
    with work() as open_work:
        for item_id in (7, 9):
            item = open_work.items.get(item_id)
            item.description = "one of two"
            open_work.items.save(item)
        open_work.commit()
        page = open_work.items.list_page(ItemSearch(text="hugo pool"), PageRequest())
    assert [item.description for item in page.items] == ["one of two"] * 2


def test_generated_ids_go_on_above_a_data_sets(bulk, work):
    load(bulk)
    ann, heat = person(), film()
    store(work, users=[ann], items=[heat])
    assert (ann.id, heat.id) == (31, 10)


def test_another_data_set_is_refused_until_a_reset(bulk):
    load(bulk)
    with pytest.raises(DatasetConflict, match="tiny"):
        bulk.open_load("other", "sha")
    with pytest.raises(DatasetConflict, match="other content"):
        bulk.open_load("tiny", "another sha")
    bulk.reset()
    assert bulk.open_load("other", "sha").ratings_done == 0


def test_an_id_taken_by_somebodys_account_is_a_conflict_that_says_the_ways_out(bulk, engine, work):
    store(work, users=[person("ann")])
    bulk.open_load("tiny", "sha")
    with pytest.raises(DatasetConflict, match=r"user id 1 .* empty database"):
        bulk.put_users("tiny", USERS)
    assert count(engine, tables.users) == 1


def test_a_name_taken_by_somebodys_account_is_a_conflict(bulk, work):
    store(work, users=[person("TINY-2", id=77)])
    bulk.open_load("tiny", "sha")
    with pytest.raises(DatasetConflict, match="user name"):
        bulk.put_users("tiny", USERS)


def test_an_id_taken_by_another_item_is_a_conflict(bulk, engine, work):
    store(work, items=[film("Heat", id=7)])
    bulk.open_load("tiny", "sha")
    with pytest.raises(DatasetConflict, match=r"Item 7 .* empty database"):
        bulk.put_items("tiny", ITEMS)
    assert count(engine, tables.items) == 1


def test_an_external_id_taken_by_another_item_is_a_conflict(bulk, work):
    store(work, items=[film("Heat", id=70, external_id="x")])
    bulk.open_load("tiny", "sha")
    with pytest.raises(DatasetConflict, match="external id"):
        bulk.put_items("tiny", [replace(ITEMS[0], external_id="x")])


@pytest.mark.parametrize("bad", [Rating(1, 99, 3.0, 1), Rating(99, 1, 3.0, 1), RATINGS[0]])
def test_ratings_that_do_not_fit_the_data_set_are_refused_with_their_batch(bulk, engine, bad):
    load(bulk, [RATINGS[:1]])
    with pytest.raises(MalformedDataset):
        bulk.put_ratings("tiny", [RATINGS[1], bad])
    assert count(engine, tables.ratings) == 1
    assert bulk.open_load("tiny", "sha").ratings_done == 1


def test_a_load_that_was_reset_by_somebody_else_does_not_go_on(bulk, engine):
    load(bulk, [])
    bulk.reset()
    with pytest.raises(DatasetConflict, match="reset"):
        bulk.put_ratings("tiny", RATINGS)
    with pytest.raises(DatasetConflict, match="reset"):
        bulk.finish_load("tiny")


def test_a_reset_leaves_people_and_nothing_else(bulk, engine, work):
    load(bulk)
    root = admin("root")
    store(work, users=[root], items=[film("Heat")])
    store(work, ratings=[(root.id, 1, 4.0, 1)])
    before = SqlUserStates(engine).catalogue_revision()
    bulk.reset()
    for table in (tables.items, tables.item_labels, tables.ratings, tables.impressions, tables.dataset_loads):
        assert count(engine, table) == 0
    with work() as open_work:
        assert [user.username for user in open_work.users.list_page(PageRequest()).items] == ["root"]
    assert SqlUserStates(engine).catalogue_revision() > before
    load(bulk)
    assert count(engine, tables.ratings) == 6


def test_a_load_raises_the_catalogue_revision(bulk, engine):
    revision = SqlUserStates(engine).catalogue_revision
    bulk.open_load("tiny", "sha")
    bulk.put_items("tiny", ITEMS)
    before = revision()
    bulk.finish_load("tiny")
    assert revision() == before + 1
