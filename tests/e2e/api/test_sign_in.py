"""Sign-in sessions: tokens, their renewal, their end, and what happens to those who guess."""

from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from starlette.testclient import TestClient

from main.asgi import build_app
from tests.e2e.api.conftest import PASSWORD, Person, make_container, sign_in


def refresh(http: TestClient, token: object):
    return http.post("/auth/refresh", json={"refresh_token": token})


def test_a_sign_in_gives_a_pair_of_tokens(ada: Person):
    assert set(ada.tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert ada.tokens["token_type"] == "bearer" and ada.tokens["expires_in"] == 900
    assert jwt.get_unverified_header(ada.tokens["access_token"])["typ"] == "at+jwt"


@pytest.mark.parametrize("change", [str.upper, str])
def test_an_email_address_signs_in_in_any_case(http: TestClient, ada: Person, change):
    assert sign_in(http, ada.id, change(ada.email))


@pytest.mark.parametrize(
    "form",
    [{}, {"username": "a@b.org"}, {"password": "x"}, {"username": "", "password": ""}, {"usr": "a", "password": "x"}],
)
def test_a_form_with_missing_fields_is_malformed(http: TestClient, form: dict[str, str]):
    response = http.post("/auth/token", data=form)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "validation_error")


def test_a_wrong_password_and_an_unknown_account_are_answered_alike(http: TestClient, ada: Person):
    answers = [
        http.post("/auth/token", data={"username": email, "password": "wrong password"})
        for email in (ada.email, "nobody@example.com")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.json()["error"]["code"], answer.json()["error"]["message"]) for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_a_renewed_session_has_a_new_pair(http: TestClient, ada: Person):
    renewed = refresh(http, ada.tokens["refresh_token"]).json()
    assert renewed["refresh_token"] != ada.tokens["refresh_token"]
    assert http.get("/users/me", headers={"Authorization": f"Bearer {renewed['access_token']}"}).json()["id"] == ada.id


def test_a_refresh_token_that_is_used_twice_ends_the_whole_session(http: TestClient, ada: Person):
    renewed = refresh(http, ada.tokens["refresh_token"]).json()
    assert refresh(http, ada.tokens["refresh_token"]).json()["error"]["code"] == "invalid_token"
    assert refresh(http, renewed["refresh_token"]).status_code == 401


def test_another_session_of_the_same_person_goes_on(http: TestClient, ada: Person):
    other = sign_in(http, ada.id, ada.email)
    assert ada.post("/auth/logout", json={"refresh_token": ada.tokens["refresh_token"]}).status_code == 204
    assert refresh(http, ada.tokens["refresh_token"]).status_code == 401
    assert refresh(http, other.tokens["refresh_token"]).status_code == 200


def test_nobody_ends_the_session_of_somebody_else(http: TestClient, ada: Person, newcomer):
    stranger = newcomer()
    assert stranger.post("/auth/logout", json={"refresh_token": ada.tokens["refresh_token"]}).status_code == 204
    assert refresh(http, ada.tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["x", "x" * 512, "é"])
def test_an_unknown_refresh_token_is_refused(http: TestClient, token: str):
    response = refresh(http, token)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_token")


def test_a_refresh_token_is_no_access_token(http: TestClient, ada: Person):
    for token in (ada.tokens["refresh_token"], f"{ada.tokens['access_token']}x"):
        response = http.get("/users/me", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_token")


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[TestClient]:
    """A service of its own, whose limits nobody else uses up."""
    auth = {"sign_in_failures": 3, "sign_in_failures_per_address": 6}
    container = make_container(tmp_path, auth=auth, serving={"stranger_requests": 2})
    with TestClient(build_app(container)) as client:
        for name in ("ada", "grace", "joan"):
            body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
            assert client.post("/users/", json=body).status_code == 201
        yield client


def attempt(http: TestClient, name: str, password: str):
    return http.post("/auth/token", data={"username": f"{name}@example.com", "password": password})


def test_who_guesses_must_wait_and_nobody_else(strict: TestClient):
    assert [attempt(strict, "ada", "wrong password").status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = attempt(strict, "ada", PASSWORD)
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert attempt(strict, "grace", PASSWORD).status_code == 200


def test_who_guesses_at_many_accounts_must_wait_as_well(strict: TestClient):
    for name in ("ada", "grace", "joan"):
        for _ in range(2):
            assert attempt(strict, name, "wrong password").status_code == 401
    assert attempt(strict, "mary", "wrong password").status_code == 429


def test_good_sign_ins_use_nothing_up(strict: TestClient):
    assert {attempt(strict, "ada", PASSWORD).status_code for _ in range(8)} == {200}


def test_strangers_who_ask_too_often_must_wait(strict: TestClient):
    paths = ("/recommendations/cold-start", "/recommendations/onboarding/next", "/recommendations/cold-start")
    responses = [strict.post(path, json={}) for path in paths]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert 0 < int(responses[-1].headers["retry-after"]) <= 60


def test_a_restart_leaves_people_signed_in(tmp_path: Path):
    container = make_container(tmp_path)
    with TestClient(build_app(container)) as client:
        body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
        user_id = client.post("/users/", json=body).json()["id"]
        ada = sign_in(client, user_id, "ada@example.com")
    from main.container import build_container
    from main.settings import Settings

    with TestClient(build_app(build_container(Settings(_env_file=None, home=tmp_path)))) as again:
        assert again.get("/users/me", headers=ada.headers).json()["id"] == user_id
