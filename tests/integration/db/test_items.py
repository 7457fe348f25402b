import pytest

from domain.errors import ExternalIdTaken, ItemIdTaken, ItemNotFound, TitleTaken
from domain.items import Item, ItemSearch, ItemSort, Kind
from domain.paging import PageRequest
from infrastructure.db import tables
from infrastructure.db.user_states import SqlUserStates
from tests.integration.db.samples import count, film, person, store


def titles(page):
    return [item.title for item in page.items]


def test_an_item_comes_back_as_stored(work):
    fields = {
        "external_id": "tt0113277",
        "genres": ("Crime", "Sci-Fi"),
        "tags": ("los angeles",),
        "creators": ("Michael Mann",),
        "description": "A thief and a detective.",
        "language": "en",
        "poster_url": "https://example.org/heat.jpg",
    }
    heat = film("Heat", **fields)
    store(work, items=[heat])
    with work() as later:
        found = later.items.get(heat.id)
    assert found is not heat and (found.kind, found.title, found.year) == (Kind.MOVIE, "Heat", 1995)
    assert {name: getattr(found, name) for name in fields} == fields
    assert (found.rating_count, found.rating_sum, found.rating_mean) == (0, 0.0, None)


def test_an_item_of_another_kind_is_not_found(work):
    heat = film()
    store(work, items=[heat])
    with work() as open_work:
        assert open_work.items.get(heat.id, Kind.MOVIE).title == "Heat"
        with pytest.raises(ItemNotFound, match="no track 1"):
            open_work.items.get(heat.id, Kind.TRACK)


@pytest.mark.parametrize("item_id", [404, 2**63, -(2**70)])
def test_an_unknown_item_is_not_found(work, item_id):
    with work() as open_work, pytest.raises(ItemNotFound):
        open_work.items.get(item_id)


def test_many_items_come_in_one_read_and_missing_ones_are_left_out(work):
    store(work, items=[film(f"Film {n}") for n in range(5)])
    with work() as open_work:
        found = open_work.items.get_many([4, 2, 99, 2, 2**80])
        assert open_work.items.get_many([]) == {}
    assert {item_id: item.title for item_id, item in found.items()} == {4: "Film 3", 2: "Film 1"}


def test_a_given_id_is_kept_and_generated_ones_go_on_above_it(work):
    items = [film("A"), film("B", id=1682), film("C"), film("D", id=5), film("E")]
    store(work, items=items)
    assert [item.id for item in items] == [1, 1682, 1683, 5, 1684]


def test_an_id_can_be_taken(work):
    store(work, items=[film("A", id=7)])
    with work() as open_work, pytest.raises(ItemIdTaken):
        open_work.items.add(film("B", id=7))


def test_a_title_is_taken_within_kind_and_year_in_any_case(work):
    store(work, items=[film("Amélie", 2001), film("No Year", None)])
    with work() as open_work:
        open_work.items.add(film("Amélie", 2002))
        open_work.items.add(film("Amélie", None))
        open_work.items.add(Item(Kind.TRACK, "Amélie", year=2001))
    for again in (film("AMÉLIE", 2001), film("Ame\u0301lie", 2001), film("NO YEAR", None)):
        with work() as open_work, pytest.raises(TitleTaken):
            open_work.items.add(again)


def test_an_external_id_is_taken_within_its_kind(work):
    store(work, items=[film("A", external_id="x1"), film("B"), film("C")])
    with work() as open_work:
        open_work.items.add(Item(Kind.TRACK, "D", external_id="x1"))
        with pytest.raises(ExternalIdTaken):
            open_work.items.add(film("E", external_id="x1"))


def test_changes_are_saved_and_found(work):
    heat = film(genres=("Crime",), tags=("heist",))
    store(work, items=[heat])
    with work() as open_work:
        found = open_work.items.get(heat.id)
        found.title, found.genres, found.tags = "Heat Again", ("Drama", "Thriller"), ()
        open_work.items.save(found)
        open_work.commit()
    with work() as later:
        assert later.items.get(heat.id).genres == ("Drama", "Thriller")
        assert titles(later.items.list_page(ItemSearch(genre="thriller", text="again"), PageRequest())) == [
            "Heat Again"
        ]
        assert titles(later.items.list_page(ItemSearch(genre="Crime"), PageRequest())) == []
        assert titles(later.items.list_page(ItemSearch(tag="heist"), PageRequest())) == []


def test_an_item_changed_after_the_unit_of_work_has_ended_can_be_saved_in_another(work):
    heat = film()
    store(work, items=[heat])
    heat.year = 1996
    with work() as later:
        later.items.save(heat)
        later.commit()
    with work() as later:
        assert later.items.get(heat.id).year == 1996


def test_saving_cannot_take_over_another_title_or_external_id(work):
    store(work, items=[film("A", external_id="x1"), film("B", external_id="x2")])
    for field, value, error in (("title", "a", TitleTaken), ("external_id", "x1", ExternalIdTaken)):
        with work() as open_work:
            found = open_work.items.get(2)
            setattr(found, field, value)
            with pytest.raises(error):
                open_work.items.save(found)


