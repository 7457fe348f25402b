"""The application: routers, middlewares, errors and documentation, put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse

from domain.items import Kind
from presentation.api import (
    admin,
    auth,
    debug,
    errors,
    events,
    experiments,
    health,
    measuring,
    models,
    ratings,
    recommendations,
    taste,
    users,
)
from presentation.api.catalogue import catalogue_router
from presentation.api.dependencies import Provided, Providers
from presentation.api.docs import serve_docs
from presentation.api.documenting import complete
from presentation.api.middleware import BodyLimit, RequestFrame

DESCRIPTION = """
Recommendations for a catalogue of films, tracks and courses.

Sign up, sign in, rate a few titles, and ask `GET /recommendations/`: the list follows the very last rating.
Every error has one form, `{"error": {"code", "message", "details", "request_id"}}`, and every answer carries
`X-Request-ID`.
"""
#: in the order in which a newcomer needs them
TAGS = [
    {"name": "Accounts", "description": "Signing up, and what is held about a person."},
    {"name": "Sign-in", "description": "Tokens, their renewal and their end."},
    {"name": "Recommendations", "description": "Lists for users, for strangers and like a title; onboarding."},
    {"name": "Ratings", "description": "What users think of titles."},
    {"name": "Events", "description": "What users do with what they are shown."},
    {"name": "Movies", "description": "The films of the catalogue."},
    {"name": "Tracks", "description": "The tracks of the catalogue."},
    {"name": "Courses", "description": "The courses of the catalogue."},
    {"name": "Health", "description": "For whatever watches over the service."},
    {"name": "Experiments", "description": "Variants of how lists are made, on shares of the users."},
    {"name": "Measuring", "description": "What was shown, and what it earned."},
    {"name": "Admin", "description": "What admins do to the running service."},
    {"name": "Debug", "description": "Raw rows, for admins."},
]


@dataclass(frozen=True)
class ApiOptions:
    """What differs from one installation to the next. `lifespan` runs around the serving of requests."""

    version: str
    title: str = "Marquee"
    cors_origins: tuple[str, ...] = ()
    max_body_bytes: int = 1_048_576
    max_bulk_bytes: int = 16_777_216
    docs: bool = True
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None


class Api(FastAPI):
    """FastAPI, with a document that names every error."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi())
        return super().openapi()


def create_app(options: ApiOptions, providers: Providers) -> FastAPI:
    """The API on what `providers` gives by name. Raises `KeyError` at once when a name is missing."""
    if missing := Provided.names - providers.keys():
        raise KeyError(f"no provider is named {', '.join(sorted(missing))}")
    # The hot path first: routes are tried one after another. They are taken out of their routers, for looking into an
    # included router costs every request 50 µs.
    routers = [one.router for one in (recommendations, events, ratings, auth, users, taste, health, admin, debug)]
    routers += [models.router, experiments.router, measuring.router]
    routers += [make(kind) for kind in Kind for make in (catalogue_router, measuring.feedback_router)]
    app = Api(
        routes=[route for router in routers for route in router.routes],
        title=options.title,
        version=options.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url="/openapi.json" if options.docs else None,
        docs_url=None,
        redoc_url=None,
        lifespan=options.lifespan,
    )
    app.state.providers = providers
    errors.register(app)
    if options.docs:
        serve_docs(app)
        app.add_route("/", _to_docs, include_in_schema=False)
    _surround(app, options)
    return app


def _surround(app: FastAPI, options: ApiOptions) -> None:
    """The last middleware added is the first to see a request."""
    app.add_middleware(BodyLimit, most=options.max_body_bytes, exceptions={events.BULK_PATH: options.max_bulk_bytes})
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.add_middleware(RequestFrame)


async def _to_docs(request: object) -> RedirectResponse:
    return RedirectResponse("docs")
