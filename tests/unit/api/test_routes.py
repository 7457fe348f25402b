"""Each route hands its use case what was asked for, and answers with what that gives."""

import pytest
from starlette.testclient import TestClient

from application.continuing import Session
from application.onboarding import NextScreen
from application.readiness import ABSENT, READY, Components, Readiness
from application.recommending import EngineStatus
from domain.errors import EngineUnavailable, LibraryMissing, MarqueeError, NothingToIndex
from domain.events import Rating
from domain.items import ItemSearch, ItemSort, Kind
from domain.model_versions import IndexReport, ModelVersion
from domain.onboarding import Answer, OnboardingAnswer
from domain.paging import Page, PageRequest
from domain.recommendation import RecommendationRequest
from domain.taste import GenreTaste
from domain.users import Principal, Role, TokenPair
from tests.unit.api.fakes import ADMIN, NOW, USER, FakeParts, ada, alien, shown_list, star_wars

ADA_CALLS = Principal(7, Role.USER)


def test_a_sign_up_answers_with_the_account_and_never_with_the_hash(client: TestClient, parts: FakeParts):
    parts["sign_up"].answer = ada()
    body = {"email": "ada@example.com", "username": "ada", "password": "correct horse", "age": 36}
    response = client.post("/users/", json=body)
    assert response.status_code == 201
    assert response.json() == {
        "id": 7, "email": "ada@example.com", "username": "ada", "role": "user", "age": 36, "gender": None,
        "occupation": None, "zip_code": None, "consent": True, "created_at": "2026-01-31T12:00:00Z",
    }  # fmt: skip
    ((account,),) = parts["sign_up"].calls
    assert (account.email, account.password, account.demographics.age) == ("ada@example.com", "correct horse", 36)


def test_a_sign_in_passes_the_callers_address_on(client: TestClient, parts: FakeParts):
    parts["sign_in"].answer = TokenPair("access", "refresh", 900)
    form = {"username": "ada@example.com", "password": "correct horse", "grant_type": "password", "scope": ""}
    response = client.post("/auth/token", data=form)
    assert response.json() == {
        "access_token": "access", "refresh_token": "refresh", "token_type": "bearer", "expires_in": 900,
    }  # fmt: skip
    assert parts["sign_in"].calls == [("ada@example.com", "correct horse", "testclient")]


