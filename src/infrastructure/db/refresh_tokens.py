"""Refresh tokens in SQL."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import InvalidToken, UserNotFound
from domain.users import RefreshToken
from infrastructure.db.tables import refresh_tokens


class SqlRefreshTokens:
    """Refresh tokens of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, token: RefreshToken) -> None:
        row = {
            "digest": token.digest,
            "family": token.family,
            "user_id": token.user_id,
            "expires_at": token.expires_at,
        }
        try:
            self._session.execute(insert(refresh_tokens), row)
        except IntegrityError as erased:
            # Digests do not repeat, so only the user can be missing: erased since the sign-in was checked.
            raise UserNotFound(token.user_id) from erased

    def spend(self, digest: str, now: datetime) -> RefreshToken:
        # A renewal that is under way while its family is revoked adds a token which that revocation cannot see, so
        # one revoked token is enough to condemn all of its family.
        sibling = refresh_tokens.alias("sibling")
        condemned = exists().where(sibling.c.family == refresh_tokens.c.family, sibling.c.revoked)
        spent = self._session.execute(
            update(refresh_tokens)
            .where(
                refresh_tokens.c.digest == digest,
                ~refresh_tokens.c.used,
                ~condemned,
                refresh_tokens.c.expires_at > now,
            )
            .values(used=True)
            .returning(refresh_tokens.c.family, refresh_tokens.c.user_id, refresh_tokens.c.expires_at)
        ).one_or_none()
        if spent is None:
            self._revoke(_family_of(refresh_tokens.c.used, refresh_tokens.c.digest == digest))
            raise InvalidToken
        return RefreshToken(digest, spent.family, spent.user_id, spent.expires_at)

    def revoke_family_of(self, digest: str, user_id: int) -> None:
        self._revoke(_family_of(refresh_tokens.c.digest == digest, refresh_tokens.c.user_id == user_id))

    def revoke_all_of(self, user_id: int) -> None:
        self._revoke(refresh_tokens.c.user_id == user_id)

    def _revoke(self, which: ColumnElement[bool]) -> None:
        self._session.execute(update(refresh_tokens).where(which).values(revoked=True))


def _family_of(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tokens of the same family as the given one."""
    return refresh_tokens.c.family.in_(select(refresh_tokens.c.family).where(*which).correlate(None))
