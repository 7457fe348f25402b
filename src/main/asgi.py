"""The ASGI application. `uvicorn --factory main.asgi:app` serves it, as `marquee serve` does."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from infrastructure.observability.logging import configure_logging
from main.container import Container, build_container
from main.settings import Settings
from presentation.api.app import ApiOptions, create_app

log = logging.getLogger(__name__)


def app() -> FastAPI:
    """The application for the settings of this process."""
    settings = Settings()
    configure_logging(settings.log.format, settings.log.level)
    return build_app(build_container(settings))


def build_app(container: Container) -> FastAPI:
    """The application on the parts of a container, made ready before the first request and closed after the last."""
    settings = container.settings()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        container.init_resources()
        # The first request should not have to wait for the model to be read.
        container.lineups().current(container.user_states().catalogue_revision())
        log.info("serving from %s", settings.home)
        yield
        # Draining the log comes before closing what it writes to.
        container.shutdown_resources()
        container.engine().dispose()

    options = ApiOptions(
        version=version("marquee"),
        cors_origins=settings.http.cors_origins,
        max_body_bytes=settings.http.max_body_bytes,
        max_bulk_bytes=settings.http.max_bulk_bytes,
        lifespan=lifespan,
    )
    return create_app(options, container.providers)
