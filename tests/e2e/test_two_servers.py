"""Two server processes on one data folder: what a user or an admin did on one is in the next answer of the other."""

import pytest

from tests.e2e.cli.conftest import Marquee, write_dataset
from tests.servers import signed_in, start, wait_until_ready

ADMIN = {"username": "root@example.com", "password": "a long enough secret"}
ANNA = {"email": "anna@example.com", "username": "anna", "password": "correct-horse-9"}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    write_dataset(folder / "tiny")
    marquee = Marquee(folder / "home")
    marquee("data", "load", folder / "tiny")
    marquee("users", "create-admin", ADMIN["username"], "--password-stdin", stdin=ADMIN["password"] + "\n")
    started = [start(marquee) for _ in range(2)]
    try:
        for _, client in started:
            wait_until_ready(client)
        yield [client for _, client in started]
    finally:
        for server, client in started:
            client.close()
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="module")
def anna(servers):
    servers[0].post("/users/", json=ANNA).raise_for_status()
    return signed_in(servers[1], {"username": ANNA["email"], "password": ANNA["password"]})


def test_a_rating_given_on_one_is_in_the_next_list_of_the_other(servers, anna):
    for turn in range(12):
        here, there = servers[turn % 2], servers[1 - turn % 2]
        top = there.get("/recommendations/", params={"k": 1}, headers=anna).json()["items"][0]["item"]["id"]
        here.post("/ratings/", json=[{"item_id": top, "rating": 5}], headers=anna).raise_for_status()
        shown = there.get("/recommendations/", params={"k": 100}, headers=anna).json()
        assert shown["applied_events"] == turn + 1
        assert top not in [place["item"]["id"] for place in shown["items"]]


def test_what_was_watched_on_one_is_in_the_next_list_of_the_other(servers, anna):
    before = servers[0].get("/recommendations/", params={"k": 1}, headers=anna).json()["applied_events"]
    for turn in range(6):
        here, there = servers[turn % 2], servers[1 - turn % 2]
        shown = there.get("/recommendations/", params={"k": 1}, headers=anna).json()
        item = shown["items"][0]["item"]["id"]
        event = {"impression_id": shown["impression_id"], "item_id": item, "action": "watch"}
        assert here.post("/events/engagements", json=event, headers=anna).status_code == 201
        assert there.post("/events/engagements", json=event, headers=anna).status_code == 200
        after = there.get("/recommendations/", params={"k": 100}, headers=anna).json()
        assert after["applied_events"] == before + turn + 1
        assert item not in [place["item"]["id"] for place in after["items"]]


def test_a_title_added_on_one_can_be_shown_by_the_other_and_vanishes_when_removed(servers, anna):
    admin = signed_in(servers[0], ADMIN)
    film = {"title": "A Brand New Film", "year": 2026, "genres": ["Polka"]}
    added = servers[0].post("/movies/", json=film, headers=admin).json()["id"]
    polka = {"genres": "Polka", "k": 5}
    shown = servers[1].get("/recommendations/", params=polka, headers=anna).json()["items"]
    assert [place["item"]["id"] for place in shown] == [added]
    servers[0].delete(f"/movies/{added}", headers=admin).raise_for_status()
    assert servers[1].get("/recommendations/", params=polka, headers=anna).json()["items"] == []
    assert servers[1].get(f"/movies/{added}").status_code == 404


def test_an_erased_account_is_gone_everywhere(servers):
    bo = {"email": "bo@example.com", "username": "bo", "password": "correct-horse-9"}
    user_id = servers[0].post("/users/", json=bo).json()["id"]
    token = signed_in(servers[0], {"username": bo["email"], "password": bo["password"]})
    assert servers[1].get("/recommendations/", headers=token).status_code == 200
    servers[1].delete(f"/users/{user_id}", headers=token).raise_for_status()
    assert servers[0].get("/recommendations/", headers=token).status_code == 401
