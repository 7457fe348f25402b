"""From what went wrong to what is answered: one table, one envelope."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.errors import (
    Conflict,
    Detail,
    Invalid,
    MarqueeError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooManyRequests,
    Unavailable,
)

#: family of errors → how it is answered
STATUSES: Mapping[type[MarqueeError], HTTPStatus] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

VALIDATION_ERROR = "validation_error"
#: of what HTTP itself finds wrong: status → code and message
_HTTP_ERRORS = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take this method."),
}
#: a batch of ratings has a thousand rows of three fields
_MOST_DETAILS = 3000
_LONGEST_DETAIL = 200

log = structlog.get_logger(__name__)


class JsonError(Response):
    media_type = "application/json"


def status_of(error: MarqueeError) -> HTTPStatus:
    """The status of the family that the error belongs to; an error of no family is a mistake of ours."""
    return next((s for family, s in STATUSES.items() if isinstance(error, family)), HTTPStatus.INTERNAL_SERVER_ERROR)


def envelope(code: str, message: str, details: Sequence[Detail], request_id: str) -> dict[str, object]:
    """The one form in which every error is answered."""
    rows = [{"where": detail.where, "problem": detail.problem} for detail in details]
    return {"error": {"code": code, "message": message, "details": rows, "request_id": request_id}}


def error_response(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """An error as JSON. Names of fields are the caller's and may hold anything, which faster encoders do not take."""
    return JsonError(json.dumps(content), int(status), dict(headers or {}))


def internal_error(request_id: str) -> Response:
    """What is said of a mistake of ours: nothing but where to find it in the log."""
    content = envelope("internal_error", "Something went wrong on our side.", (), request_id)
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, content)


def headers_of(error: MarqueeError) -> dict[str, str]:
    """What an answer to this error says besides its body."""
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooManyRequests | Unavailable):
        return {"Retry-After": str(error.retry_after)}
    return {}


def register(app: FastAPI) -> None:
    """Answer every error that leaves an endpoint, a dependency or the router by the envelope."""
    app.add_exception_handler(MarqueeError, _answer_marquee_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_error)


async def _answer_marquee_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, MarqueeError) or (status := status_of(error)) is HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    if isinstance(error, Unavailable):
        # The kind of the cause alone: a database driver's own words quote what was being stored.
        cause = type(error.__cause__).__name__ if error.__cause__ else None
        log.warning("unavailable", code=error.code, problem=error.message, cause=cause)
    content = envelope(error.code, error.message, error.details, request_id_of(request))
    return error_response(status, content, headers_of(error))


async def _answer_validation_error(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    details = [Detail(_where(one), _problem(one["msg"])) for one in found[:_MOST_DETAILS]]
    return _invalid(request, details)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # The framework's word for a body that it could not read at all.
        return _invalid(request, [Detail("body", "cannot be read")])
    status = HTTPStatus(error.status_code)
    code, message = _HTTP_ERRORS.get(status, (status.name.lower(), f"{status.phrase}."))
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_allowed_methods(request)))
    return error_response(status, envelope(code, message, (), request_id_of(request)), headers)


def _invalid(request: Request, details: Sequence[Detail]) -> Response:
    content = envelope(VALIDATION_ERROR, "The request is not valid.", details, request_id_of(request))
    return error_response(HTTPStatus.UNPROCESSABLE_ENTITY, content)


def request_id_of(request: Request) -> str:
    """The id that the answer will carry."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def _where(error: Mapping[str, Any]) -> str:
    """The field as the caller knows it: `0.rating`, `email`, `k`; `body` for the body as a whole."""
    _, *inside = error["loc"]
    if not inside or error["type"] == "json_invalid":
        return str(error["loc"][0])
    return ".".join(map(str, inside))[:_LONGEST_DETAIL]


def _problem(message: str) -> str:
    return message.removeprefix("Value error, ")[:_LONGEST_DETAIL]


def _allowed_methods(request: Request) -> set[str]:
    """Every method that some route takes at this path; the framework itself names those of the first route alone."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if (pattern := getattr(route, "path_regex", None)) is not None and pattern.match(path)
        for method in route.methods or ()
    }
