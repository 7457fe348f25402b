"""Sign-in sessions: a password becomes tokens, tokens are renewed, and a session ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import BadCredentials, InvalidToken, UserNotFound
from domain.ports.services import AccessTokens, Clock, IdSource, PasswordHasher, SecretSource, Throttle
from domain.ports.storage import UnitOfWork, UnitOfWorkFactory
from domain.users import Principal, RefreshToken, TokenPair, User


@dataclass(frozen=True)
class TokenIssuer:
    """Makes the pair of tokens that a session lives by. `refresh_lifetime` is how long it may rest unused."""

    access_tokens: AccessTokens
    secrets: SecretSource
    refresh_lifetime: timedelta

    def issue(self, work: UnitOfWork, user: User, family: str, now: datetime) -> TokenPair:
        secret = self.secrets.new()
        if user.id is None:
            raise ValueError("a user without an id has no session")
        digest = self.secrets.digest(secret)
        work.refresh_tokens.add(RefreshToken(digest, family, user.id, now + self.refresh_lifetime))
        return TokenPair(self.access_tokens.issue(user, now), secret, self.access_tokens.lifetime)


@dataclass(frozen=True)
class SignIn:
    """Exchange email and password for tokens.

    Failures are counted against the account as seen from the caller's address, and against the address; there is no
    lock-out that a stranger could cause. Raises `BadCredentials`, `TooManyRequests`.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    tokens: TokenIssuer
    throttle: Throttle
    clock: Clock
    ids: IdSource

    def __call__(self, email: str, password: str, address: str) -> TokenPair:
        keys = (f"{address} {email.casefold()}", address)
        self.throttle.check("sign-in", *keys)
        with self.unit_of_work() as work:
            user = work.users.find_by_email(email)
        # Hashing takes tens of milliseconds: no transaction is held open meanwhile.
        if not self.hasher.verify(password, user.password_hash if user else None) or user is None:
            self.throttle.record("sign-in", *keys)
            raise BadCredentials
        with self.unit_of_work() as work:
            pair = self.tokens.issue(work, user, self.ids.new(), self.clock.now())
            work.commit()
        return pair


@dataclass(frozen=True)
class RenewSession:
    """Exchange a refresh token for a new pair. The old one dies; a dead one takes its family with it.

    Raises `InvalidToken`.
    """

    unit_of_work: UnitOfWorkFactory
    tokens: TokenIssuer
    secrets: SecretSource
    clock: Clock

    def __call__(self, refresh_token: str) -> TokenPair:
        now = self.clock.now()
        with self.unit_of_work() as work:
            try:
                spent = work.refresh_tokens.spend(self.secrets.digest(refresh_token), now)
                user = work.users.get(spent.user_id)
            except (InvalidToken, UserNotFound) as refused:
                # The family of a reused token has just been revoked, and that must stand.
                work.commit()
                raise InvalidToken("The refresh token is not valid.") from refused
            pair = self.tokens.issue(work, user, spent.family, now)
            work.commit()
        return pair


@dataclass(frozen=True)
class SignOut:
    """End the session that the refresh token belongs to."""

    unit_of_work: UnitOfWorkFactory
    secrets: SecretSource

    def __call__(self, principal: Principal, refresh_token: str) -> None:
        with self.unit_of_work() as work:
            work.refresh_tokens.revoke_family_of(self.secrets.digest(refresh_token), principal.user_id)
            work.commit()
