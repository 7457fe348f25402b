"""From an empty account to lists that follow every rating."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.e2e.api.conftest import FILMS, FIRST_TRACK, GENRES, Person


def ids_of(answer: dict) -> list[int]:
    return [place["item"]["id"] for place in answer["items"]]


def test_somebody_of_whom_nothing_is_known_gets_what_is_popular_and_is_told_so(ada: Person):
    answer = ada.get("/recommendations/").json()
    assert len(answer["items"]) == 10
    assert [place["rank"] for place in answer["items"]] == list(range(1, 11))
    assert answer["fallback_used"] is True and answer["applied_events"] == 0
    assert answer["user_id"] == ada.id and answer["engine"] == "popularity"
    assert answer["metadata"]["requested_engine"] == "auto"


def test_a_new_rating_is_in_the_very_next_answer(ada: Person):
    before = ada.get("/recommendations/?k=100").json()
    rated = ids_of(before)[0]
    assert ada.rate({rated: 5}).status_code == 201
    after = ada.get("/recommendations/?k=100").json()
    assert after["applied_events"] == 1
    assert rated not in ids_of(after)
    assert ada.delete(f"/ratings/{rated}").status_code == 200
    assert rated in ids_of(ada.get("/recommendations/?k=100").json())


def test_nothing_rated_is_ever_recommended_again(ada: Person):
    for _ in range(4):
        shown = ids_of(ada.get("/recommendations/?k=9").json())
        assert shown
        ada.rate(dict.fromkeys(shown, 4.0))
    rated = {row["item_id"] for row in ada.get("/ratings/?size=100").json()["items"]}
    left = ids_of(ada.get("/recommendations/?k=100").json())
    assert len(rated) == 36 and len(left) == FILMS - 36
    assert not rated & set(left)


def test_what_somebody_likes_is_recommended_first(newcomer: Callable[..., Person]):
    fan = newcomer()
    fan.rate(dict.fromkeys(range(4, 21, 4), 5.0) | dict.fromkeys(range(1, 20, 4), 1.0))
    answer = fan.get("/recommendations/?k=5&explain=true").json()
    assert all(GENRES[0] in place["item"]["genres"] for place in answer["items"])
    assert all(place["reason"]["text"] for place in answer["items"])


def test_a_list_can_be_narrowed(ada: Person):
    horror = ada.get("/recommendations/?k=100&genres=Horror").json()["items"]
    assert horror and all("Horror" in place["item"]["genres"] for place in horror)
    either = ada.get("/recommendations/?k=100&genres=Horror,War&genres=Drama").json()["items"]
    assert {genre for place in either for genre in place["item"]["genres"]} >= {"Horror", "War", "Drama"}
    tagged = ada.get("/recommendations/?k=100&tags=tag+1").json()["items"]
    assert tagged and all(place["item"]["tags"] == ["tag 1"] for place in tagged)
    late = ada.get("/recommendations/?k=100&year_from=1990").json()["items"]
    assert late and all(place["item"]["year"] >= 1990 for place in late)
    assert not {1, 2, 3} & set(ids_of(ada.get("/recommendations/?k=100&exclude=1,2&exclude=3").json()))
    tracks = ada.get("/recommendations/?kind=track").json()["items"]
    assert tracks and all(place["item"]["kind"] == "track" for place in tracks)


def test_a_genre_that_does_not_exist_leaves_nothing(ada: Person):
    answer = ada.get("/recommendations/?genres=Western")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_reasons_can_be_left_out(ada: Person):
    assert not any("reason" in place for place in ada.get("/recommendations/?explain=false").json()["items"])


@pytest.mark.parametrize("engine", ["auto", "popularity", "baseline", "cold_start"])
def test_every_engine_that_needs_no_model_answers(ada: Person, engine: str):
    ada.rate({1: 5, 2: 1, 3: 4})
    answer = ada.get(f"/recommendations/?engine={engine}").json()
    assert len(answer["items"]) == 10 and answer["metadata"]["requested_engine"] == engine


@pytest.mark.parametrize("engine", ["ncf", "magic"])
def test_an_engine_that_is_not_there_is_a_conflict_that_names_those_that_are(ada: Person, engine: str):
    response = ada.get(f"/recommendations/?engine={engine}")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "engine_unavailable")
    assert "popularity" in response.json()["error"]["message"]


def test_engines_say_whether_they_are_ready(ada: Person, http: TestClient):
    engines = {engine["name"]: engine for engine in ada.get("/recommendations/engines").json()["engines"]}
    assert engines["popularity"]["ready"] and not engines["ncf"]["ready"]
    assert http.get("/recommendations/health").json()["status"] == "ok"


def test_every_list_is_in_the_log_as_it_was_shown(ada: Person, admin: Person):
    answer = ada.get("/recommendations/?k=3&platform=tv").json()
    (logged,) = admin.get("/debug/impressions", params={"user_id": ada.id}).json()["items"]
    assert logged["id"] == answer["impression_id"]
    assert [(one["rank"], one["item_id"], one["score"]) for one in logged["items"]] == [
        (place["rank"], place["item"]["id"], place["score"]) for place in answer["items"]
    ]
    assert (logged["surface"], logged["engine"], logged["platform"], logged["k"]) == (
        "recommendations", answer["engine"], "tv", 3,
    )  # fmt: skip


def test_a_stranger_without_a_word_gets_what_is_popular(http: TestClient):
    answer = http.post("/recommendations/cold-start", json={}).json()
    assert answer["user_id"] is None and answer["fallback_used"] is True and len(answer["items"]) == 10


def test_a_stranger_is_served_by_what_they_say(http: TestClient):
    body = {"ratings": [{"item_id": 1, "rating": 5}], "genres": ["Horror"], "age": 30, "num_recommendations": 5}
    answer = http.post("/recommendations/cold-start", json=body).json()
    assert len(answer["items"]) == 5 and answer["applied_events"] == 1
    assert 1 not in ids_of(answer)
    assert any("Horror" in place["item"]["genres"] for place in answer["items"])


def test_a_stranger_who_rated_what_is_not_there_is_told_so(http: TestClient):
    body = {"ratings": [{"item_id": 999_999, "rating": 5}]}
    response = http.post("/recommendations/cold-start", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "item_not_found")


def test_onboarding_shows_the_titles_of_every_genre(http: TestClient):
    by_genre = http.get("/recommendations/onboarding-movies?num_movies=3").json()["recommendations"]
    assert set(by_genre) == set(GENRES)
    for genre, titles in by_genre.items():
        assert len(titles) == 3 and all(genre in title["genres"] and title["movie_id"] for title in titles)


def test_onboarding_never_asks_twice_and_grows_surer(http: TestClient):
    answers: list[dict[str, object]] = []
    confidence = [-1.0]
    for _ in range(3):
        screen = http.post("/recommendations/onboarding/next", json={"answers": answers, "size": 4}).json()
        asked = [item["id"] for item in screen["ask"]]
        assert len(asked) == 4 and not {answer["item_id"] for answer in answers} & set(asked)
        assert screen["asked"] == len(answers) and screen["preview"]
        confidence.append(screen["confidence"])
        answers += [{"item_id": item, "answer": "like"} for item in asked]
    assert confidence == sorted(confidence)


def test_the_whole_way_of_a_newcomer(http: TestClient, newcomer: Callable[..., Person]):
    """Sign up, onboarding, ratings, and lists that never repeat what was rated."""
    person = newcomer(age=30, gender="F")
    screen = http.post("/recommendations/onboarding/next", json={"answers": [], "size": 6}).json()
    stored = person.rate({item["id"]: 5.0 if i % 2 else 1.0 for i, item in enumerate(screen["ask"])})
    assert stored.status_code == 201 and len(stored.json()) == 6
    answer = person.get("/recommendations/?k=10").json()
    assert answer["applied_events"] == 6 and not answer["fallback_used"]
    assert not {item["id"] for item in screen["ask"]} & set(ids_of(answer))


@pytest.mark.parametrize("flags", ["", "?use_cf=false", "?use_cb=true&k=3"])
def test_similar_titles_are_of_the_same_kind_and_never_the_title_itself(http: TestClient, flags: str):
    answer = http.get(f"/recommendations/similar/{FIRST_TRACK}{flags}").json()
    assert answer["items"] and all(place["item"]["kind"] == "track" for place in answer["items"])
    assert FIRST_TRACK not in ids_of(answer)


def test_nothing_is_similar_to_what_is_not_there(http: TestClient):
    assert http.get("/recommendations/similar/999999").json()["error"]["code"] == "item_not_found"
    assert http.get("/recommendations/similar/1?use_cf=false&use_cb=false").status_code == 422


def test_muted_genres_are_never_shown_and_can_be_brought_back(ada: Person):
    ada.rate({1: 5.0, 2: 3.0})
    muted = ada.call("PATCH", "/users/me/taste", json={"muted_genres": ["Horror"], "boosted_genres": ["War"]})
    assert {one["genre"] for one in muted.json()["genres"] if one["muted"]} == {"Horror"}
    shown = ada.get("/recommendations/?k=100").json()["items"]
    assert shown and not any("Horror" in place["item"]["genres"] for place in shown)
    ada.call("PATCH", "/users/me/taste", json={"reset": True})
    assert not any(one["muted"] or one["boosted"] for one in ada.get("/users/me/taste").json()["genres"])
    assert any("Horror" in place["item"]["genres"] for place in ada.get("/recommendations/?k=100").json()["items"])


def test_a_taste_for_what_is_not_there_changes_nothing(ada: Person):
    response = ada.call("PATCH", "/users/me/taste", json={"muted_genres": ["Western"]})
    assert response.status_code == 422
    assert response.json()["error"]["details"] == [{"where": "Western", "problem": "no title has this genre"}]


def test_taking_a_cited_rating_back_costs_the_recommendation_its_place(ada: Person):
    def ranked() -> dict[int, dict[str, object]]:
        # The films that were rated once are no company for the others, or one of them could take a place itself.
        answer = ada.get("/recommendations/?engine=content&k=40&exclude=1,2,7").json()
        return {place["item"]["id"]: place for place in answer["items"]}

    ada.rate({1: 5.0, 2: 4.0, 7: 4.5})
    before = ranked()
    recommended, place = next((i, one) for i, one in before.items() if len(one["reason"]["because_of"]) == 1)
    (cited,) = place["reason"]["because_of"]
    assert ada.delete(f"/ratings/{cited}").status_code == 200
    after = ranked()
    assert cited not in after[recommended]["reason"]["because_of"]
    assert after[recommended]["rank"] > place["rank"]
    ada.rate({cited: 5.0})
    assert cited in ranked()[recommended]["reason"]["because_of"]
