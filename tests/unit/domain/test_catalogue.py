import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.items import Item, ItemFilter, Kind

HEAT = Item(Kind.MOVIE, "Heat", id=6, year=1995, genres=("Action", "Crime"), tags=("los angeles",))
BABE = Item(Kind.MOVIE, "Babe", id=34, year=1995, genres=("Children", "Comedy"), rating_count=2, rating_sum=9.0)
PSYCHO = Item(Kind.MOVIE, "Psycho", id=1219, year=1960, genres=("Crime", "Horror"))
SONG = Item(Kind.TRACK, "Blue Monday", id=7, genres=("Synthpop",))


@pytest.fixture
def catalogue():
    return Catalogue.of([PSYCHO, HEAT, SONG, BABE], revision=3)


def test_columns_stand_in_ascending_order_of_id(catalogue):
    assert catalogue.ids.tolist() == [6, 7, 34, 1219]
    assert catalogue.titles == ("Heat", "Blue Monday", "Babe", "Psycho")
    assert catalogue.years.tolist() == [1995, 0, 1995, 1960]
    assert catalogue.rating_means.tolist() == [0.0, 0.0, 4.5, 0.0]


def test_positions_of_unknown_ids_are_minus_one(catalogue):
    assert catalogue.positions(np.array([1219, 5, 99999, 6])).tolist() == [3, -1, -1, 0]
    assert Catalogue.of([]).positions(np.array([1, 2])).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (ItemFilter(), [6, 34, 1219]),
        (ItemFilter(kind=None), [6, 7, 34, 1219]),
        (ItemFilter(genres=frozenset({"Crime"})), [6, 1219]),
        (ItemFilter(genres=frozenset({"Crime", "Comedy"})), [6, 34, 1219]),
        (ItemFilter(genres=frozenset({"Western"})), []),
        (ItemFilter(genres=frozenset({"horror"})), [1219]),
        (ItemFilter(tags=frozenset({"Los Angeles", "unheard of"})), [6]),
        (ItemFilter(year_from=1990), [6, 34]),
        (ItemFilter(exclude=frozenset({34, 4711})), [6, 1219]),
    ],
)
def test_a_filter_keeps_what_matches_every_part_of_it(catalogue, wanted, ids):
    assert catalogue.ids[catalogue.matching(wanted)].tolist() == ids


def test_counting_replaces_the_stored_counts(catalogue):
    events = Interactions(
        np.array([1, 2, 3]), np.array([6, 6, 555]), np.array([4.0, 5.0, 1.0], dtype=np.float32), np.array([1, 2, 3])
    )
    counted = catalogue.counting(events)
    assert counted.rating_counts.tolist() == [2, 0, 0, 0]
    assert counted.rating_means.tolist() == [4.5, 0.0, 0.0, 0.0]


def test_an_item_that_was_never_stored_is_refused():
    with pytest.raises(ValueError, match="without an id"):
        Catalogue.of([Item(Kind.MOVIE, "Heat")])
