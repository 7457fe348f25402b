from datetime import timedelta

import pytest

from domain.errors import InvalidToken, UserNotFound
from domain.users import RefreshToken
from tests.integration.db.samples import NOW, at_once, person, store

LATER = NOW + timedelta(days=30)


@pytest.fixture
def accounts(work):
    """Users 1 and 2."""
    store(work, users=[person("ann"), person("bob")])
    return work


def add(work, *digests, family="family", user_id=1, expires_at=LATER):
    with work() as open_work:
        for digest in digests:
            open_work.refresh_tokens.add(RefreshToken(digest, family, user_id, expires_at))
        open_work.commit()


def spend(work, digest, now=NOW):
    """As the application does: what a refused token brings about is committed as well."""
    with work() as open_work:
        try:
            return open_work.refresh_tokens.spend(digest, now)
        finally:
            open_work.commit()


def test_a_live_token_is_spent_once(accounts):
    add(accounts, "one")
    assert spend(accounts, "one") == RefreshToken("one", "family", 1, LATER)
    with pytest.raises(InvalidToken):
        spend(accounts, "one")


def test_an_unknown_token_is_refused(accounts):
    with pytest.raises(InvalidToken):
        spend(accounts, "nothing")


def test_a_token_is_good_until_it_expires(accounts):
    add(accounts, "in time", "late")
    spend(accounts, "in time", LATER - timedelta(seconds=1))
    with pytest.raises(InvalidToken):
        spend(accounts, "late", LATER)


def test_an_expired_token_takes_nobody_with_it(accounts):
    add(accounts, "expired", expires_at=NOW)
    add(accounts, "live")
    with pytest.raises(InvalidToken):
        spend(accounts, "expired")
    spend(accounts, "live")


def test_using_a_token_again_revokes_its_family_and_no_other(accounts):
    add(accounts, "first", "second")
    add(accounts, "elsewhere", family="other")
    spend(accounts, "first")
    with pytest.raises(InvalidToken):
        spend(accounts, "first")
    with pytest.raises(InvalidToken):
        spend(accounts, "second")
    assert spend(accounts, "elsewhere").family == "other"


def test_a_token_that_joins_a_revoked_family_is_dead(accounts):
    add(accounts, "first")
    spend(accounts, "first")
    with pytest.raises(InvalidToken):
        spend(accounts, "first")
    add(accounts, "joined too late")
    with pytest.raises(InvalidToken):
        spend(accounts, "joined too late")


def test_signing_out_revokes_the_family(accounts):
    add(accounts, "first", "second")
    with accounts() as work:
        work.refresh_tokens.revoke_family_of("first", 1)
        work.commit()
    for digest in ("first", "second"):
        with pytest.raises(InvalidToken):
            spend(accounts, digest)


def test_nobody_signs_somebody_else_out(accounts):
    add(accounts, "anns")
    with accounts() as work:
        work.refresh_tokens.revoke_family_of("anns", 2)
        work.refresh_tokens.revoke_family_of("unknown", 2)
        work.commit()
    assert spend(accounts, "anns").user_id == 1


def test_all_sessions_of_a_user_end_together(accounts):
    add(accounts, "one", family="phone")
    add(accounts, "two", family="laptop")
    add(accounts, "bobs", family="bob", user_id=2)
    with accounts() as work:
        work.refresh_tokens.revoke_all_of(1)
        work.commit()
    for digest in ("one", "two"):
        with pytest.raises(InvalidToken):
            spend(accounts, digest)
    assert spend(accounts, "bobs").user_id == 2


def test_no_token_is_kept_for_an_erased_user(accounts):
    with accounts() as work, pytest.raises(UserNotFound):
        work.refresh_tokens.add(RefreshToken("digest", "family", 404, LATER))


@pytest.mark.parametrize("round_", range(5))
def test_of_threads_that_spend_the_same_token_one_wins(accounts, round_):
    add(accounts, "wanted")
    outcomes = at_once(*(lambda: spend(accounts, "wanted") for _ in range(4)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidToken"] * 3 + ["RefreshToken"]
