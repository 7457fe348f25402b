"""Access tokens: signed, short-lived, and checked against the time that is passed in."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import jwt

from domain.errors import InvalidConfig, InvalidToken
from domain.users import Principal, Role, User

ALGORITHM = "HS256"
#: RFC 9068: says that this is an access token and nothing else that we might sign one day
TYPE = "at+jwt"
LONGEST_LIFETIME = timedelta(minutes=15)
#: how far the clocks of two of our hosts may differ
CLOCK_SKEW = timedelta(seconds=30)
MOST_KEYS = 2
#: tokens whose signature has been checked and is not checked again
REMEMBERED = 4096
KEY_LENGTH = 32
_CLAIMS = ("iss", "aud", "sub", "role", "iat", "exp", "jti")


class JwtAccessTokens:
    """JSON web tokens under a ring of at most two keys: the first signs, both verify.

    Raises `InvalidConfig` for a ring, a key or a lifetime outside what is safe.
    """

    def __init__(
        self,
        keys: Sequence[str],
        issuer: str = "marquee",
        audience: str = "marquee",
        lifetime: timedelta = LONGEST_LIFETIME,
    ) -> None:
        if not 1 <= len(keys) <= MOST_KEYS or any(len(key) < KEY_LENGTH for key in keys):
            raise InvalidConfig(f"Tokens are signed under one or two keys of at least {KEY_LENGTH} characters.")
        if not timedelta() < lifetime <= LONGEST_LIFETIME:
            raise InvalidConfig("An access token must live for at most 15 minutes.")
        self._ring = {key_id(key): key for key in keys}
        self._signing_id = key_id(keys[0])
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        # A client sends its token with every request; the signature of the very same string need not be checked twice.
        self._claims = lru_cache(REMEMBERED)(self._signed_claims)

    @property
    def lifetime(self) -> int:
        """Seconds."""
        return int(self._lifetime.total_seconds())

    def issue(self, user: User, now: datetime) -> str:
        issued = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user.id),
            "role": user.role.value,
            "iat": issued,
            "exp": issued + self.lifetime,
            "jti": secrets.token_urlsafe(16),
        }
        headers = {"typ": TYPE, "kid": self._signing_id}
        return jwt.encode(claims, self._ring[self._signing_id], ALGORITHM, headers=headers)

    def verify(self, token: str, now: datetime) -> Principal:
        """Who the token speaks for. Raises `InvalidToken` for whatever is not a good token of ours."""
        principal, issued, expires = self._claims(token)
        if now.timestamp() >= expires:
            raise InvalidToken("The access token has expired.")
        # One that was issued later than now: some clock was set back, and the token must not live longer for it.
        if issued > now.timestamp() + CLOCK_SKEW.total_seconds():
            raise InvalidToken
        return principal

    def _signed_claims(self, token: str) -> tuple[Principal, int, int]:
        """Who the token speaks for, when it was issued and when it expires, in unix seconds."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._ring.get(header.get("kid", ""))
            if key is None or header.get("typ") != TYPE:
                raise InvalidToken
            claims = jwt.decode(
                token,
                key,
                [ALGORITHM],
                # Its own clock is left out: time is passed in and checked for every request.
                options={
                    "require": list(_CLAIMS),
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
                issuer=self._issuer,
                audience=self._audience,
            )
            issued, expires = int(claims["iat"]), int(claims["exp"])
            if expires - issued > self.lifetime:
                raise InvalidToken
            return Principal(int(claims["sub"]), Role(claims["role"])), issued, expires
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as broken:
            raise InvalidToken from broken


def key_id(key: str) -> str:
    """A short name of a key that gives nothing of it away."""
    return hashlib.sha256(b"marquee key id\0" + key.encode()).hexdigest()[:16]
