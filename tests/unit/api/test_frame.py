"""What surrounds every request: ids, headers, the log."""

import pytest
import structlog
from starlette.testclient import TestClient

from tests.unit.api.fakes import USER, FakeParts, client_of


@pytest.mark.parametrize("sent", ["abc", "a" * 64, "5f0c8a52-b1d9.4d0c_9"])
def test_a_sane_request_id_comes_back(client: TestClient, sent: str):
    assert client.get("/health", headers={"X-Request-ID": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "<script>", "é".encode(), "a\tb"])
def test_any_other_request_id_is_replaced(client: TestClient, sent: str | bytes):
    given = client.get("/health", headers={"X-Request-ID": sent}).headers["x-request-id"]
    assert len(given) == 32 and given != sent


def test_requests_without_an_id_get_one_each(client: TestClient):
    assert len({client.get("/health").headers["x-request-id"] for _ in range(3)}) == 3


@pytest.mark.parametrize("path", ["/health", "/nothing", "/users/me"])
def test_every_answer_is_safe_to_show(client: TestClient, path: str):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_pages_of_other_origins_may_not_call_unless_they_are_named(client: TestClient, parts: FakeParts):
    origin = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in client.get("/health", headers=origin).headers
    open_to_shop = client_of(parts, cors_origins=("https://shop.example",))
    assert open_to_shop.get("/health", headers=origin).headers["access-control-allow-origin"] == "https://shop.example"
    other = {"Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in open_to_shop.get("/health", headers=other).headers


def test_a_page_of_a_named_origin_may_send_tokens_and_read_the_request_id(parts: FakeParts):
    client = client_of(parts, cors_origins=("https://shop.example",))
    preflight = client.options(
        "/users/me",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert preflight.status_code == 200
    assert "x-request-id" in preflight.headers
    exposed = client.get("/health", headers={"Origin": "https://shop.example"}).headers["access-control-expose-headers"]
    assert {"X-Request-ID", "Retry-After"} <= set(exposed.split(", "))


def test_the_log_has_one_line_for_a_request_and_no_secret_in_it(client: TestClient):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.post(
            "/auth/token?q=private",
            data={"username": "ada@example.com", "password": "correct horse"},
            headers={"X-Request-ID": "abc", **USER},
        )
    line = lines[-1]
    assert (line["method"], line["path"], line["request_id"]) == ("POST", "/auth/token", "abc")
    assert {"event", "status", "ms", "log_level"} < set(line)
    assert not any(secret in str(lines) for secret in ("correct horse", "ada@example.com", "user-7", "private"))


def test_a_mistake_of_ours_is_in_the_log_with_its_trace_and_the_request_id(client: TestClient, parts: FakeParts):
    parts["get_account"].answer = ZeroDivisionError("the cause")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.get("/users/me", headers={"X-Request-ID": "abc", **USER})
    failure, access = lines
    assert failure["exc_info"] and failure["log_level"] == "error" and failure["request_id"] == "abc"
    assert access["status"] == 500
