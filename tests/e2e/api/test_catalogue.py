"""The catalogue over HTTP: read by everybody, kept by admins."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.e2e.api.conftest import COURSES, FILMS, FIRST_TRACK, TRACKS, Person

ALIEN = {
    "external_id": "tt0078748",
    "title": "Alien",
    "year": 1979,
    "genres": ["Horror"],
    "tags": ["space"],
    "creators": ["Ridley Scott"],
    "description": "In space no one can hear you scream.",
    "language": "en",
    "poster_url": "https://images.example/alien.jpg",
}


@pytest.fixture
def alien(admin: Person):
    """A film that is there for one test."""
    item = admin.post("/movies/", json=ALIEN).json()
    yield item
    admin.delete(f"/movies/{item['id']}")


@pytest.mark.parametrize(("path", "total"), [("/movies/", FILMS), ("/tracks/", TRACKS), ("/courses/", COURSES)])
def test_every_kind_is_listed_on_its_own(http: TestClient, path: str, total: int):
    page = http.get(path, params={"size": 3}).json()
    assert (page["total"], len(page["items"]), page["pages"]) == (total, 3, -(-total // 3))
    assert {item["kind"] for item in page["items"]} == {path.strip("/")[:-1]}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q=FILM 07", [7]),
        ("genre=Drama&year_to=1968", [1, 2, 3, 4, 8]),
        ("tag=tag 1&year_from=1998", [40]),
        ("year_from=1999&sort=-year", [40, 39]),
        ("q=nothing like it", []),
        ("page=14&size=3", [40]),
        ("page=999999", []),
        ("q=%25", []),
        ("q=_ilm", []),
    ],
)
def test_a_listing_shows_what_matches_everything_that_is_asked(http: TestClient, query: str, ids: list[int]):
    assert [item["id"] for item in http.get(f"/movies/?{query}").json()["items"]] == ids


def test_an_added_title_is_shown_as_it_was_given(http: TestClient, alien: dict):
    assert alien.items() >= ALIEN.items()
    assert (alien["kind"], alien["rating_count"], alien["rating_mean"]) == ("movie", 0, None)
    assert http.get(f"/movies/{alien['id']}").json() == alien


def test_a_given_id_is_kept(admin: Person):
    given = admin.post("/movies/", json={"id": 5_000_000_000, "title": "Far Away"})
    assert given.json()["id"] == 5_000_000_000
    following = admin.post("/movies/", json={"title": "Next"}).json()
    assert following["id"] > 5_000_000_000
    for item_id in (5_000_000_000, following["id"]):
        admin.delete(f"/movies/{item_id}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"id": 1, "title": "Another"}, "item_id_taken"),
        ({"id": FIRST_TRACK, "title": "Another"}, "item_id_taken"),
        ({"title": "ALIEN", "year": 1979}, "title_taken"),
        ({"title": "Another", "external_id": "tt0078748"}, "external_id_taken"),
    ],
)
@pytest.mark.usefixtures("alien")
def test_what_is_there_already_is_a_conflict(admin: Person, body: dict, code: str):
    total = admin.get("/movies/").json()["total"]
    response = admin.post("/movies/", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (409, code)
    assert admin.get("/movies/").json()["total"] == total


def test_a_remake_and_another_kind_may_have_the_same_title(admin: Person, alien: dict):
    remake = admin.post("/movies/", json={"title": "Alien", "year": 2045})
    track = admin.post("/tracks/", json={"title": "Alien", "year": 1979, "external_id": alien["external_id"]})
    assert (remake.status_code, track.status_code) == (201, 201)
    admin.delete(f"/movies/{remake.json()['id']}")
    admin.delete(f"/tracks/{track.json()['id']}")


def test_a_change_leaves_the_rest_as_it_was(admin: Person, http: TestClient, alien: dict):
    changed = admin.put(f"/movies/{alien['id']}", json={"year": None, "tags": ["classic"]})
    assert changed.json() == {**alien, "year": None, "tags": ["classic"]}
    assert http.get(f"/movies/{alien['id']}").json() == changed.json()


def test_a_change_to_what_another_has_is_a_conflict(admin: Person, alien: dict):
    response = admin.put(f"/movies/{alien['id']}", json={"title": "Film 01", "year": 1961})
    assert response.json()["error"]["code"] == "title_taken"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/movies/999999", f"/movies/{FIRST_TRACK}", "/tracks/1", f"/movies/{2**63 - 1}"])
def test_a_title_that_is_not_there_or_of_another_kind_is_not_found(admin: Person, method: str, path: str):
    response = admin.call(method, path, json={"year": 2000} if method == "PUT" else None)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "item_not_found")


@pytest.mark.parametrize("item_id", ["0", "-1", "one", str(2**63), "1.5", "9" * 400])
def test_what_is_no_id_is_malformed(http: TestClient, item_id: str):
    assert http.get(f"/movies/{item_id}").status_code == 422


def test_a_removed_title_is_gone_from_everywhere(admin: Person, newcomer: Callable[..., Person]):
    item_id = admin.post("/movies/", json={"title": "Short Lived", "genres": ["Horror"]}).json()["id"]
    person = newcomer()
    person.rate({item_id: 5.0, 3: 4.0})
    answer = admin.delete(f"/movies/{item_id}").json()
    assert answer == {"message": f"Movie {item_id} was deleted.", "id": item_id}
    assert person.get(f"/movies/{item_id}").status_code == 404
    assert [row["item_id"] for row in person.get("/ratings/").json()["items"]] == [3]
    answer = person.get("/recommendations/?k=100").json()
    assert answer["applied_events"] == 1
    assert item_id not in [place["item"]["id"] for place in answer["items"]]


def test_a_new_title_can_be_recommended_at_once(admin: Person, ada: Person):
    item_id = admin.post("/movies/", json={"title": "Brand New", "genres": ["Drama"]}).json()["id"]
    shown = ada.get("/recommendations/?k=100").json()["items"]
    assert item_id in [place["item"]["id"] for place in shown]
    admin.delete(f"/movies/{item_id}")
