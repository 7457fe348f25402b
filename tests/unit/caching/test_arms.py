from domain.bandit import Arm
from infrastructure.caching.arms import TIME_TO_LIVE, CachedArms
from tests.unit.caching.test_item_reader import FakeTimer


class CountingArms:
    def __init__(self):
        self.arms, self.reads = {("5-19", "ncf"): Arm(1, 0.5, 0.25)}, 0

    def read(self):
        self.reads += 1
        return dict(self.arms)


def test_the_arms_are_read_once_a_second_and_then_anew():
    source, timer = CountingArms(), FakeTimer()
    arms = CachedArms(source, now=timer)
    assert arms.read() == arms.read() == source.arms
    assert source.reads == 1
    source.arms = {("5-19", "ncf"): Arm(2, 1.0, 0.5)}
    timer.seconds = TIME_TO_LIVE
    assert arms.read() == source.arms
    assert source.reads == 2
