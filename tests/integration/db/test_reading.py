"""The reads that recommending and training live on: user states, the catalogue and interactions."""

from dataclasses import fields

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.errors import UserNotFound
from domain.items import Item, Kind
from domain.taste import TasteSettings
from domain.users import Demographics
from infrastructure.db.catalogues import SqlCatalogues
from infrastructure.db.engine import make_engine
from infrastructure.db.interactions import PART, SqlInteractionStore
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from infrastructure.db.user_states import SqlUserStates
from tests.integration.db.samples import film, person, store


@pytest.fixture
def shelf(work):
    """Users 1 to 3 and items 1 to 5."""
    store(
        work,
        users=[person("ann", age=30, gender="F", occupation="artist", zip_code="9"), person("bob"), person("carol")],
        items=[film(f"Film {n}", genres=("Drama",)) for n in range(5)],
    )
    return work


def test_a_user_state_holds_all_that_a_list_depends_on(shelf, engine):
    store(shelf, ratings=[(1, 4, 3.5, 30), (1, 2, 5.0, 10), (1, 5, 1.0, 20), (2, 1, 2.0, 5)])
    with shelf() as work:
        work.users.set_taste(1, TasteSettings(frozenset({"War", "Drama"}), frozenset({"Comedy"})))
        work.commit()
    state = SqlUserStates(engine).read(1)
    assert state.user_id == 1
    assert state.history.item_ids.tolist() == [2, 5, 4]
    assert state.history.ratings.tolist() == [5.0, 1.0, 3.5]
    assert state.history.timestamps.tolist() == [10, 20, 30]
    assert [column.dtype for column in vars(state.history).values()] == [np.int64, np.float32, np.int64]
    assert state.demographics == Demographics(30, "F", "artist", "9")
    assert state.taste == TasteSettings(frozenset({"War", "Drama"}), frozenset({"Comedy"}))
    assert state.catalogue_revision == 5 == SqlUserStates(engine).catalogue_revision()


def test_nothing_is_learnt_from_who_has_not_consented(shelf, engine):
    store(shelf, ratings=[(1, 4, 3.5, 30), (2, 1, 2.0, 5), (3, 1, 4.0, 9)])
    with shelf() as work:
        unwilling = work.users.get(2)
        unwilling.consent = False
        work.users.save(unwilling)
        work.commit()
    assert SqlInteractionStore(engine).read().user_ids.tolist() == [1, 3]
    assert len(SqlUserStates(engine).read(2).history) == 1, "lists of their own are personal all the same"


def test_a_newcomers_state_is_empty(shelf, engine):
    state = SqlUserStates(engine).read(3)
    assert len(state.history) == 0 and state.is_unknown
    assert state.taste == TasteSettings() and state.demographics == Demographics()


@pytest.mark.parametrize("user_id", [404, 2**63])
def test_nobody_has_no_state(engine, user_id):
    with pytest.raises(UserNotFound):
        SqlUserStates(engine).read(user_id)


def test_ratings_of_one_second_stand_in_the_order_in_which_they_were_stored(work, engine):
    store(work, users=[person()], items=[film(f"Film {n}") for n in range(200)])
    order = np.random.default_rng(0).permutation(200) + 1
    store(work, ratings=[(1, int(item_id), 3.0, 1000 - n // 50) for n, item_id in enumerate(order)])
    history = SqlUserStates(engine).read(1).history
    oldest_first = np.concatenate([order[150:], order[100:150], order[50:100], order[:50]])
    assert history.item_ids.tolist() == oldest_first.tolist()


def test_what_another_process_has_committed_is_in_the_next_state(shelf, engine, database_url):
    states = SqlUserStates(engine)
    assert len(states.read(1).history) == 0
    elsewhere = make_engine(database_url)
    store(SqlUnitsOfWork(elsewhere), ratings=[(1, 1, 4.0, 1)])
    assert len(states.read(1).history) == 1
    store(SqlUnitsOfWork(elsewhere), items=[film("New")])
    assert states.read(1).catalogue_revision == states.catalogue_revision() == 6
    elsewhere.dispose()


def test_the_catalogue_is_what_the_entities_would_give(work, engine):
    items = [
        film("B", id=20, genres=("Drama", "War"), tags=("slow",), creators=("Ann", "Bob"), description="Text."),
        Item(Kind.TRACK, "A", id=3),
        film("C", None, id=21, genres=("Comedy",), tags=("slow", "long")),
    ]
    store(work, users=[person("ann"), person("bob")], items=items)
    store(work, ratings=[(1, 20, 4.0, 1), (2, 20, 1.5, 1), (1, 3, 5.0, 1)])
    loaded = SqlCatalogues(engine).load()
    with work() as open_work:
        expected = Catalogue.of(open_work.items.get_many([3, 20, 21]).values(), revision=3)
    for column in fields(Catalogue):
        found, wanted = getattr(loaded, column.name), getattr(expected, column.name)
        if isinstance(wanted, np.ndarray):
            assert found.dtype == wanted.dtype
        np.testing.assert_equal(found, wanted, err_msg=column.name)
    assert loaded.rating_means.tolist() == [5.0, 2.75, 0.0]


def test_an_empty_catalogue_is_loaded_too(engine):
    assert len(SqlCatalogues(engine).load()) == 0


def test_interactions_are_read_in_the_order_in_which_they_were_stored(shelf, engine):
    rows = [(2, 3, 4.5, 99), (1, 1, 1.0, 50), (2, 1, 2.0, 10), (3, 5, 5.0, 70)]
    for row in rows:
        store(shelf, ratings=[row])
    read = SqlInteractionStore(engine).read()
    assert list(zip(*(column.tolist() for column in vars(read).values()), strict=True)) == rows
    assert [column.dtype for column in vars(read).values()] == [np.int64, np.int64, np.float32, np.int64]


def test_interactions_are_read_in_parts(work, engine, monkeypatch):
    monkeypatch.setattr("infrastructure.db.interactions.PART", 3)
    assert PART > 3
    store(work, users=[person()], items=[film(f"Film {n}") for n in range(10)])
    store(work, ratings=[(1, item_id, 3.0, item_id) for item_id in range(1, 11)])
    assert SqlInteractionStore(engine).read().item_ids.tolist() == list(range(1, 11))


def test_no_ratings_are_no_interactions(engine):
    read = SqlInteractionStore(engine).read()
    assert len(read) == 0 and read.ratings.dtype == np.float32


def test_demographics_are_those_of_users_with_ratings(shelf, engine):
    store(shelf, ratings=[(1, 1, 4.0, 1), (3, 1, 4.0, 1)])
    assert SqlInteractionStore(engine).demographics() == {1: Demographics(30, "F", "artist", "9"), 3: Demographics()}
