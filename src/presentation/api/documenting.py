"""What the OpenAPI document says of errors: those that an operation names, and those that follow from its shape."""

from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel

from domain.errors import (
    Detail,
    Invalid,
    MarqueeError,
    NotAllowed,
    NotAuthenticated,
    StorageUnavailable,
)
from presentation.api.errors import VALIDATION_ERROR, envelope, status_of
from presentation.api.schemas.common import ErrorOut

REQUEST_ID = "5f0c8a52b1d94d0c9a6e3f7b2c1d4e80"
ENVELOPE = {"$ref": "#/components/schemas/ErrorOut"}

SIGNED_OUT = NotAuthenticated("Sign in first: this call needs an access token, sent as a bearer token.")
NOT_ADMIN = NotAllowed("This is for admins.")
NOT_OWNER = NotAllowed("This account is somebody else's.")


class _Malformed(Invalid):
    code = VALIDATION_ERROR


class _BodyTooLarge(MarqueeError):
    code = "body_too_large"


MALFORMED = _Malformed("The request is not valid.", [Detail("field", "Field required")])
TOO_LARGE = _BodyTooLarge("The body must not have more than 1048576 bytes.")
OUT_OF_REACH = StorageUnavailable("The database cannot be reached or written to now.")


def named(route: APIRoute) -> str:
    """The id of an operation: the name of its function, which reads well in generated clients."""
    return route.name


def fails(*errors: MarqueeError) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that may answer with these errors, each shown as an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        answer = responses.setdefault(_status(error), {"model": ErrorOut})
        _add(answer, error)
    return responses


def parameters_of(query: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of an operation that reads its query by itself, as the framework would document them."""
    properties = query.model_json_schema(ref_template="#/components/schemas/{model}")["properties"]
    return [
        {"name": name, "in": "query", "required": False, "description": schema.pop("description", ""), "schema": schema}
        for name, schema in properties.items()
    ]


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to every operation of the document the errors that follow from its shape."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422")):
                del responses["422"]
            for error in _implied(path, operation):
                answer = responses.setdefault(str(_status(error)), {})
                _add(answer, error)
                answer["content"]["application/json"]["schema"] = ENVELOPE
            operation["responses"] = dict(sorted(responses.items()))
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


def _implied(path: str, operation: dict[str, Any]) -> Iterator[MarqueeError]:
    if "security" in operation:
        yield SIGNED_OUT
    if "requestBody" in operation:
        yield TOO_LARGE
    if "requestBody" in operation or "parameters" in operation:
        yield MALFORMED
    if path != "/health":
        yield OUT_OF_REACH


def _status(error: MarqueeError) -> int:
    return 413 if isinstance(error, _BodyTooLarge) else int(status_of(error))


def _add(answer: dict[str, Any], error: MarqueeError) -> None:
    examples = answer.setdefault("content", {}).setdefault("application/json", {}).setdefault("examples", {})
    value = envelope(error.code, error.message, error.details, REQUEST_ID)
    examples[error.code] = {"summary": error.message, "value": value}
    answer["description"] = " or ".join(f"`{code}`" for code in examples)
