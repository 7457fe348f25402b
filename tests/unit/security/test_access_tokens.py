from datetime import UTC, datetime, timedelta

import jwt
import pytest

from domain.errors import InvalidConfig, InvalidToken
from domain.users import Principal, Role, User
from infrastructure.security.access_tokens import JwtAccessTokens, key_id

KEY, OLD_KEY, STRANGE_KEY = "k" * 32, "o" * 40, "s" * 32
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def ada() -> User:
    return User("ada", NOW, id=7, role=Role.ADMIN)


def tokens(*keys: str, **changes: object) -> JwtAccessTokens:
    return JwtAccessTokens(keys or (KEY,), **changes)


def forged(key: str = KEY, algorithm: str = "HS256", header: dict | None = None, **changes: object) -> str:
    """A token as ours are, but for the changes; a claim changed to None is left out."""
    issued = int(NOW.timestamp())
    claims = {"iss": "marquee", "aud": "marquee", "sub": "7", "role": "admin", "iat": issued, "exp": issued + 900}
    claims = {name: value for name, value in {**claims, "jti": "x", **changes}.items() if value is not None}
    headers = {"typ": "at+jwt", "kid": key_id(key), **(header or {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.encode(claims, "" if algorithm == "none" else key, algorithm, headers=headers)


def test_a_token_says_who_it_speaks_for():
    assert tokens().verify(tokens().issue(ada(), NOW), NOW) == Principal(7, Role.ADMIN)


def test_the_forger_of_these_tests_makes_good_tokens_when_nothing_is_changed():
    assert tokens().verify(forged(), NOW) == Principal(7, Role.ADMIN)


def test_two_tokens_of_one_moment_differ():
    assert tokens().issue(ada(), NOW) != tokens().issue(ada(), NOW)


def test_a_token_is_good_until_its_lifetime_is_over():
    token = tokens().issue(ada(), NOW)
    assert tokens().verify(token, NOW + timedelta(seconds=899))
    with pytest.raises(InvalidToken, match="expired"):
        tokens().verify(token, NOW + timedelta(seconds=900))


def test_a_clock_that_is_set_back_makes_no_token_live_longer():
    token = tokens().issue(ada(), NOW)
    with pytest.raises(InvalidToken):
        tokens().verify(token, NOW - timedelta(hours=2))


def test_clocks_of_two_hosts_may_differ_by_seconds():
    assert tokens().verify(tokens().issue(ada(), NOW), NOW - timedelta(seconds=20))


def test_after_a_rotation_tokens_of_both_keys_are_good():
    before, after = tokens(OLD_KEY), tokens(KEY, OLD_KEY)
    assert after.verify(before.issue(ada(), NOW), NOW)
    assert tokens(KEY).verify(after.issue(ada(), NOW), NOW)


def test_a_retired_key_verifies_nothing():
    with pytest.raises(InvalidToken):
        tokens(KEY).verify(tokens(OLD_KEY).issue(ada(), NOW), NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "\ud800",
        forged(STRANGE_KEY),
        forged(STRANGE_KEY, header={"kid": key_id(KEY)}),
        forged(header={"kid": None}),
        forged(header={"kid": "x"}),
        forged(header={"typ": "JWT"}),
        forged(algorithm="none"),
        forged(key="k" * 64, algorithm="HS512", header={"kid": key_id(KEY)}),
        forged(iss="other"),
        forged(aud="other"),
        forged(aud=["marquee", "other"]),
        forged(sub=None),
        forged(sub="ada"),
        forged(role=None),
        forged(role="owner"),
        forged(exp=None),
        forged(exp=int(NOW.timestamp()) + 10_000),
        forged(exp=float("inf")),
        forged(exp=True),
        forged(iat=None),
        forged(jti=None),
        forged()[:-2],
    ],
)
def test_whatever_is_not_a_token_of_ours_is_refused(token: str):
    with pytest.raises(InvalidToken):
        tokens().verify(token, NOW)


@pytest.mark.parametrize("keys", [[], ["short"], [KEY, "short"], [KEY, OLD_KEY, STRANGE_KEY]])
def test_a_ring_has_one_or_two_long_keys(keys: list[str]):
    with pytest.raises(InvalidConfig):
        JwtAccessTokens(keys)


@pytest.mark.parametrize("minutes", [0, -1, 16])
def test_no_token_lives_longer_than_a_quarter_of_an_hour(minutes: int):
    with pytest.raises(InvalidConfig):
        tokens(lifetime=timedelta(minutes=minutes))


def test_the_lifetime_is_told_in_seconds():
    assert tokens(lifetime=timedelta(minutes=5)).lifetime == 300


def test_a_key_id_gives_nothing_of_the_key_away():
    assert KEY not in key_id(KEY) and key_id(KEY) != key_id(OLD_KEY)
