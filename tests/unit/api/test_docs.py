"""The page of the documentation works, and loads nothing from another host."""

import re

import pytest
from starlette.testclient import TestClient

from tests.unit.api.fakes import FakeParts, client_of


def test_the_page_loads_only_what_this_host_has(client: TestClient):
    page = client.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4 and all(address.startswith("/docs/") for address in addresses)
    for address in addresses:
        assert client.get(address).status_code == 200


def test_the_page_forbids_inline_scripts_and_other_hosts(client: TestClient):
    policy = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "<script>" not in client.get("/docs").text


def test_browsers_may_keep_the_files_but_not_the_page(client: TestClient):
    assert client.get("/docs/assets/swagger-ui.css").headers["cache-control"] == "public, max-age=86400"
    assert client.get("/docs").headers["cache-control"] == "no-store"


def test_the_page_starts_on_the_document(client: TestClient):
    script = client.get("/docs/start.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert '"url": "/openapi.json"' in script.text
    assert client.get("/openapi.json").json()["info"]["title"] == "Marquee"


def test_the_front_door_leads_to_the_page(client: TestClient):
    response = client.get("/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "docs")


@pytest.mark.parametrize("path", ["/docs", "/docs/start.js", "/docs/assets/swagger-ui.css", "/openapi.json", "/redoc"])
def test_documentation_can_be_switched_off(parts: FakeParts, path: str):
    assert client_of(parts, docs=False).get(path).status_code == 404


def test_no_file_beside_the_assets_can_be_had(client: TestClient):
    for path in ("/docs/assets/../core.py", "/docs/assets/%2e%2e/core.py", "/docs/assets/"):
        assert client.get(path).status_code == 404
