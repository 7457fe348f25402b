"""Whatever goes wrong is answered in one form, with the right status, and gives nothing away."""

import inspect

import pytest
from starlette.testclient import TestClient

from domain import errors
from presentation.api.errors import STATUSES, status_of
from tests.unit.api.fakes import ADMIN, USER, FakeParts, client_of


def assert_envelope(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["code"] == code
    assert error["request_id"] == response.headers["x-request-id"]
    return error


def test_every_named_error_belongs_to_a_family_with_a_status():
    families = (errors.MarqueeError, *STATUSES)
    named = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.MarqueeError) and kind not in families
    ]
    assert named
    assert [kind.__name__ for kind in named if not issubclass(kind, tuple(STATUSES))] == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UserNotFound(9), 404),
        (errors.EmailTaken(), 409),
        (errors.LastAdmin(), 409),
        (errors.WeakPassword("too short"), 422),
        (errors.NotAllowed("no"), 403),
        (errors.InvalidToken(), 401),
        (errors.TooManyRequests("slowly", 7), 429),
        (errors.StorageUnavailable("down", 3), 503),
    ],
)
def test_a_domain_error_is_answered_by_its_family(client: TestClient, parts: FakeParts, error, status: int):
    parts["get_account"].answer = error
    assert status_of(error) == status
    found = assert_envelope(client.get("/users/me", headers=USER), status, error.code)
    assert found["message"] == error.message


def test_details_of_a_domain_error_name_the_place_and_the_problem(client: TestClient, parts: FakeParts):
    parts["rate_items"].answer = errors.InvalidRatings("no", [errors.Detail("1.rating", "off the scale")])
    response = client.post("/ratings/", json=[{"item_id": 1, "rating": 9}], headers=USER)
    assert assert_envelope(response, 422, "invalid_ratings")["details"] == [
        {"where": "1.rating", "problem": "off the scale"}
    ]


def test_who_must_wait_is_told_for_how_long(client: TestClient, parts: FakeParts):
    parts["get_account"].answer = errors.TooManyRequests("slowly", 7)
    assert client.get("/users/me", headers=USER).headers["retry-after"] == "7"
    parts["get_account"].answer = errors.StorageUnavailable("down", 3)
    assert client.get("/users/me", headers=USER).headers["retry-after"] == "3"


def test_a_mistake_of_ours_shows_neither_trace_nor_message(client: TestClient, parts: FakeParts):
    parts["get_account"].answer = ZeroDivisionError("the secret is 42")
    response = client.get("/users/me", headers=USER)
    error = assert_envelope(response, 500, "internal_error")
    assert error["message"] == "Something went wrong on our side." and error["details"] == []
    assert "42" not in response.text.replace(error["request_id"], "") and "Zero" not in response.text


def test_an_answer_that_breaks_its_own_schema_is_a_mistake_of_ours(client: TestClient, parts: FakeParts):
    parts["get_account"].answer = "not a user"
    assert_envelope(client.get("/users/me", headers=USER), 500, "internal_error")


def test_an_unknown_address_is_not_found(client: TestClient):
    assert_envelope(client.get("/nothing/here"), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "allowed"), [("/users/", "DELETE, GET, POST"), ("/movies/1", "DELETE, GET, PUT"), ("/health", "GET")]
)
def test_a_method_that_is_not_taken_names_those_that_are(client: TestClient, path: str, allowed: str):
    response = client.patch(path)
    assert_envelope(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


def test_a_malformed_field_is_named(client: TestClient):
    response = client.post("/users/", json={"email": "nobody", "username": "ada", "admin": True})
    details = assert_envelope(response, 422, "validation_error")["details"]
    assert {detail["where"] for detail in details} == {"email", "password", "admin"}


def test_a_malformed_parameter_is_named(client: TestClient):
    response = client.get("/recommendations/", params={"k": 101, "diversity": "nan", "kk": 1}, headers=USER)
    details = assert_envelope(response, 422, "validation_error")["details"]
    assert {detail["where"] for detail in details} == {"k", "diversity", "kk"}
    details = assert_envelope(client.get("/movies/0"), 422, "validation_error")["details"]
    assert [detail["where"] for detail in details] == ["item_id"]


def test_every_malformed_row_is_named(client: TestClient):
    rows = [{"item_id": 1, "rating": 4}, {"item_id": "1", "rating": True}, {"rating": "4"}] + [{}] * 997
    response = client.post("/ratings/", json=rows, headers=USER)
    named = [detail["where"] for detail in assert_envelope(response, 422, "validation_error")["details"]]
    assert {"1.item_id", "1.rating", "2.item_id", "2.rating", "999.rating"} <= set(named)
    assert "0.item_id" not in named


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"9" * 10_000, "application/json"),
        (b"", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'{"refresh_token": "x"}', "text/plain"),
        (b"refresh_token=x", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
    ],
)
@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/token"])
def test_a_body_that_cannot_be_read_is_malformed(client: TestClient, path: str, content: bytes, content_type: str):
    response = client.post(path, content=content, headers={"Content-Type": content_type})
    assert assert_envelope(response, 422, "validation_error")["details"]


