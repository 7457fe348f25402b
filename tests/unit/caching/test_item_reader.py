import pytest

from domain.items import Item, Kind
from infrastructure.caching.item_reader import TIME_TO_LIVE, CachedItemReader
from tests.fakes import FakeDatabase


class CountingDatabase(FakeDatabase):
    reads = 0

    def __call__(self):
        self.reads += 1
        return super().__call__()


class FakeTimer:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def database():
    return CountingDatabase(Item(Kind.MOVIE, "Heat", id=1), Item(Kind.MOVIE, "Casino", id=2))


@pytest.fixture
def timer():
    return FakeTimer()


@pytest.fixture
def reader(database, timer):
    return CachedItemReader(database, now=timer)


def test_what_was_read_once_is_not_read_again(reader, database):
    assert reader.read([1, 2], 0)[1].title == "Heat"
    assert reader.read([2, 1], 0)[2].title == "Casino"
    assert database.reads == 1


def test_only_what_is_missing_is_read_and_what_is_gone_is_left_out(reader, database):
    reader.read([1], 0)
    assert set(reader.read([1, 2, 99], 0)) == {1, 2}
    assert database.reads == 2


def test_a_change_to_the_catalogue_is_seen_at_once(reader, database):
    reader.read([1], 0)
    database.rows.items[1].title = "Heat (restored)"
    assert reader.read([1], 0)[1].title == "Heat"
    assert reader.read([1], 1)[1].title == "Heat (restored)"


def test_rating_counts_keep_up_after_a_while(reader, database, timer):
    reader.read([1], 0)
    database.rows.items[1].rating_count = 5
    timer.seconds = TIME_TO_LIVE + 1
    assert reader.read([1], 0)[1].rating_count == 5


def test_an_answer_to_an_outdated_request_is_not_kept(reader, database):
    reader.read([2], 7)
    reader.read([1], 6)
    database.rows.items[1].title = "Heat (restored)"
    assert reader.read([1], 7)[1].title == "Heat (restored)"
