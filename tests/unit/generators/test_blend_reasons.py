"""Of whom a blend asks what an event is to a score."""

import numpy as np
import pytest

from domain.blending import WEIGHTED_SUM
from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.recommendation import Context, UserState
from infrastructure.generators.blend import BlendRanker


class Teller:
    """Scores by position, and says that one event of the history is all that matters."""

    def __init__(self, event, reads_anew):
        self.name, self.event, self.reads_anew, self.asked = f"event {event}", event, reads_anew, 0

    def score(self, context, positions):
        return positions.astype(np.float64)

    def explain(self, context, positions):
        return [None] * len(positions)

    def losses(self, context, positions):
        self.asked += 1
        lost = np.zeros((len(positions), len(context.positions)))
        lost[:, self.event] = 1.0
        return lost


@pytest.fixture
def context():
    films = Catalogue.of(Item(Kind.MOVIE, f"Film {i}", id=i) for i in range(1, 9))
    return Context.of(films, UserState(1, History.of([1, 2, 3], [5.0, 5.0, 5.0])), ItemFilter(), 4.0)


def reasons_of(context, *rankers, weights):
    named = {ranker.name: ranker for ranker in rankers}
    blend = BlendRanker("hybrid", named, dict(zip(named, weights, strict=True)), WEIGHTED_SUM)
    return [reason.because_of for reason in blend.explain(context, np.array([4, 5]))]


def test_rankers_that_tell_without_reading_anew_are_asked_alone(context):
    quick, slow = Teller(0, reads_anew=False), Teller(1, reads_anew=True)
    assert reasons_of(context, quick, slow, weights=(0.2, 0.8)) == [(1,), (1,)]
    assert (quick.asked, slow.asked) == (1, 0)


def test_where_all_read_anew_all_are_asked_by_their_weights(context):
    one, other = Teller(1, reads_anew=True), Teller(2, reads_anew=True)
    assert reasons_of(context, one, other, weights=(0.2, 0.8)) == [(3,), (3,)]
    assert (one.asked, other.asked) == (1, 1)
