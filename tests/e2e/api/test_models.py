"""A model's life over HTTP: trained, refused, promoted under load, and rolled back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from infrastructure.learning import live_lineups
from infrastructure.learning.config import parse_config
from main.asgi import build_app
from main.container import Container
from tests.e2e.api.conftest import FILMS, Person, make_container

LIST = "/recommendations/?k=10&engine=linear&explain=false"
ASKING = 3
SWAPS = 30


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """Servers look at the aliases every fifty milliseconds instead of every second: the test takes less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_lineups, "RECHECK", 0.05)
        yield


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    # No model shows ten times as much of the catalogue as another: every challenger fails.
    return make_container(tmp_path_factory.mktemp("models"), gates={"coverage": 10.0})


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def versions(container: Container, http: TestClient, newcomer) -> list[str]:
    """Two versions that rank differently: the second one has seen other people. The first one serves."""
    trained = []
    for taste in (4, 3):
        for i in range(12):
            newcomer().rate({film: 5.0 if film % taste == i % taste else 2.0 for film in range(1 + i, FILMS + 1, 3)})
        config = parse_config({"device": "cpu", "engines": ["linear"]}, "the test")
        trained.append(container.train_model()(config, lambda report: None).version.version)
    return trained


@pytest.fixture(scope="module")
def somebody(newcomer) -> Person:
    person = newcomer()
    person.rate({1: 5.0, 5: 5.0, 9: 4.0, 14: 2.0, 21: 5.0, 30: 1.0})
    return person


def ask(person: Person) -> tuple[str, list[int]]:
    """One list: the version that it says it is of, and its titles."""
    answer = person.get(LIST)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    return shown["model_version"], [place["item"]["id"] for place in shown["items"]]


def list_of(person: Person, version: str) -> list[int]:
    """The list that a version makes, as soon as it serves."""
    for _ in range(10_000):
        served, titles = ask(person)
        if served == version:
            return titles
    raise AssertionError(f"{version} never served")


def aliases(admin: Person) -> dict:
    return admin.get("/admin/models").json()["aliases"]


def test_a_training_makes_a_challenger_and_says_how_it_was_judged(admin: Person, versions: list[str]):
    first, second = versions
    shown = admin.get("/admin/models").json()
    assert shown["aliases"] == {"generation": 2, "champion": first, "challenger": second, "former": []}
    newest, oldest = shown["versions"]
    assert oldest["gates"]["passed"] and oldest["gates"]["champion"] is None
    assert newest["gates"]["champion"] == newest["parent"] == first
    failed = [gate["name"] for gate in newest["gates"]["gates"] if not gate["passed"]]
    answer = admin.post(f"/admin/models/{second}/promote")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "gates_failed"
    assert "coverage@10" in failed
    assert [detail["where"] for detail in answer.json()["error"]["details"]] == failed
    assert aliases(admin)["champion"] == first


def test_a_stale_caller_is_told_and_nothing_moves(admin: Person, versions: list[str]):
    before = aliases(admin)
    path = f"/admin/models/{versions[1]}/promote?force=true&generation={before['generation'] - 1}"
    answer = admin.post(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "alias_moved")
    assert aliases(admin) == before


def test_an_unknown_version_cannot_be_promoted(admin: Person, versions: list[str]):
    answer = admin.post("/admin/models/20000101T000000Z-none/promote?force=true")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_promoting_and_rolling_back_change_what_is_shown(admin: Person, somebody: Person, versions: list[str]):
    first, second = versions
    before = list_of(somebody, first)
    promoted = admin.post(f"/admin/models/{second}/promote?force=true")
    assert promoted.status_code == 200, promoted.text
    assert (promoted.json()["champion"], promoted.json()["former"]) == (second, [first])
    assert list_of(somebody, second) != before
    back = admin.post("/admin/models/rollback")
    assert (back.json()["champion"], back.json()["former"]) == (first, [])
    assert list_of(somebody, first) == before
    answer = admin.post("/admin/models/rollback")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_former_champion")


def test_no_request_fails_and_no_list_mixes_two_versions_while_aliases_move(
    container: Container, admin: Person, somebody: Person, versions: list[str]
):
    first, second = versions
    expected = {first: list_of(somebody, first)}
    admin.post(f"/admin/models/{second}/promote?force=true")
    expected[second] = list_of(somebody, second)
    assert expected[first] != expected[second]
    registry, done = container.model_registry(), threading.Event()

    def keep_asking() -> list[tuple[str, list[int]]]:
        shown = []
        while not done.is_set():
            shown.append(ask(somebody))
        return shown

    with ThreadPoolExecutor(ASKING) as pool:
        asking = [pool.submit(keep_asking) for _ in range(ASKING)]
        try:
            for swap in range(SWAPS):
                now = registry.aliases()
                version = versions[swap % 2]
                registry.move_aliases(now.generation, now.promoting(version))
                list_of(somebody, version)
        finally:
            done.set()
        shown = [one for thread in asking for one in thread.result()]
    assert {version for version, _ in shown} == {first, second}
    assert [one for one in shown if one[1] != expected[one[0]]] == []
