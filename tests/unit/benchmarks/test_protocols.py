import hashlib
from dataclasses import replace

import numpy as np
import pytest

from application.evaluating import EvaluateEngines
from benchmarks.protocols import ML_1M, Sizes, among_candidates, order_digest, protocols, protocols_of_ml_1m
from domain.events import Interactions
from domain.items import Item, Kind
from infrastructure.observability.progress import SilentProgress
from tests.fakes import FakeDatabase, FakeLineups

USERS, ITEMS, EACH = 80, 300, 60


@pytest.fixture(scope="module")
def ratings():
    """Users who rate films of one genre alone, the odd or the even ones, at any time; every tenth rating is a 2."""
    random = np.random.default_rng(11)
    items = [2 * random.permutation(ITEMS // 2)[:EACH] + user % 2 + 1 for user in range(USERS)]
    return Interactions(
        np.repeat(np.arange(1, USERS + 1), EACH),
        np.concatenate(items),
        np.where(np.arange(USERS * EACH) % 10, 5, 2).astype(np.float32),
        random.integers(0, 1000, USERS * EACH),
    )


@pytest.fixture(scope="module")
def made(ratings):
    return {protocol.name: protocol for protocol in protocols(ratings)}


def events_of(user, interactions):
    return interactions.take(interactions.user_ids == user).in_user_time_order().item_ids.tolist()


@pytest.mark.parametrize("name", ["leave-last-out", "global-time-last"])
def test_the_last_event_is_asked_about_with_all_that_came_before_it(made, name):
    protocol = made[name]
    whole = protocol.split.train.joined(protocol.split.validation).joined(protocol.split.test)
    asked = protocol.ask(protocol.split, {})
    assert [question.state.user_id for question in asked] == np.unique(protocol.split.test.user_ids).tolist()
    for question in asked:
        assert [*question.state.history.item_ids, *question.targets] == events_of(question.state.user_id, whole)


def test_only_one_protocol_tells_the_time_of_the_request(made):
    for name, protocol in made.items():
        told = {question.asked_at for question in protocol.questions({})}
        assert (told == {None}) == (name != "leave-last-out-told-when")
    protocol = made["leave-last-out-told-when"]
    assert [one.asked_at for one in protocol.questions({})] == protocol.split.test.timestamps.tolist()


def test_every_event_after_the_cut_is_asked_about_in_turn(made):
    protocol = made["global-time-in-turn"]
    asked = protocol.ask(protocol.split, {})
    assert [int(question.targets[0]) for question in asked] == protocol.split.test.item_ids.tolist()
    lengths = [len(question.state.history) for question in asked if question.state.user_id == 1]
    assert lengths == list(range(lengths[0], lengths[0] + len(lengths)))


def test_random_parts_are_asked_about_at_once_without_what_validated(made):
    protocol = made["random-parts"]
    asked = protocol.ask(protocol.split, {})
    assert protocol.split.train.ratings.min() >= 3
    for question in asked:
        user = question.state.user_id
        assert question.state.history.item_ids.tolist() == events_of(user, protocol.split.train)
        assert sorted(question.left_out) == sorted(events_of(user, protocol.split.validation))
        assert question.targets.tolist() == events_of(user, protocol.split.test)
        assert len(question.targets) == len(question.left_out) > 0


def test_engines_stand_among_candidates_by_their_scores(made):
    films = [Item(Kind.MOVIE, f"Film {i}", id=i, genres=("War" if i % 2 else "Drama",)) for i in range(1, ITEMS + 1)]
    lineup = FakeLineups(FakeDatabase(*films)).current(0)
    engines = EvaluateEngines(SilentProgress(), liked_from=4.0, min_interactions=2)
    drawn = made["sampled-candidates"]
    # Candidates of the target's genre have its score, and stand before it; those of the other genre do not.
    same = (drawn.candidates % 2 == drawn.candidates[:, :1] % 2).sum(axis=1)
    figures = among_candidates(drawn, lineup, "ncf", {}, engines)
    assert figures == {"hr@10": 0.0, "mrr": pytest.approx((1 / same).mean())}
    few = replace(drawn, candidates=np.hstack([drawn.candidates[:, :1], drawn.candidates[:, :1] % ITEMS + 1]))
    assert among_candidates(few, lineup, "ncf", {}, engines) == {"hr@10": 1.0, "mrr": 1.0}
    with pytest.raises(ValueError, match="samples no candidates"):
        among_candidates(made["leave-last-out"], lineup, "ncf", {}, engines)


def test_there_are_counts_for_every_protocol_and_other_data_is_refused(ratings, made):
    assert list(ML_1M) == list(made)
    with pytest.raises(ValueError, match="order of events"):
        next(protocols_of_ml_1m(ratings))


def test_the_order_of_events_is_that_of_time_and_then_of_the_file():
    def digest(*times):
        return order_digest(Interactions(np.ones(3, int), np.array([5, 6, 7]), np.ones(3, np.float32), np.array(times)))

    assert digest(1, 1, 2) == digest(3, 4, 5) != digest(2, 1, 3)
    assert digest(1, 2, 3) == hashlib.sha256(b"1 5\n1 6\n1 7\n").hexdigest()


def test_sizes_count_what_is_in_any_part(made):
    sizes = Sizes.of(made["leave-last-out"].split)
    assert (sizes.users, sizes.validation, sizes.test) == (USERS, USERS, USERS)
    assert sizes.train == USERS * (EACH - 2)
