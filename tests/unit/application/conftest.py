import pytest

from application.accounts import NewAccount, SignUp
from application.recommending import ServingRules, ShowRanking
from domain.items import Item, Kind
from domain.users import Principal
from tests.fakes import (
    FakeClock,
    FakeDatabase,
    FakeEventLog,
    FakeHasher,
    FakeIds,
    FakeItemReader,
    FakeLineups,
    FakePolicy,
    FakeUserStates,
)


def film(item_id, *genres, count=0):
    return Item(Kind.MOVIE, f"Film {item_id}", id=item_id, genres=genres, rating_count=count, rating_sum=4.0 * count)


@pytest.fixture
def database():
    films = [film(i, "War" if i % 2 else "Drama", count=100 - i) for i in range(1, 21)]
    return FakeDatabase(*films, Item(Kind.TRACK, "Blue Monday", id=50, genres=("Synthpop",)))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def hasher():
    return FakeHasher()


@pytest.fixture
def sign_up(database, clock, hasher):
    return SignUp(database, hasher, FakePolicy(), clock)


@pytest.fixture
def anna(sign_up):
    user = sign_up(NewAccount("anna@example.com", "anna", "long enough"))
    return Principal(user.id, user.role)


@pytest.fixture
def lineups(database):
    return FakeLineups(database)


@pytest.fixture
def states(database):
    return FakeUserStates(database)


@pytest.fixture
def show(database, clock):
    return ShowRanking(FakeItemReader(database), FakeEventLog(database), clock, FakeIds())


@pytest.fixture
def rules():
    return ServingRules()
