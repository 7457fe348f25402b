"""Ratings over HTTP: all of a batch or nothing."""

import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.e2e.api.conftest import Person


def test_stored_ratings_come_back_with_ids_and_times(ada: Person):
    sent = [{"item_id": 2, "rating": 4.5, "timestamp": "2020-01-31T12:00:00Z"}, {"item_id": 1, "rating": 0.5}]
    response = ada.post("/ratings/", json=sent)
    assert response.status_code == 201
    first, second = response.json()
    assert first.items() >= {**sent[0], "user_id": ada.id}.items()
    assert second["item_id"] == 1 and second["id"] != first["id"] and second["timestamp"].endswith("Z")


def test_unix_seconds_and_iso_times_mean_the_same(ada: Person):
    sent = [
        {"item_id": 1, "rating": 3, "timestamp": 1580472000},
        {"item_id": 2, "rating": 3, "timestamp": "2020-01-31T13:00:00+01:00"},
    ]
    assert {row["timestamp"] for row in ada.post("/ratings/", json=sent).json()} == {"2020-01-31T12:00:00Z"}


def test_a_second_rating_of_a_title_replaces_the_first(ada: Person, http: TestClient):
    before = http.get("/movies/30").json()
    ada.rate({30: 1.0})
    ada.rate({30: 5.0})
    page = ada.get("/ratings/").json()
    assert (page["total"], page["items"][0]["rating"]) == (1, 5.0)
    after = http.get("/movies/30").json()
    assert after["rating_count"] == before["rating_count"] + 1


def test_the_mean_follows_the_ratings(newcomer: Callable[..., Person], http: TestClient):
    people = [newcomer(), newcomer()]
    for person, rating in zip(people, (2.0, 5.0), strict=True):
        person.rate({31: rating})
    item = http.get("/movies/31").json()
    assert (item["rating_count"], item["rating_mean"]) == (2, 3.5)
    people[0].delete("/ratings/31")
    assert http.get("/movies/31").json()["rating_mean"] == 5.0


BAD_ROWS = [
    ({"item_id": 999_999, "rating": 4}, "1.item_id"),
    ({"item_id": 2, "rating": 5.5}, "1.rating"),
    ({"item_id": 2, "rating": 0}, "1.rating"),
    ({"item_id": 2, "rating": -1e308}, "1.rating"),
    ({"item_id": 1, "rating": 4}, "1.item_id"),
    ({"item_id": 2, "rating": 4, "timestamp": -1}, "1.timestamp"),
    ({"item_id": 2, "rating": 4, "timestamp": int(time.time()) + 86_400}, "1.timestamp"),
    ({"item_id": 2, "rating": 4, "timestamp": 10**30}, "1.timestamp"),
    ({"item_id": 2, "rating": 4, "timestamp": "0001-01-01T00:00:00+14:00"}, "1.timestamp"),
    ({"item_id": 2**63, "rating": 4}, "1.item_id"),
    ({"item_id": 2, "rating": "4"}, "1.rating"),
    ({"item_id": 2, "rating": 4, "stars": 4}, "1.stars"),
    ({"item_id": 2}, "1.rating"),
    (None, "1"),
]


@pytest.mark.parametrize(("row", "where"), BAD_ROWS, ids=[str(i) for i in range(len(BAD_ROWS))])
def test_one_bad_row_is_named_and_nothing_is_stored(ada: Person, row: object, where: str):
    response = ada.post("/ratings/", json=[{"item_id": 1, "rating": 4}, row])
    assert response.status_code == 422
    assert [detail["where"] for detail in response.json()["error"]["details"]] == [where]
    assert ada.get("/ratings/").json()["total"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(ada: Person, number: str):
    content = f'[{{"item_id": 1, "rating": {number}}}]'
    response = ada.post("/ratings/", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["where"] == "0.rating"


def test_every_bad_row_of_a_large_batch_is_named(ada: Person):
    rows = [{"item_id": 1_000_000 + i, "rating": 9} for i in range(1000)]
    details = ada.post("/ratings/", json=rows).json()["error"]["details"]
    assert {detail["where"] for detail in details} == {
        f"{i}.{field}" for i in range(1000) for field in ("item_id", "rating")
    }


def test_ratings_are_listed_newest_first_and_are_the_callers_own(ada: Person, newcomer: Callable[..., Person]):
    newcomer().rate({1: 1.0})
    times = {3: 1_500_000_000, 1: 1_600_000_000, 2: 1_400_000_000}
    ada.post("/ratings/", json=[{"item_id": item, "rating": 3, "timestamp": t} for item, t in times.items()])
    page = ada.get("/ratings/?size=2").json()
    assert [row["item_id"] for row in page["items"]] == [1, 3]
    assert (page["total"], page["pages"]) == (3, 2)
    assert [row["item_id"] for row in ada.get("/ratings/?size=2&page=2").json()["items"]] == [2]


def test_a_rating_is_taken_back_once(ada: Person):
    ada.rate({1: 3.0})
    assert ada.delete("/ratings/1").json()["id"] == 1
    response = ada.delete("/ratings/1")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "rating_not_found")


def test_nobody_takes_back_the_rating_of_somebody_else(ada: Person, newcomer: Callable[..., Person]):
    other = newcomer()
    other.rate({1: 3.0})
    assert ada.delete("/ratings/1").status_code == 404
    assert other.get("/ratings/").json()["total"] == 1


def test_admins_see_all_rows(ada: Person, admin: Person):
    ada.rate({5: 3.0, 6: 4.0})
    mine = admin.get("/debug/ratings", params={"user_id": ada.id}).json()
    assert {row["item_id"] for row in mine["items"]} == {5, 6}
    assert admin.get("/debug/ratings").json()["total"] >= 2
    assert admin.get("/debug/items?size=100").json()["total"] >= 52
    assert admin.get("/debug/users").json()["total"] >= 2
    assert admin.get("/debug/model").json() == {"current": None, "versions": []}
