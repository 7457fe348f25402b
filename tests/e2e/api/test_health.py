"""Health, and what the API says when its database is gone."""

from pathlib import Path

from starlette.testclient import TestClient

from domain.errors import StorageUnavailable
from main.asgi import build_app
from tests.e2e.api.conftest import PASSWORD, make_container, sign_in


def test_a_service_without_a_model_is_ready(http: TestClient):
    assert http.get("/health").json() == {"status": "ok"}
    answer = http.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["components"] == {"database": "ready", "model": "absent", "index": "absent", "cache": "ready"}


def test_without_its_database_the_service_asks_to_come_back(tmp_path: Path):
    """The file is swapped for a folder under the running service: no read or write can succeed."""
    container = make_container(tmp_path)
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
        ada = sign_in(client, client.post("/users/", json=body).json()["id"], body["email"])
        container.engine().dispose()
        for file in tmp_path.glob("marquee.db*"):
            file.rename(tmp_path / f"moved-{file.name}")
        (tmp_path / "marquee.db").mkdir()
        calls = [
            client.get("/movies/"),
            client.post("/users/", json={**body, "email": "b@example.com"}),
            client.get("/users/me", headers=ada.headers),
            client.get("/recommendations/", headers=ada.headers),
            client.post("/ratings/", json=[{"item_id": 1, "rating": 3}], headers=ada.headers),
        ]
        for response in calls:
            assert response.status_code == 503, response.text
            assert response.json()["error"]["code"] == StorageUnavailable.code
            assert int(response.headers["retry-after"]) >= 1
        assert client.get("/health").status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503 and ready.json()["components"]["database"] == "unavailable"
        (tmp_path / "marquee.db").rmdir()
        for file in tmp_path.glob("moved-*"):
            file.rename(tmp_path / file.name.removeprefix("moved-"))
        assert client.get("/users/me", headers=ada.headers).status_code == 200
