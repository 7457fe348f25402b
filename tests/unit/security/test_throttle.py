import time

import pytest

from domain.errors import TooManyRequests
from infrastructure.security.throttle import WindowThrottle


def throttle() -> WindowThrottle:
    return WindowThrottle({"sign-in": ["2 per 5 minutes", "3 per 5 minutes"], "stranger": ["1 per minute"]})


def attempt(some: WindowThrottle, *keys: str) -> None:
    some.check("sign-in", *keys)
    some.record("sign-in", *keys)


def test_attempts_within_the_allowance_pass():
    some = throttle()
    for _ in range(2):
        attempt(some, "10.0.0.1 ada", "10.0.0.1")


def test_an_allowance_that_is_used_up_says_when_to_come_back():
    some = throttle()
    for _ in range(2):
        attempt(some, "10.0.0.1 ada", "10.0.0.1")
    with pytest.raises(TooManyRequests) as refused:
        some.check("sign-in", "10.0.0.1 ada", "10.0.0.1")
    assert 290 <= refused.value.retry_after <= 300


def test_each_key_has_the_allowance_of_its_place():
    some = throttle()
    for name in ("ada", "grace", "joan"):
        attempt(some, f"10.0.0.1 {name}", "10.0.0.1")
    with pytest.raises(TooManyRequests):
        some.check("sign-in", "10.0.0.1 mary", "10.0.0.1")


def test_another_address_and_another_purpose_have_their_own_allowance():
    some = throttle()
    for _ in range(2):
        attempt(some, "10.0.0.1 ada", "10.0.0.1")
    some.check("sign-in", "10.0.0.2 ada", "10.0.0.2")
    some.check("stranger", "10.0.0.1")


def test_checking_alone_uses_nothing_up():
    some = throttle()
    for _ in range(10):
        some.check("stranger", "10.0.0.1")


def test_a_purpose_without_rules_and_a_missing_key_are_mistakes_of_ours():
    with pytest.raises(KeyError):
        throttle().check("dancing", "10.0.0.1")
    with pytest.raises(ValueError, match="argument"):
        throttle().check("sign-in", "10.0.0.1 ada")


def test_keys_that_no_longer_count_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("infrastructure.security.throttle.KEYS_BEFORE_FORGETTING", 100)
    some = throttle()
    for i in range(100):
        some.record("stranger", f"10.0.0.{i}")
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    some.record("stranger", "10.0.1.1")
    assert len(some._storage.events) == 1
    with pytest.raises(TooManyRequests):
        some.check("stranger", "10.0.1.1")


def test_keys_that_still_count_are_kept_however_many_there_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("infrastructure.security.throttle.KEYS_BEFORE_FORGETTING", 100)
    some = throttle()
    for i in range(300):
        some.record("stranger", f"10.0.0.{i}")
    for i in range(300):
        with pytest.raises(TooManyRequests):
            some.check("stranger", f"10.0.0.{i}")
