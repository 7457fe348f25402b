"""Schemathesis over the OpenAPI document, with all its checks and as three kinds of callers: no answer may be a 5xx.

What a schema cannot say, such as that an item must exist, is answered by 404, 409 or 422; that is why good data may get
those. Everything else about an answer must be as documented.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection
from starlette.testclient import TestClient

from application.accounts import NewAccount
from domain.users import Role
from main.asgi import build_app
from main.container import Container
from presentation.api.app import ApiOptions, create_app
from tests.e2e.api.conftest import PASSWORD, make_container
from tests.integration.db.conftest import postgres_url  # noqa: F401  a fixture
from tests.unit.api.fakes import FakeParts, client_of

pytestmark = pytest.mark.slow

CONFIG = {
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]}},
    "phases": {"coverage": {"unexpected-methods": ["PATCH", "TRACE"]}},
}


LINES = "application/x-ndjson"


@schemathesis.serializer(LINES)
def lines_of_text(context: object, value: object) -> bytes:
    """Whatever text was thought up, as it is: the answer says of each line what is wrong with it."""
    return str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A service that is told to expect many strangers and many bad passwords."""
    database = {"url": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}
    container = make_container(
        tmp_path_factory.mktemp("contract"),
        database=database,
        serving={"stranger_requests": 1_000_000},
        auth={"sign_in_failures": 1_000_000, "sign_in_failures_per_address": 1_000_000},
    )
    with TestClient(build_app(container)):
        yield container


#: the operations, known before any service runs
schema = schemathesis.openapi.from_asgi(
    "/openapi.json", client_of(FakeParts()).app, config=SchemathesisConfig.from_dict(CONFIG)
)


@pytest.fixture(scope="module")
def app(served: Container) -> FastAPI:
    """The application without its lifespan, which schemathesis would begin and end with every call."""
    return create_app(ApiOptions("0.0"), served.providers)


@pytest.fixture
def headers(served: Container, role: str) -> dict[str, str]:
    """A token of somebody new for each operation, for some operations erase the caller."""
    if role == "anonymous":
        return {}
    name = uuid4().hex
    account = NewAccount(f"{name}@example.com", name, PASSWORD)
    user = served.sign_up()(account, role=Role(role))
    return {"Authorization": f"Bearer {served.access_tokens().issue(user, served.clock().now())}"}


@pytest.mark.parametrize("role", ["anonymous", "user", "admin"])
@schema.parametrize()
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case: schemathesis.Case, app: FastAPI, headers: dict[str, str], role: str):
    # Any text is a body of lines, so there is no schema to violate: each line is judged by itself.
    excluded = [negative_data_rejection] if case.media_type == LINES else []
    case.call_and_validate(headers=headers, app=app, excluded_checks=excluded)
