"""A whole Marquee on SQLite, with a small made-up catalogue and no trained model, as seen over HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from application.accounts import NewAccount
from domain.items import Item, Kind
from domain.users import Role
from main.asgi import build_app
from main.container import Container, build_container
from main.settings import Settings

PASSWORD = "a password of these tests"
GENRES = ("Drama", "Comedy", "Horror", "War")
FILMS, TRACKS, COURSES = 40, 8, 4
FIRST_TRACK, FIRST_COURSE = 1001, 2001


@dataclass
class Person:
    """Somebody who has signed in, and the client that speaks for them."""

    id: int
    email: str
    http: TestClient
    tokens: dict[str, object]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def call(self, method: str, path: str, **what: object):
        return self.http.request(method, path, headers={**self.headers, **what.pop("headers", {})}, **what)

    def get(self, path: str, **what: object):
        return self.call("GET", path, **what)

    def post(self, path: str, **what: object):
        return self.call("POST", path, **what)

    def put(self, path: str, **what: object):
        return self.call("PUT", path, **what)

    def delete(self, path: str, **what: object):
        return self.call("DELETE", path, **what)

    def rate(self, ratings: dict[int, float]):
        return self.post("/ratings/", json=[{"item_id": item, "rating": rating} for item, rating in ratings.items()])


def titles() -> Iterator[Item]:
    """Films of one or two genres, and a few tracks and courses."""
    for i in range(1, FILMS + 1):
        genres = (GENRES[i % 4], GENRES[i // 4 % 4]) if i % 4 != i // 4 % 4 else (GENRES[i % 4],)
        yield Item(Kind.MOVIE, f"Film {i:02}", id=i, year=1960 + i, genres=genres, tags=(f"tag {i % 3}",))
    for i in range(TRACKS):
        yield Item(Kind.TRACK, f"Track {i}", id=FIRST_TRACK + i, genres=("Jazz",))
    for i in range(COURSES):
        yield Item(Kind.COURSE, f"Course {i}", id=FIRST_COURSE + i, genres=("Mathematics",))


def make_container(home: Path, **settings: object) -> Container:
    """A container on a fresh database with the made-up catalogue."""
    container = build_container(Settings(_env_file=None, home=home, **settings))
    container.migrate()()
    with container.unit_of_work()() as work:
        for item in titles():
            work.items.add(item)
        work.commit()
    return container


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    # Many strangers of one address: these tests are about other things than limits.
    return make_container(tmp_path_factory.mktemp("home"), serving={"stranger_requests": 100_000})


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        yield client


def sign_in(http: TestClient, user_id: int, email: str, password: str = PASSWORD) -> Person:
    response = http.post("/auth/token", data={"username": email, "password": password})
    assert response.status_code == 200, response.text
    return Person(user_id, email, http, response.json())


@pytest.fixture(scope="module")
def newcomer(http: TestClient) -> Callable[..., Person]:
    """Signs somebody new up, and in."""
    numbers = count(1)

    def join(**about: object) -> Person:
        name = f"person-{next(numbers)}"
        body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD, **about}
        response = http.post("/users/", json=body)
        assert response.status_code == 201, response.text
        return sign_in(http, response.json()["id"], body["email"])

    return join


@pytest.fixture(scope="module")
def admin(container: Container, http: TestClient) -> Person:
    user = container.sign_up()(NewAccount("root@example.com", "root", PASSWORD), role=Role.ADMIN)
    return sign_in(http, user.id, user.email)


@pytest.fixture
def ada(newcomer: Callable[..., Person]) -> Person:
    return newcomer()
