from datetime import UTC, datetime, timedelta
from uuid import UUID

from infrastructure.security.clock import SystemClock
from infrastructure.security.ids import RandomIds
from infrastructure.security.secrets import TokenSecrets


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def test_a_token_secret_has_256_bits_and_is_never_the_same():
    secrets = {TokenSecrets().new() for _ in range(100)}
    assert len(secrets) == 100 and all(len(secret) >= 43 for secret in secrets)


def test_a_digest_is_stable_and_is_not_the_secret():
    assert TokenSecrets().digest("abc") == TokenSecrets().digest("abc") != TokenSecrets().digest("abd")
    assert "abc" not in TokenSecrets().digest("abc")


def test_ids_are_uuids_of_version_7_and_all_different():
    ids = [RandomIds(FakeClock()).new() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {(UUID(one).version, UUID(one).variant) for one in ids} == {(7, UUID(ids[0]).variant)}
    assert all(str(UUID(one)) == one for one in ids)


def test_later_ids_sort_after_earlier_ones():
    clock = FakeClock()
    ids = []
    for _ in range(50):
        ids.append(RandomIds(clock).new())
        clock.time += timedelta(milliseconds=1)
    assert ids == sorted(ids)


def test_an_id_tells_the_millisecond_it_was_made_in():
    clock = FakeClock()
    assert UUID(RandomIds(clock).new()).int >> 80 == int(clock.time.timestamp() * 1000)


def test_the_system_clock_knows_its_time_zone():
    assert SystemClock().now().utcoffset() == timedelta()