@pytest.mark.parametrize(
    ("caller", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_address_of_ipv6_counts_by_its_network(client: TestClient, parts: FakeParts, caller: str, counted: str):
    parts["sign_in"].answer = TokenPair("access", "refresh", 900)
    form = {"username": "ada@example.com", "password": "correct horse"}
    TestClient(client.app, client=(caller, 50000)).post("/auth/token", data=form)
    assert parts["sign_in"].calls[0][2] == counted


def test_a_sign_out_has_no_body(client: TestClient, parts: FakeParts):
    response = client.post("/auth/logout", json={"refresh_token": "secret"}, headers=USER)
    assert (response.status_code, response.content) == (204, b"")
    assert parts["sign_out"].calls == [(ADA_CALLS, "secret")]


def test_a_change_passes_on_what_was_sent_alone(client: TestClient, parts: FakeParts):
    parts["update_account"].answer = ada()
    client.put("/users/7", json={"age": None, "password": "correct horse"}, headers=USER)
    client.put("/users/7", json={}, headers=USER)
    assert parts["update_account"].calls == [
        (ADA_CALLS, 7, {"age": None}, "correct horse"),
        (ADA_CALLS, 7, {}, None),
    ]


def test_all_accounts_go_only_on_the_very_words(client: TestClient, parts: FakeParts):
    parts["delete_all_accounts"].answer = 3
    for body in ({}, {"confirm": "yes"}, {"confirm": "Delete all users"}):
        assert client.request("DELETE", "/users/", json=body, headers=ADMIN).status_code == 422
    assert parts["delete_all_accounts"].calls == []
    response = client.request("DELETE", "/users/", json={"confirm": "delete all users"}, headers=ADMIN)
    assert response.json() == {"message": "3 users were deleted.", "deleted": 3}


def test_a_page_says_where_it_stands(client: TestClient, parts: FakeParts):
    parts["list_accounts"].answer = Page([ada()], 2, 1, 3)
    answer = client.get("/users/", params={"page": 2, "size": 1, "q": " ada "}, headers=ADMIN).json()
    assert [user["id"] for user in answer.pop("items")] == [7]
    assert answer == {"page": 2, "size": 1, "total": 3, "pages": 3}
    assert parts["list_accounts"].calls == [(PageRequest(2, 1), "ada")]


def test_a_search_field_left_blank_searches_for_nothing(client: TestClient, parts: FakeParts):
    parts["list_accounts"].answer = parts["list_items"].answer = Page([], 1, 20, 0)
    client.get("/users/?q=", headers=ADMIN)
    client.get("/movies/?q=+")
    assert parts["list_accounts"].calls == [(PageRequest(), None)]
    assert parts["list_items"].calls == [(ItemSearch(Kind.MOVIE), PageRequest())]


@pytest.mark.parametrize(("path", "kind"), [("/movies/", "movie"), ("/tracks/", "track"), ("/courses/", "course")])
def test_each_kind_has_a_catalogue_of_its_own(client: TestClient, parts: FakeParts, path: str, kind: str):
    parts["list_items"].answer = Page([alien()], 1, 20, 1)
    answer = client.get(path, params={"q": "ali", "genre": "Horror", "year_from": 1970, "sort": "-year"})
    search = ItemSearch(Kind(kind), "ali", "Horror", year_from=1970, sort=ItemSort.YEAR_DESCENDING)
    assert parts["list_items"].calls == [(search, PageRequest())]
    assert answer.json()["items"][0] == {
        "id": 183, "external_id": None, "kind": "movie", "title": "Alien", "year": 1979, "genres": ["Horror"],
        "tags": ["space"], "creators": ["Ridley Scott"], "description": None, "language": None, "rating_count": 0,
        "rating_mean": None, "poster_url": None,
    }  # fmt: skip


def test_a_title_is_added_changed_and_removed(client: TestClient, parts: FakeParts):
    parts["add_item"].answer = parts["update_item"].answer = alien()
    assert client.post("/movies/", json={"title": "Alien"}, headers=ADMIN).status_code == 201
    assert client.put("/movies/183", json={"year": None}, headers=ADMIN).status_code == 200
    assert client.delete("/movies/183", headers=ADMIN).json() == {"message": "Movie 183 was deleted.", "id": 183}
    assert parts["update_item"].calls == [(Kind.MOVIE, 183, {"year": None})]
    assert parts["remove_item"].calls == [(Kind.MOVIE, 183)]


def test_ratings_come_back_with_ids_and_times(client: TestClient, parts: FakeParts):
    parts["rate_items"].answer = [Rating(7, 50, 4.5, 1769860800, id=1)]
    sent = [{"item_id": 50, "rating": 4.5, "timestamp": "2026-01-31T12:00:00Z"}]
    response = client.post("/ratings/", json=sent, headers=USER)
    assert response.status_code == 201
    assert response.json() == [{"id": 1, "user_id": 7, **sent[0]}]


def test_nobody_rates_for_somebody_else(client: TestClient, parts: FakeParts):
    response = client.post("/ratings/", json=[{"item_id": 50, "rating": 4, "user_id": 8}], headers=USER)
    assert response.status_code == 422
    assert response.json()["error"]["details"] == [{"where": "0.user_id", "problem": "Extra inputs are not permitted"}]
    assert parts["rate_items"].calls == []


@pytest.mark.parametrize("rows", [[], [{"item_id": i, "rating": 1} for i in range(1, 1002)]])
def test_a_batch_of_ratings_has_one_to_a_thousand_rows(client: TestClient, rows: list[dict[str, int]]):
    assert client.post("/ratings/", json=rows, headers=USER).status_code == 422


def test_recommendations_follow_the_query(client: TestClient, parts: FakeParts):
    parts["recommend"].answer = shown_list()
    response = client.get("/recommendations/?k=2&genres=Sci-Fi,Horror&genres=Drama", headers=USER)
    assert [place["item"]["title"] for place in response.json()["items"]] == ["Star Wars", "Alien"]
    ((principal, request),) = parts["recommend"].calls
    assert principal == ADA_CALLS and request.k == 2
    assert request.wanted.genres == {"Sci-Fi", "Horror", "Drama"}


def test_an_engine_that_is_not_there_is_a_conflict(client: TestClient, parts: FakeParts):
    parts["recommend"].answer = EngineUnavailable("magic", ["auto"])
    response = client.get("/recommendations/?engine=magic", headers=USER)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "engine_unavailable")


def test_a_stranger_is_counted_and_served(client: TestClient, parts: FakeParts):
    parts["recommend_to_stranger"].answer = shown_list()
    response = client.post("/recommendations/cold-start", json={"genres": ["Sci-Fi"], "num_recommendations": 2})
    assert response.status_code == 200 and len(response.json()["items"]) == 2
    assert parts["throttle"].recorded == [("stranger", "testclient")]


def test_a_session_is_continued_as_asked(client: TestClient, parts: FakeParts):
    parts["continue_session"].answer = shown_list()
    body = {
        "item_sequence": [50, 183, 50],
        "k": 2,
        "genre_filter": ["Sci-Fi"],
        "mood_filter": ["dark"],
        "fusion_method": "max",
        "encoder": "mean",
        "kind": "movie",
    }
    response = client.post("/recommendations/session", json=body)
    assert response.status_code == 200 and len(response.json()["items"]) == 2
    ((session, request),) = parts["continue_session"].calls
    assert session == Session((50, 183, 50), "mean", "max", Kind.MOVIE)
    assert (request.k, request.wanted.genres, request.wanted.tags) == (2, {"Sci-Fi"}, {"dark"})
    assert parts["throttle"].recorded == [("stranger", "testclient")]


def test_the_next_item_is_a_list_of_one(client: TestClient, parts: FakeParts):
    parts["continue_session"].answer = shown_list()
    assert client.post("/recommendations/next", json={"item_sequence": [50]}).status_code == 200
    ((session, request, surface),) = parts["continue_session"].calls
    assert (session, request.k, surface) == (Session((50,)), 1, "next")


@pytest.mark.parametrize(
    "wrong",
    [
        {"item_sequence": []},
        {},
        {"item_sequence": [0]},
        {"item_sequence": [1], "encoder": "oracle"},
        {"item_sequence": [1], "fusion_method": "mean"},
        {"item_sequence": [1], "k": 0},
        {"item_sequence": [1], "mood": ["dark"]},
    ],
)
def test_a_session_that_makes_no_sense_is_refused(client: TestClient, parts: FakeParts, wrong):
    assert client.post("/recommendations/session", json=wrong).status_code == 422
    assert parts["continue_session"].calls == []


def test_the_next_screen_shows_what_to_ask_and_where_it_leads(client: TestClient, parts: FakeParts):
    parts["ask_next"].answer = NextScreen((alien(),), 1, 0.25, False, shown_list())
    body = {"answers": [{"item_id": 50, "answer": "unseen"}], "size": 3}
    answer = client.post("/recommendations/onboarding/next", json=body).json()
    assert ([item["id"] for item in answer["ask"]], answer["asked"], answer["confidence"], answer["done"]) == (
        [183], 1, 0.25, False,
    )  # fmt: skip
    assert [item["id"] for item in answer["preview"]] == [50, 183]
    assert parts["ask_next"].calls == [([OnboardingAnswer(50, Answer.UNSEEN)], 3, Kind.MOVIE)]


def test_onboarding_titles_stand_under_their_genres(client: TestClient, parts: FakeParts):
    parts["list_onboarding_titles"].answer = {"Sci-Fi": [star_wars()]}
    answer = client.get("/recommendations/onboarding-movies", params={"num_movies": 3}).json()
    assert answer == {
        "recommendations": {
            "Sci-Fi": [{"movie_id": 50, "title": "Star Wars", "genres": ["Action", "Sci-Fi"], "year": 1977}]
        }
    }
    assert parts["list_onboarding_titles"].calls == [(3,)]


def test_similar_titles_are_found_as_asked(client: TestClient, parts: FakeParts):
    parts["recommend_similar"].answer = shown_list()
    assert client.get("/recommendations/similar/9?k=2&use_cf=false").status_code == 200
    assert parts["recommend_similar"].calls == [(9, RecommendationRequest(k=2), False, True)]


def test_engines_tell_their_figures_to_users_and_their_readiness_to_all(client: TestClient, parts: FakeParts):
    parts["list_engines"].answer = [EngineStatus("ncf", True, "v2", {"ndcg@10": 0.08})]
    told = {"name": "ncf", "ready": True, "model_version": "v2"}
    assert client.get("/recommendations/engines", headers=USER).json() == {
        "engines": [{**told, "metrics": {"ndcg@10": 0.08}}]
    }
    assert client.get("/recommendations/health").json() == {"status": "ok", "engines": [told]}


def test_a_new_taste_is_answered_with_the_whole_profile(client: TestClient, parts: FakeParts):
    parts["show_taste"].answer = [GenreTaste("Drama", 0.4, 3, False, True)]
    body = {"muted_genres": ["Horror"], "boosted_genres": []}
    answer = client.patch("/users/me/taste", json=body, headers=USER).json()
    assert answer == {"genres": [{"genre": "Drama", "affinity": 0.4, "rated": 3, "muted": False, "boosted": True}]}
    ((principal, change),) = parts["set_taste"].calls
    assert (principal, change.muted_genres, change.boosted_genres, change.reset) == (
        ADA_CALLS, frozenset({"Horror"}), frozenset(), False,
    )  # fmt: skip


def test_readiness_tells_each_part(client: TestClient, parts: FakeParts):
    parts["check_readiness"].answer = Readiness(Components(READY, ABSENT, ABSENT, READY))
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "components": {"database": "ready", "model": "absent", "index": "absent", "cache": "ready"},
    }


