"""Accounts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from application.accounts import (
    AccountExport,
    DeleteAccount,
    DeleteAllAccounts,
    ExportAccount,
    GetAccount,
    ListAccounts,
    NewAccount,
    SignUp,
    UpdateAccount,
)
from domain.errors import EmailTaken, LastAdmin, UsernameTaken, UserNotFound, WeakPassword
from domain.paging import Page
from domain.users import User
from presentation.api.dependencies import Caller, admin, provided
from presentation.api.documenting import NOT_ADMIN, NOT_OWNER, fails, named
from presentation.api.schemas.accounts import (
    AccountChangeIn,
    AccountIn,
    AccountOut,
    AccountQuery,
    DeleteAllIn,
    DeletedAllOut,
    ExportOut,
)
from presentation.api.schemas.common import DeletedOut, PageOut, PathId

router = APIRouter(prefix="/users", tags=["Accounts"], generate_unique_id_function=named)

COMMON_PASSWORD = WeakPassword("The password is one of the most common ones, which are tried first.")


@router.post(
    "/",
    summary="Sign up",
    status_code=201,
    response_model=AccountOut,
    responses=fails(EmailTaken(), UsernameTaken(), COMMON_PASSWORD),
)
def create_user(body: AccountIn, sign_up: Annotated[SignUp, provided("sign_up")]) -> User:
    """Make an account. What it says of the person helps with the first recommendations and may be left out."""
    return sign_up(NewAccount(body.email, body.username, body.password, body.demographics(), body.consent))


@router.get(
    "/",
    summary="List accounts",
    dependencies=[Depends(admin)],
    response_model=PageOut[AccountOut],
    responses=fails(NOT_ADMIN),
)
def list_users(
    query: Annotated[AccountQuery, Query()], list_accounts: Annotated[ListAccounts, provided("list_accounts")]
) -> Page[User]:
    """A page of all accounts, for admins; `q` is sought in email addresses and user names."""
    return list_accounts(query.request(), query.q or None)


@router.delete(
    "/",
    summary="Delete all accounts",
    dependencies=[Depends(admin)],
    responses=fails(NOT_ADMIN),
)
def delete_users(
    body: DeleteAllIn, delete_all_accounts: Annotated[DeleteAllAccounts, provided("delete_all_accounts")]
) -> DeletedAllOut:
    """Erase every account but the admins', with everything that hangs on it."""
    deleted = delete_all_accounts()
    return DeletedAllOut(message=f"{deleted} users were deleted.", deleted=deleted)


@router.get("/me", summary="Show my account", response_model=AccountOut)
def get_me(caller: Caller, get_account: Annotated[GetAccount, provided("get_account")]) -> User:
    """The caller's own account."""
    return get_account(caller)


@router.get("/me/export", summary="Export my data", response_model=ExportOut)
def export_me(caller: Caller, export_account: Annotated[ExportAccount, provided("export_account")]) -> AccountExport:
    """Everything that is held about the caller: account, taste, ratings and the lists that were shown."""
    return export_account(caller)


@router.put(
    "/{user_id}",
    summary="Change an account",
    response_model=AccountOut,
    responses=fails(NOT_OWNER, UserNotFound(42), EmailTaken(), UsernameTaken(), COMMON_PASSWORD),
)
def update_user(
    user_id: PathId,
    body: AccountChangeIn,
    caller: Caller,
    update_account: Annotated[UpdateAccount, provided("update_account")],
) -> User:
    """Change the given fields; for the account's owner and for admins. A new password ends every session."""
    return update_account(caller, user_id, body.changes(), body.password)


@router.delete("/{user_id}", summary="Delete an account", responses=fails(NOT_OWNER, UserNotFound(42), LastAdmin()))
def delete_user(
    user_id: PathId, caller: Caller, delete_account: Annotated[DeleteAccount, provided("delete_account")]
) -> DeletedOut:
    """Erase an account with ratings, impressions and sessions; for its owner and for admins."""
    delete_account(caller, user_id)
    return DeletedOut(message=f"User {user_id} was deleted.", id=user_id)
