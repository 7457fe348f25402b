from datetime import timedelta

import pytest

from application.sessions import RenewSession, SignIn, SignOut, TokenIssuer
from domain.errors import BadCredentials, InvalidToken, TooManyRequests
from domain.users import Principal, Role
from tests.fakes import FakeAccessTokens, FakeIds, FakeSecrets, FakeThrottle

ADDRESS = "192.0.2.1"


@pytest.fixture
def secrets():
    return FakeSecrets()


@pytest.fixture
def tokens(secrets):
    return TokenIssuer(FakeAccessTokens(), secrets, timedelta(days=30))


@pytest.fixture
def throttle():
    return FakeThrottle(allowance=3)


@pytest.fixture
def sign_in(database, hasher, tokens, throttle, clock, anna):
    return SignIn(database, hasher, tokens, throttle, clock, FakeIds())


@pytest.fixture
def renew(database, tokens, secrets, clock):
    return RenewSession(database, tokens, secrets, clock)


def test_the_right_password_gives_a_pair_of_tokens(sign_in):
    pair = sign_in("Anna@Example.com", "long enough", ADDRESS)
    assert (pair.access_token, pair.expires_in) == ("token of 1", 900)


@pytest.mark.parametrize(("email", "password"), [("anna@example.com", "wrong"), ("nobody@example.com", "long enough")])
def test_wrong_credentials_are_refused_after_the_same_work(sign_in, hasher, email, password):
    before = hasher.verifications
    with pytest.raises(BadCredentials):
        sign_in(email, password, ADDRESS)
    assert hasher.verifications == before + 1


def test_repeated_failures_must_wait_even_with_the_right_password(sign_in):
    for _ in range(3):
        with pytest.raises(BadCredentials):
            sign_in("anna@example.com", "wrong", ADDRESS)
    with pytest.raises(TooManyRequests):
        sign_in("anna@example.com", "long enough", ADDRESS)
    assert sign_in("anna@example.com", "long enough", "192.0.2.99")


def test_a_session_is_renewed_with_a_fresh_token(sign_in, renew):
    first = sign_in("anna@example.com", "long enough", ADDRESS)
    second = renew(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert renew(second.refresh_token)


def test_using_a_dead_token_kills_its_family(sign_in, renew):
    first = sign_in("anna@example.com", "long enough", ADDRESS)
    second = renew(first.refresh_token)
    with pytest.raises(InvalidToken):
        renew(first.refresh_token)
    with pytest.raises(InvalidToken):
        renew(second.refresh_token)


def test_another_session_survives_that(sign_in, renew):
    first, other = (sign_in("anna@example.com", "long enough", ADDRESS) for _ in range(2))
    renew(first.refresh_token)
    with pytest.raises(InvalidToken):
        renew(first.refresh_token)
    assert renew(other.refresh_token)


def test_a_session_that_rested_too_long_has_ended(sign_in, renew, clock):
    pair = sign_in("anna@example.com", "long enough", ADDRESS)
    clock.advance(days=30)
    with pytest.raises(InvalidToken):
        renew(pair.refresh_token)


def test_signing_out_ends_the_session_but_nobody_elses(sign_in, renew, database, secrets):
    pair = sign_in("anna@example.com", "long enough", ADDRESS)
    SignOut(database, secrets)(Principal(77, Role.USER), pair.refresh_token)
    pair = renew(pair.refresh_token)
    SignOut(database, secrets)(Principal(1, Role.USER), pair.refresh_token)
    with pytest.raises(InvalidToken):
        renew(pair.refresh_token)
