"""Accounts: made, seen, changed and erased."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from domain.engagements import Engagement, Feedback
from domain.errors import InvalidToken, NotAllowed, UserNotFound
from domain.events import Rating
from domain.impressions import Impression
from domain.paging import Page, PageRequest
from domain.ports.services import Clock, PasswordHasher, PasswordPolicy, SecretSource
from domain.ports.storage import UnitOfWork, UnitOfWorkFactory
from domain.taste import TasteSettings
from domain.users import Demographics, Principal, Role, User

T = TypeVar("T")

#: parts of an account that its owner may change
CHANGEABLE = frozenset({"email", "username", "age", "gender", "occupation", "zip_code", "consent"})
EXPORT_PAGE = PageRequest(size=1000)


@dataclass(frozen=True)
class NewAccount:
    email: str
    username: str
    password: str
    demographics: Demographics = field(default_factory=Demographics)
    consent: bool = True


@dataclass(frozen=True)
class AccountExport:
    """Everything held about one user."""

    user: User
    taste: TasteSettings
    ratings: tuple[Rating, ...]
    impressions: tuple[Impression, ...]
    engagements: tuple[Engagement, ...]
    feedback: tuple[Feedback, ...]


@dataclass(frozen=True)
class SignUp:
    """Make an account. Raises `WeakPassword`, `EmailTaken`, `UsernameTaken`."""

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    policy: PasswordPolicy
    clock: Clock

    def __call__(self, account: NewAccount, role: Role = Role.USER) -> User:
        self.policy.check(account.password, account.email, account.username)
        who = account.demographics
        user = User(
            username=account.username,
            email=account.email,
            password_hash=self.hasher.hash(account.password),
            role=role,
            age=who.age,
            gender=who.gender,
            occupation=who.occupation,
            zip_code=who.zip_code,
            consent=account.consent,
            created_at=self.clock.now(),
        )
        with self.unit_of_work() as work:
            stored = work.users.add(user)
            work.commit()
        return stored


@dataclass(frozen=True)
class CreateFirstAdmin:
    """Make an admin with a generated password when there is no admin yet. Returns the password; it is kept nowhere."""

    unit_of_work: UnitOfWorkFactory
    sign_up: SignUp
    secrets: SecretSource

    def __call__(self, email: str, username: str) -> str | None:
        with self.unit_of_work() as work:
            if work.users.has_admin():
                return None
        password = self.secrets.new()
        self.sign_up(NewAccount(email, username, password), role=Role.ADMIN)
        return password


@dataclass(frozen=True)
class GetAccount:
    """The caller's own account. Raises `InvalidToken` when it has been erased since the token was issued."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal) -> User:
        with self.unit_of_work() as work:
            return own_account(work, principal)


@dataclass(frozen=True)
class RequireAdmin:
    """Check that the caller is an admin now, not only when the token was issued. Raises `NotAllowed`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal) -> User:
        with self.unit_of_work() as work:
            user = own_account(work, principal)
        if user.role is not Role.ADMIN:
            raise NotAllowed("This is for admins.")
        return user


@dataclass(frozen=True)
class UpdateAccount:
    """Change the given parts of an account; everything else stays as it is.

    For the owner and for admins. Who takes back their consent has no log of their own any more, from that moment on. A
    new password is checked like a first one. Raises `UserNotFound`, `NotAllowed`, `WeakPassword`, `EmailTaken`,
    `UsernameTaken`.
    """

    unit_of_work: UnitOfWorkFactory
    hasher: PasswordHasher
    policy: PasswordPolicy

    def __call__(self, principal: Principal, user_id: int, changes: Mapping[str, object], password: str | None) -> User:
        with self.unit_of_work() as work:
            require_owner(work, principal, user_id)
            user = work.users.get(user_id)
            for name, value in changes.items():
                if name not in CHANGEABLE:
                    raise ValueError(f"{name} cannot be changed")
                setattr(user, name, value)
            if password is not None:
                self.policy.check(password, user.email or "", user.username)
                user.password_hash = self.hasher.hash(password)
                work.refresh_tokens.revoke_all_of(user_id)
            work.users.save(user)
            if changes.get("consent") is False:
                work.users.forget_log(user_id)
            work.commit()
        return user


@dataclass(frozen=True)
class DeleteAccount:
    """Erase an account with everything that hangs on it. For the owner and for admins.

    Raises `UserNotFound`, `NotAllowed`, `LastAdmin`.
    """

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal, user_id: int) -> None:
        with self.unit_of_work() as work:
            require_owner(work, principal, user_id)
            work.users.erase(user_id)
            work.commit()


@dataclass(frozen=True)
class DeleteAllAccounts:
    """Erase every account but the admins'. Returns how many there were."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self) -> int:
        with self.unit_of_work() as work:
            deleted = work.users.erase_all_but_admins()
            work.commit()
        return deleted


@dataclass(frozen=True)
class ListAccounts:
    """A page of accounts; `text` is sought in email addresses and user names."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, page: PageRequest, text: str | None = None) -> Page[User]:
        with self.unit_of_work() as work:
            return work.users.list_page(page, text)


@dataclass(frozen=True)
class ExportAccount:
    """Everything that is held about the caller."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal) -> AccountExport:
        with self.unit_of_work() as work:
            user = own_account(work, principal)
            return AccountExport(
                user,
                work.users.taste(principal.user_id),
                ratings=_all_pages(partial(work.ratings.list_page, user_id=user.id)),
                impressions=_all_pages(partial(work.impressions.list_page, user_id=user.id)),
                engagements=_all_pages(partial(work.engagements.list_page, user_id=user.id)),
                feedback=_all_pages(partial(work.feedback.list_page, user_id=user.id)),
            )


def _all_pages(list_page: Callable[[PageRequest], Page[T]]) -> tuple[T, ...]:
    found: list[T] = []
    page = EXPORT_PAGE
    while rows := list_page(page).items:
        found.extend(rows)
        page = PageRequest(page.page + 1, page.size)
    return tuple(found)


def own_account(work: UnitOfWork, principal: Principal) -> User:
    """The caller's account. A token outlives an erased account by minutes; such a token is no longer good."""
    try:
        return work.users.get(principal.user_id)
    except UserNotFound as gone:
        raise InvalidToken("The account of this token no longer exists.") from gone


def require_owner(work: UnitOfWork, principal: Principal, user_id: int) -> None:
    """Raise `NotAllowed` unless the caller owns the account or is an admin at this moment."""
    caller = own_account(work, principal)
    if caller.id != user_id and caller.role is not Role.ADMIN:
        raise NotAllowed("This account is somebody else's.")
