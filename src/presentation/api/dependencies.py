"""What endpoints ask for: use cases by the name of their provider, and who is calling.

dependency-injector's own marker, `Depends(Provide["name"])`, is a plain callable, which FastAPI runs in the thread pool
anew for every request: 50 µs each. `Provided` is asked on the event loop, in 13 µs, and wires no module, so that two
applications can stand side by side in one process.
"""

from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import OAuth2
from starlette.requests import HTTPConnection

from application.accounts import RequireAdmin
from domain.errors import NotAuthenticated
from domain.ports.services import Throttle
from domain.users import Principal, User

#: what a container offers: providers by name, each giving the object that is asked for
Providers = Mapping[str, Callable[[], Any]]

#: where clients that follow OAuth2 get their tokens, relative to the application's root
TOKEN_URL = "auth/token"  # noqa: S105  an address, no secret


class Provided:
    """Gives what the application's container provides under a name."""

    #: every name that is asked for anywhere
    names: set[str] = set()  # noqa: RUF012  one for the class, on purpose

    def __init__(self, name: str) -> None:
        self._name = name
        self.names.add(name)

    def get(self, connection: HTTPConnection) -> Any:
        return connection.app.state.providers[self._name]()

    async def __call__(self, connection: HTTPConnection) -> Any:
        return self.get(connection)


def provided(name: str) -> Any:
    """Mark a parameter as coming from the container under this name."""
    return Depends(Provided(name))


class AccessToken(OAuth2):
    """Reads the bearer token and says who is calling. Raises `NotAuthenticated`, `InvalidToken`."""

    def __init__(self) -> None:
        super().__init__(
            flows={"password": {"tokenUrl": TOKEN_URL, "refreshUrl": "auth/refresh", "scopes": {}}},
            scheme_name="AccessToken",
            description="An access token from `POST /auth/token`, as `Authorization: Bearer …`.",
        )
        self._access_tokens = Provided("access_tokens")
        self._clock = Provided("clock")

    async def __call__(self, request: HTTPConnection) -> Principal:  # type: ignore[override]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("Sign in first: this call needs an access token, sent as a bearer token.")
        now = self._clock.get(request).now()
        principal: Principal = self._access_tokens.get(request).verify(token.strip(), now)
        return principal


Caller = Annotated[Principal, Depends(AccessToken())]


def admin(caller: Caller, require_admin: Annotated[RequireAdmin, provided("require_admin")]) -> User:
    """The calling admin, by what the database says now."""
    return require_admin(caller)


def address(request: Request) -> str:
    """The caller's network address, as the server or the proxy it trusts tells it.

    Of an IPv6 address the network counts: every customer of a provider has 2⁶⁴ addresses to try with.
    """
    host = request.client.host if request.client else "unknown"
    try:
        number = IPv6Address(host.partition("%")[0])
    except AddressValueError:
        return host
    return str(number.ipv4_mapped or IPv6Network((number, 64), strict=False))


Address = Annotated[str, Depends(address)]


def stranger_allowance(request: Request, throttle: Annotated[Throttle, provided("throttle")]) -> None:
    """Count a request by somebody who has not signed in. Raises `TooManyRequests`."""
    key = address(request)
    throttle.check("stranger", key)
    throttle.record("stranger", key)
