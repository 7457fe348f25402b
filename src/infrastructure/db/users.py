"""Accounts in SQL."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from domain.errors import LastAdmin, UserNotFound
from domain.paging import Page, PageRequest
from domain.taste import TasteSettings
from domain.users import Role, User
from infrastructure.db import tables
from infrastructure.db.counts import chunks, lock_items, recount, shift_counts
from infrastructure.db.dialect import advance_ids, lift_time_limit, lock_all, locked, upsert
from infrastructure.db.keys import can_be_id, fold
from infrastructure.db.paging import count_of, window
from infrastructure.db.tables import items, ratings, taste_settings, users


class SqlUsers:
    """Users of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: int) -> User:
        statement = select(User).where(users.c.id == user_id).execution_options(populate_existing=True)
        user = self._session.scalar(statement) if can_be_id(user_id) else None
        if user is None:
            raise UserNotFound(user_id)
        return user

    def find_by_email(self, email: str) -> User | None:
        return self._session.scalar(select(User).where(users.c.email_key == fold(email)))

    def add(self, user: User) -> User:
        explicit = user.id
        self._session.add(user)
        self._session.flush()
        if explicit is not None:
            advance_ids(self._session.connection(), users, explicit)
        return user

    def save(self, user: User) -> None:
        user_id = user.id
        if user_id is None:
            raise ValueError("a user who was never stored cannot be saved")
        if user not in self._session:
            # Changed outside this session: what it holds is laid over the stored row.
            self.get(user_id)
            self._session.merge(user)
        try:
            self._session.flush()
        except StaleDataError as gone:
            raise UserNotFound(user_id) from gone

    def erase(self, user_id: int) -> None:
        # All admins are locked, so that of two who erase each other the second sees that the first is gone.
        statement = select(users.c.id, users.c.role).where(or_(users.c.id == user_id, users.c.role == Role.ADMIN))
        found = self._session.execute(locked(statement.order_by(users.c.id))) if can_be_id(user_id) else ()
        roles = {row.id: row.role for row in found}
        if user_id not in roles:
            raise UserNotFound(user_id)
        if roles[user_id] is Role.ADMIN and list(roles.values()).count(Role.ADMIN) == 1:
            raise LastAdmin
        self._take_back_ratings(user_id)
        self._session.execute(delete(User).where(users.c.id == user_id))

    def consents(self, user_ids: Sequence[int]) -> dict[int, bool]:
        found: dict[int, bool] = {}
        for part in chunks([user_id for user_id in user_ids if can_be_id(user_id)]):
            rows = self._session.execute(select(users.c.id, users.c.consent).where(users.c.id.in_(part)))
            found.update((row.id, row.consent) for row in rows)
        return found

    def forget_log(self, user_id: int) -> None:
        for table in (tables.impressions, tables.engagements):
            self._session.execute(update(table).where(table.c.user_id == user_id).values(user_id=None))
        for table in (tables.feedback, tables.signals):
            self._session.execute(delete(table).where(table.c.user_id == user_id))

    def erase_all_of(self, origin: str) -> int:
        return self._erase_where((users.c.origin == origin) & (users.c.role != Role.ADMIN))

    def erase_all_but_admins(self) -> int:
        return self._erase_where(users.c.role != Role.ADMIN)

    def _erase_where(self, others: ColumnElement[bool]) -> int:
        connection = self._session.connection()
        lift_time_limit(connection)
        erased = lock_all(connection, select(users.c.id).where(others).order_by(users.c.id))
        lock_all(connection, select(items.c.id).order_by(items.c.id))
        self._session.execute(delete(User).where(others))
        recount(connection)
        return erased

    def has_admin(self) -> bool:
        return bool(self._session.scalar(select(exists().where(users.c.role == Role.ADMIN))))

    def list_page(self, page: PageRequest, text: str | None = None) -> Page[User]:
        statement = select(User)
        if text:
            sought = fold(text)
            statement = statement.where(
                or_(
                    users.c.email_key.contains(sought, autoescape=True),
                    users.c.username_key.contains(sought, autoescape=True),
                )
            )
        found = self._session.scalars(window(statement.order_by(users.c.id), page)).all()
        return Page(found, page.page, page.size, count_of(self._session, statement))

    def taste(self, user_id: int) -> TasteSettings:
        row = self._session.execute(
            select(taste_settings.c.muted_genres, taste_settings.c.boosted_genres).where(
                taste_settings.c.user_id == user_id
            )
        ).one_or_none()
        return TasteSettings(frozenset(row.muted_genres), frozenset(row.boosted_genres)) if row else TasteSettings()

    def set_taste(self, user_id: int, taste: TasteSettings) -> None:
        kept = locked(select(users.c.id).where(users.c.id == user_id), shared=True)
        if not can_be_id(user_id) or self._session.scalar(kept) is None:
            raise UserNotFound(user_id)
        values = {
            "muted_genres": tuple(sorted(taste.muted_genres)),
            "boosted_genres": tuple(sorted(taste.boosted_genres)),
        }
        insert = upsert(taste_settings, self._session.get_bind().dialect.name).values(user_id=user_id, **values)
        self._session.execute(insert.on_conflict_do_update(index_elements=[taste_settings.c.user_id], set_=values))

    def _take_back_ratings(self, user_id: int) -> None:
        connection = self._session.connection()
        mine = ratings.c.user_id == user_id
        lock_items(connection, connection.scalars(select(ratings.c.item_id).where(mine)).all())
        removed = connection.execute(delete(ratings).where(mine).returning(ratings.c.item_id, ratings.c.value))
        shift_counts(connection, {row.item_id: (-1, -row.value) for row in removed})
