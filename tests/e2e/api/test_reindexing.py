"""The item index is rebuilt while the service answers."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from domain.items import Item, Kind
from infrastructure.learning.config import parse_config
from infrastructure.learning.live_lineups import RECHECK
from main.asgi import build_app
from main.container import Container
from tests.e2e.api.conftest import COURSES, FILMS, TRACKS, Person, make_container

NEW = 900
BY_RATINGS = "use_cf=true&use_cb=false"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    return make_container(tmp_path_factory.mktemp("indexed"), serving={"stranger_requests": 100_000})


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        yield client


def similar(http: TestClient, item: int) -> list[int]:
    answer = http.get(f"/recommendations/similar/{item}?k=20&{BY_RATINGS}")
    assert answer.status_code == 200, answer.text
    return [place["item"]["id"] for place in answer.json()["items"]]


def test_without_a_model_there_is_nothing_to_index(admin: Person):
    answer = admin.post("/admin/reindex")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "nothing_to_index"


@pytest.fixture(scope="module")
def trained(container: Container, http: TestClient, newcomer) -> TestClient:
    for i in range(12):
        newcomer().rate({film: 5.0 if film % 4 == i % 4 else 2.0 for film in range(1 + i, FILMS + 1, 3)})
    config = parse_config({"device": "cpu", "engines": ["trending", "linear"]}, "the test")
    container.train_model()(config, lambda report: None)
    time.sleep(RECHECK)  # for so long a server trusts what it read of the current model
    return http


def test_answers_go_on_while_the_index_is_rebuilt_and_then_know_the_new_title(
    container: Container, trained: TestClient, admin: Person
):
    old = container.model_registry().find_champion().index
    assert (old.generation, old.kind) == (1, "exact")
    assert old.items < FILMS, "the model knows what it saw rated"
    with container.unit_of_work()() as work:
        work.items.add(Item(Kind.MOVIE, "Film of late", id=NEW, year=2026, genres=("Comedy", "Horror")))
        work.commit()
    assert similar(trained, NEW) == [], "only content knows it before"
    done = threading.Event()

    def ask() -> int:
        answers = 0
        while not done.is_set() or not answers:
            assert len(similar(trained, 1)) > 0
            assert admin.get("/recommendations/?k=5&engine=linear").status_code == 200
            answers += 2
        return answers

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for generation in (2, 3, 4):
            answer = admin.post("/admin/reindex")
            assert answer.status_code == 200, answer.text
            assert answer.json()["index"]["generation"] == generation
            time.sleep(RECHECK)
        done.set()
        assert all(one.result() > 0 for one in asking)
    index = answer.json()["index"]
    assert (index["items"], index["kind"], index["recall"]) == (FILMS + TRACKS + COURSES + 1, "exact", 1.0)
    assert old.items + index["placed"] == FILMS + 1, "tracks and courses are like no film"
    assert len(similar(trained, NEW)) > 0, "the servers use the new index"
    shown = admin.get("/debug/model").json()["current"]
    assert shown["index"] == index and shown["version"] == answer.json()["version"]