def test_a_service_that_cannot_serve_says_which_part_is_down(client: TestClient, parts: FakeParts):
    parts["check_readiness"].answer = Readiness(Components(database=READY))
    response = client.get("/health/ready")
    answer = response.json()
    assert response.status_code == 503 and response.headers["retry-after"] == "1"
    assert answer["status"] == "unavailable" and answer["components"]["database"] == "ready"
    assert answer["error"]["code"] == "not_ready"
    assert [detail["where"] for detail in answer["error"]["details"]] == ["model", "index", "cache"]


def test_admins_see_model_versions(client: TestClient, parts: FakeParts):
    answer = client.get("/debug/model", headers=ADMIN).json()
    assert answer["current"]["version"] == "v2" and len(answer["versions"]) == 1
    parts["model_registry"].versions.clear()
    assert client.get("/debug/model", headers=ADMIN).json() == {"current": None, "versions": []}


def test_admins_rebuild_the_index_and_are_told_what_came_of_it(client: TestClient, parts: FakeParts):
    index = IndexReport(2, "faiss", 0.998, items=40, placed=3, built_at=NOW)
    parts["rebuild_index"].answer = ModelVersion("v2", ("ncf",), NOW, {}, "abc", index=index)
    answer = client.post("/admin/reindex", headers=ADMIN)
    assert answer.status_code == 200
    assert answer.json() == {
        "version": "v2",
        "index": {
            "generation": 2,
            "kind": "faiss",
            "recall": 0.998,
            "items": 40,
            "placed": 3,
            "built_at": "2026-01-31T12:00:00Z",
        },
    }


@pytest.mark.parametrize("error", [NothingToIndex(), LibraryMissing("The index kind faiss", "faiss")])
def test_an_index_that_cannot_be_built_is_a_conflict(client: TestClient, parts: FakeParts, error: MarqueeError):
    parts["rebuild_index"].answer = error
    answer = client.post("/admin/reindex", headers=ADMIN)
    assert answer.status_code == 409 and answer.json()["error"]["code"] == error.code


def test_user_rows_say_where_they_came_from(client: TestClient, parts: FakeParts):
    parts["list_accounts"].answer = Page([ada()], 1, 20, 1)
    (row,) = client.get("/debug/users", headers=ADMIN).json()["items"]
    assert row["origin"] is None and "password_hash" not in row
