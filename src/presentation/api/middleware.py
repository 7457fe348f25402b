"""What surrounds every request. Plain ASGI: a middleware on Starlette's base class costs a task for each request."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from presentation.api.errors import envelope, error_response, internal_error

REQUEST_ID = b"x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

#: nothing here is to be framed, sniffed or kept by caches; pages set a policy of their own
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

access_log = structlog.get_logger("access")


@dataclass(frozen=True)
class RequestFrame:
    """Gives every request an id, every answer its headers, every mistake of ours an answer, and the log one line."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                named = {name for name, _ in headers}
                own = ((REQUEST_ID, request_id.encode()), *SECURITY_HEADERS)
                message = {**message, "headers": [*headers, *(one for one in own if one[0] not in named)]}
            await send(message)

        try:
            await self.app(scope, receive, send_framed)
        except Exception:
            access_log.exception("request failed", method=scope["method"], path=scope["path"])
            if status:
                raise
            await internal_error(request_id)(scope, receive, send_framed)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 2)
            access_log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)


class _BodyTooLarge(Exception):
    pass


@dataclass(frozen=True)
class BodyLimit:
    """Refuses bodies of more than `most` bytes: by what they announce, and by what arrives.

    `exceptions` are paths that take another number of bytes.
    """

    app: ASGIApp
    most: int
    exceptions: Mapping[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.exceptions.get(scope["path"].removeprefix(scope.get("root_path", "")), self.most)
        if _announced_length(scope) > most:
            await self._refuse(most, scope, receive, send)
            return
        received, answering = 0, False

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _BodyTooLarge
            return message

        async def send_watched(message: Message) -> None:
            nonlocal answering
            # Whatever the framework made of the exception above, the answer is ours.
            if received <= most or answering:
                answering = True
                await send(message)

        with suppress(_BodyTooLarge):
            await self.app(scope, receive_limited, send_watched)
        if received > most and not answering:
            await self._refuse(most, scope, receive, send)

    async def _refuse(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The body must not have more than {most} bytes."
        content = envelope("body_too_large", message, (), scope["state"]["request_id"])
        response = error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content, {"Connection": "close"})
        await response(scope, receive, send)


def _request_id(scope: Scope) -> str:
    """The caller's own id where it sent a sane one, so that it can find its request in our log."""
    sent: bytes = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
    return sent.decode("ascii") if _SANE_ID.fullmatch(sent) else uuid4().hex


def _announced_length(scope: Scope) -> int:
    length: bytes = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length[:20]) if length.isdigit() else 0
