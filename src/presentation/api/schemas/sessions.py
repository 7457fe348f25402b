"""Sign-in sessions."""

from typing import Annotated, Literal

from pydantic import Field

from presentation.api.schemas.common import Answer, Body, Secret, Text, example

TOKENS = {
    "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5NDQifQ.c2lnbmF0dXJl",
    "refresh_token": "Zk2pQ8s0vU3mJ1xR7bN5cT9yW4aL6dHf0gKqEoIiXuY",
    "token_type": "bearer",
    "expires_in": 900,
}


class SignInForm(Body):
    """OAuth2's password grant. `username` is the email address; other fields are ignored, as RFC 6749 (3.2) asks."""

    username: Annotated[str, Text(254)]
    password: Secret

    model_config = example({"username": "ada@example.com", "password": "correct horse battery"}) | {"extra": "ignore"}


class RefreshIn(Body):
    refresh_token: Annotated[str, Text(512)]

    model_config = example({"refresh_token": TOKENS["refresh_token"]})


class TokensOut(Answer):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  a kind of token
    expires_in: int = Field(description="Seconds until the access token is no longer good.")

    model_config = example(TOKENS)
