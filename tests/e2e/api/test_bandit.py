"""Engines that compete over HTTP: lists by chance, clicks, an update, and the next lists follow what was earned."""

from collections.abc import Iterator
from threading import enumerate as threads_alive

import pytest
from starlette.testclient import TestClient

from main.asgi import build_app
from main.container import Container
from tests.e2e.api.conftest import Person, make_container

ENGINES = ("popularity", "baseline", "content")
LISTS = 60


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    bandit = {"policy": "thompson", "engines": ",".join(ENGINES), "update_seconds": 3600}
    return make_container(tmp_path_factory.mktemp("competing"), bandit=bandit)


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        assert "bandit-updates" in [thread.name for thread in threads_alive()]
        yield client
    assert "bandit-updates" not in [thread.name for thread in threads_alive()]


def arms(admin: Person, context: str = "5-19") -> dict[str, dict]:
    answer = admin.get("/admin/bandit").json()
    assert answer["policy"] == "thompson"
    return {arm["engine"]: arm for arm in answer["arms"] if arm["context"] == context}


def test_the_engine_whose_lists_are_clicked_wins_the_lists_and_the_state_outlives_the_server(
    container: Container, http: TestClient, ada: Person, admin: Person
):
    ada.rate(dict.fromkeys(range(1, 8), 4.0))
    before = arms(admin)
    assert set(before) == set(ENGINES)
    assert all(arm["pulls"] == 0 and arm["chance"] == pytest.approx(1 / 3) for arm in before.values())

    shown = [ada.get("/recommendations/?k=3").json() for _ in range(LISTS)]
    assert {answer["engine"] for answer in shown} == set(ENGINES)
    assert {answer["metadata"]["requested_engine"] for answer in shown} == {"auto"}
    logged = admin.get(f"/debug/impressions?size={LISTS}").json()["items"]
    assert [row["engine_probability"] for row in logged] == pytest.approx([1 / 3] * LISTS)

    clicked = [answer for answer in shown if answer["engine"] == "content"]
    for answer in clicked:
        about = {"impression_id": answer["impression_id"], "item_id": answer["items"][0]["item"]["id"]}
        assert ada.post("/events/engagements", json=about | {"action": "click"}).status_code == 201
    assert container.update_bandit_in_turn()().lists == LISTS
    assert container.update_bandit_in_turn()() is None
    after = arms(admin)
    assert after["content"]["pulls"] == len(clicked) and after["content"]["mean"] == pytest.approx(0.5)
    assert sum(arm["pulls"] for arm in after.values()) == LISTS
    assert after["content"]["chance"] > 0.95

    assert container.update_bandit()().lists == 0
    assert arms(admin) == after
    # What another process reads is what was stored.
    other = Container(settings=container.settings())
    assert [(arm.engine, arm.pulls) for arm in other.show_bandit()().arms if arm.pulls] == [
        (name, after[name]["pulls"]) for name in ENGINES
    ]
    other.engine().dispose()


def test_nobody_competes_for_who_names_an_engine_or_has_told_nothing(http: TestClient, ada: Person):
    assert ada.get("/recommendations/").json()["fallback_used"]
    ada.rate({1: 5.0, 2: 3.0})
    answer = ada.get("/recommendations/?engine=cold_start").json()
    assert answer["engine"] == "cold_start"
