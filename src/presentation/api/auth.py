"""Sign-in sessions."""

from typing import Annotated

from fastapi import APIRouter, Form

from application.sessions import RenewSession, SignIn, SignOut
from domain.errors import BadCredentials, InvalidToken, TooManyRequests
from domain.users import TokenPair
from presentation.api.dependencies import Address, Caller, provided
from presentation.api.documenting import fails, named
from presentation.api.schemas.sessions import RefreshIn, SignInForm, TokensOut

router = APIRouter(prefix="/auth", tags=["Sign-in"], generate_unique_id_function=named)

TOO_MANY = TooManyRequests("Too many attempts. Try again in 300 s.", 300)


@router.post("/token", summary="Sign in", response_model=TokensOut, responses=fails(BadCredentials(), TOO_MANY))
def create_token(
    form: Annotated[SignInForm, Form()], address: Address, sign_in: Annotated[SignIn, provided("sign_in")]
) -> TokenPair:
    """Exchange an email address and a password for an access token and the refresh token that renews it.

    The form is that of OAuth2's password grant. After repeated failures the same address has to wait.
    """
    return sign_in(form.username, form.password, address)


@router.post(
    "/refresh",
    summary="Renew a session",
    response_model=TokensOut,
    responses=fails(InvalidToken("The refresh token is not valid.")),
)
def refresh_token(body: RefreshIn, renew_session: Annotated[RenewSession, provided("renew_session")]) -> TokenPair:
    """Exchange a refresh token for a new pair. The old one dies; using a dead one ends the whole session."""
    return renew_session(body.refresh_token)


@router.post("/logout", summary="Sign out", status_code=204)
def sign_out(body: RefreshIn, caller: Caller, sign_out: Annotated[SignOut, provided("sign_out")]) -> None:
    """End the session that the refresh token belongs to, with every token that was renewed from it."""
    sign_out(caller, body.refresh_token)