def test_names_of_unknown_fields_may_hold_anything(client: TestClient):
    for name in (r"\ud800", r"a\u0000b", r"\uffff", "x" * 10_000):
        content = f'{{"refresh_token": "x", "{name}": 1}}'
        response = client.post("/auth/refresh", content=content, headers={"Content-Type": "application/json"})
        (detail,) = assert_envelope(response, 422, "validation_error")["details"]
        assert len(detail["where"]) <= 200


def test_a_body_that_announces_too_much_is_refused(parts: FakeParts):
    client = client_of(parts, max_body_bytes=2000)
    response = client.post("/auth/refresh", json={"refresh_token": "x" * 3000})
    assert_envelope(response, 413, "body_too_large")
    assert parts["renew_session"].calls == []


def test_a_body_that_turns_out_too_large_is_refused(parts: FakeParts):
    client = client_of(parts, max_body_bytes=2000)
    chunks = (b'{"refresh_token": "' + b"x" * 1500 if i == 0 else b"x" * 1500 for i in range(3))
    response = client.post("/auth/refresh", content=chunks, headers={"Content-Type": "application/json"})
    assert "content-length" not in response.request.headers
    assert_envelope(response, 413, "body_too_large")
    assert parts["renew_session"].calls == []


def test_a_form_that_turns_out_too_large_is_refused(parts: FakeParts):
    client = client_of(parts, max_body_bytes=2000)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post("/auth/token", content=(b"x" * 1500 for _ in range(3)), headers=form)
    assert_envelope(response, 413, "body_too_large")


def test_a_body_of_the_allowed_size_is_taken(parts: FakeParts):
    client = client_of(parts, max_body_bytes=2000)
    parts["renew_session"].answer = errors.InvalidToken()
    body = b'{"refresh_token": "x"}'.ljust(2000)
    response = client.post("/auth/refresh", content=body, headers={"Content-Type": "application/json"})
    assert_envelope(response, 401, "invalid_token")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic user-7", "user-7", "Bearer nobody", "Bearer\tuser-7", "Bearer user-7, Bearer x"],
)
def test_a_malformed_authorization_is_answered_as_none(client: TestClient, header: str):
    response = client.get("/users/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["code"] in {"not_authenticated", "invalid_token"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_bearer_scheme_may_be_written_in_any_case(client: TestClient, parts: FakeParts, scheme: str):
    parts["delete_account"].answer = None
    assert client.delete("/users/7", headers={"Authorization": f"{scheme} user-7"}).status_code == 200


def test_an_admin_is_asked_for_in_the_database_whatever_the_token_says(client: TestClient, parts: FakeParts):
    parts["require_admin"].answer = errors.NotAllowed("This is for admins.")
    assert_envelope(client.get("/debug/users", headers=ADMIN), 403, "not_allowed")
    assert parts["list_accounts"].calls == []


def test_strangers_who_ask_too_often_must_wait(client: TestClient, parts: FakeParts):
    parts["throttle"].tired.add("testclient")
    paths = {"cold-start": {}, "onboarding/next": {}, "session": {"item_sequence": [1]}, "next": {"item_sequence": [1]}}
    for path, body in paths.items():
        response = client.post(f"/recommendations/{path}", json=body)
        assert_envelope(response, 429, "too_many_requests")
        assert response.headers["retry-after"] == "12"