def test_saving_a_removed_item_does_not_bring_it_back(work):
    store(work, items=[film()])
    with work() as open_work:
        found = open_work.items.get(1)
        with work() as meanwhile:
            meanwhile.items.remove(1, Kind.MOVIE)
            meanwhile.commit()
        found.year = 1
        with pytest.raises(ItemNotFound):
            open_work.items.save(found)


def test_removing_an_item_takes_its_ratings_and_labels(work, engine):
    ann = person()
    store(work, users=[ann], items=[film("A", genres=("Drama",)), film("B")])
    store(work, ratings=[(ann.id, 1, 4.0, 1), (ann.id, 2, 4.0, 1)])
    with work() as open_work:
        open_work.items.remove(1, Kind.MOVIE)
        open_work.commit()
    assert count(engine, tables.ratings) == 1 and count(engine, tables.item_labels) == 0
    with work() as later:
        assert later.items.get_many([1, 2]).keys() == {2}


@pytest.mark.parametrize(("item_id", "kind"), [(404, Kind.MOVIE), (1, Kind.TRACK), (2**70, Kind.MOVIE)])
def test_removing_what_is_not_there_says_so(work, item_id, kind):
    store(work, items=[film()])
    with work() as open_work, pytest.raises(ItemNotFound):
        open_work.items.remove(item_id, kind)


@pytest.fixture
def shelf(work):
    ann, bob = person("ann"), person("bob")
    items = [
        film("the Zebra", 1990, genres=("Drama", "Comedy"), tags=("Animals",)),
        film("Été", 2005, genres=("drama",)),
        film("apple_pie", None, genres=("Film-Noir",)),
        film("Bones 100%", 1999),
        Item(Kind.TRACK, "Zebra Song", year=1990, genres=("Pop",)),
    ]
    store(work, users=[ann, bob], items=items)
    store(work, ratings=[(ann.id, 1, 2.0, 1), (bob.id, 1, 3.0, 1), (ann.id, 2, 5.0, 1), (ann.id, 4, 1.0, 1)])
    return work


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (ItemSearch(kind=Kind.TRACK), ["Zebra Song"]),
        (ItemSearch(text="ZEBRA"), ["the Zebra", "Zebra Song"]),
        (ItemSearch(text="éTÉ"), ["Été"]),
        (ItemSearch(text="%"), ["Bones 100%"]),
        (ItemSearch(text="e_p"), ["apple_pie"]),
        (ItemSearch(text="movie"), []),
        (ItemSearch(genre="DRAMA"), ["the Zebra", "Été"]),
        (ItemSearch(genre="Film"), []),
        (ItemSearch(genre="Animals"), []),
        (ItemSearch(tag="animals"), ["the Zebra"]),
        (ItemSearch(year_from=1999), ["Été", "Bones 100%"]),
        (ItemSearch(year_to=1999), ["the Zebra", "Bones 100%", "Zebra Song"]),
        (ItemSearch(kind=Kind.MOVIE, genre="drama", year_from=1980, year_to=2000), ["the Zebra"]),
    ],
)
def test_items_are_found(shelf, search, found):
    with shelf() as open_work:
        page = open_work.items.list_page(search, PageRequest())
    assert (titles(page), page.total) == (found, len(found))


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (ItemSort.ID, ["the Zebra", "Été", "apple_pie", "Bones 100%"]),
        (ItemSort.TITLE, ["apple_pie", "Bones 100%", "the Zebra", "Été"]),
        (ItemSort.YEAR, ["the Zebra", "Bones 100%", "Été", "apple_pie"]),
        (ItemSort.YEAR_DESCENDING, ["Été", "Bones 100%", "the Zebra", "apple_pie"]),
        (ItemSort.RATING_COUNT_DESCENDING, ["the Zebra", "Été", "Bones 100%", "apple_pie"]),
        (ItemSort.RATING_MEAN_DESCENDING, ["Été", "the Zebra", "Bones 100%", "apple_pie"]),
    ],
)
def test_items_are_sorted(shelf, sort, found):
    with shelf() as open_work:
        assert titles(open_work.items.list_page(ItemSearch(kind=Kind.MOVIE, sort=sort), PageRequest())) == found


def test_items_are_listed_a_page_at_a_time(shelf):
    with shelf() as open_work:
        page = open_work.items.list_page(ItemSearch(), PageRequest(page=2, size=2))
    assert (titles(page), page.total, page.pages) == (["apple_pie", "Bones 100%"], 5, 3)


def test_every_committed_change_raises_the_catalogue_revision(work, engine):
    revision = SqlUserStates(engine).catalogue_revision
    assert revision() == 0
    ann = person()
    store(work, users=[ann], items=[film("A"), film("B")])
    assert revision() == 2
    with work() as open_work:
        open_work.items.add(film("C"))
        assert revision() == 2
    assert revision() == 2, "what was not committed did not happen"
    with work() as open_work:
        item = open_work.items.get(1)
        item.year = 1
        open_work.items.save(item)
        open_work.commit()
    assert revision() == 3
    with work() as open_work:
        open_work.items.remove(1, Kind.MOVIE)
        open_work.commit()
    assert revision() == 4
    store(work, ratings=[(ann.id, 2, 4.0, 1)])
    assert revision() == 4, "ratings are not part of the catalogue's revision"
