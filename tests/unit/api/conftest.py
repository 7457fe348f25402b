from collections.abc import Iterator

import pytest
import structlog
from starlette.testclient import TestClient

from tests.unit.api.fakes import FakeParts, client_of


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Nothing on the terminal, and no caching of loggers from one test to the next."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
def parts() -> FakeParts:
    return FakeParts()


@pytest.fixture
def client(parts: FakeParts) -> TestClient:
    return client_of(parts)
