"""Ports for time, identity and protection."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from domain.users import Principal, User

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present time, in UTC and aware of it."""
        ...


class IdSource(Protocol):
    def new(self) -> str:
        """A fresh UUID in text form."""
        ...


class PasswordHasher(Protocol):
    def hash(self, password: str) -> str: ...

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password matches. With nothing stored it is False, after as much work as if there were."""
        ...


class PasswordPolicy(Protocol):
    def check(self, password: str, email: str, username: str) -> None:
        """Raise `WeakPassword` when the password must not be used by this person."""
        ...


class AccessTokens(Protocol):
    @property
    def lifetime(self) -> int:
        """How long a token is good for, in seconds."""
        ...

    def issue(self, user: User, now: datetime) -> str: ...

    def verify(self, token: str, now: datetime) -> Principal:
        """Who the token speaks for. Raises `InvalidToken` for whatever is not a good token of ours."""
        ...


class SecretSource(Protocol):
    def new(self) -> str:
        """An unguessable string of at least 256 bits."""
        ...

    def digest(self, secret: str) -> str:
        """What is stored in place of such a string."""
        ...


class Throttle(Protocol):
    """Slows down repeated attempts."""

    def check(self, purpose: str, *keys: str) -> None:
        """Raise `TooManyRequests` when one of the keys has used up its allowance for the purpose."""
        ...

    def record(self, purpose: str, *keys: str) -> None:
        """Count one attempt against each key."""
        ...


class Progress(Protocol):
    """Shows how far long work has come: a bar on a terminal, lines in a log."""

    def track(self, entries: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Pass the entries through, counting them."""
        ...

    def say(self, message: str) -> None:
        """One line about what was done or found."""
        ...
