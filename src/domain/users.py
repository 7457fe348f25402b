"""Users: who is recommended to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True)
class Demographics:
    """What somebody told us about themselves; every part may be missing."""

    age: int | None = None
    gender: str | None = None
    occupation: str | None = None
    zip_code: str | None = None


@dataclass(eq=False)
class User:
    """An account. Users that came with a data set have neither an email address nor a password."""

    username: str
    created_at: datetime
    id: int | None = None
    email: str | None = None
    password_hash: str | None = None
    role: Role = Role.USER
    age: int | None = None
    gender: str | None = None
    occupation: str | None = None
    zip_code: str | None = None
    consent: bool = True
    #: data set that the account came with; None for people
    origin: str | None = None

    @property
    def demographics(self) -> Demographics:
        return Demographics(self.age, self.gender, self.occupation, self.zip_code)


@dataclass(frozen=True)
class Principal:
    """Who is calling: what an access token says once it has been verified."""

    user_id: int
    role: Role

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    def may_act_for(self, user_id: int) -> bool:
        return self.is_admin or self.user_id == user_id


@dataclass(frozen=True)
class TokenPair:
    """A short-lived access token and the refresh token that renews it; `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class RefreshToken:
    """A stored refresh token. Only the digest is kept; a family is one sign-in and all its renewals."""

    digest: str
    family: str
    user_id: int
    expires_at: datetime
