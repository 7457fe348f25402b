"""The lines that published work is compared on: what they learn from, and what they are asked."""

import numpy as np
import pytest

from application.evaluating import Question
from benchmarks import lines
from benchmarks.lines import CONFIGS, LINES, Material, closer_to_the_cut
from benchmarks.protocols import ML_1M, Protocol
from domain.catalogue import Catalogue
from domain.events import History, Interactions
from domain.recommendation import UserState
from domain.splitting import by_global_time


def events(users=30, each=20, seed=3):
    random = np.random.default_rng(seed)
    return Interactions(
        np.repeat(np.arange(users), each),
        random.integers(1, 50, users * each),
        np.full(users * each, 4.0, dtype=np.float32),
        random.integers(0, 10_000, users * each),
    )


def test_each_line_is_made_of_protocols_that_there_are_and_has_its_config():
    for name, line in LINES.items():
        assert set(line.protocols) <= set(ML_1M)
        assert (CONFIGS / f"{name}.toml").is_file()


def test_closer_to_the_cut_nothing_of_the_test_is_learnt_and_little_is_given_up():
    split = by_global_time(events())
    closer = closer_to_the_cut(split)
    np.testing.assert_array_equal(closer.test.timestamps, split.test.timestamps)
    assert len(closer.train) + len(closer.validation) == len(split.train) + len(split.validation)
    assert closer.train.timestamps.max() < closer.test.timestamps.min()
    users, counts = np.unique(closer.validation.user_ids, return_counts=True)
    assert set(counts) == {1}
    for user in users:
        own = closer.train.timestamps[closer.train.user_ids == user]
        held = closer.validation.timestamps[closer.validation.user_ids == user]
        assert (own <= held).all()


@pytest.mark.parametrize("asked", [3, 12])
def test_of_more_questions_than_can_be_asked_the_same_ones_are_drawn(monkeypatch, asked):
    monkeypatch.setattr(lines, "ASKED", 5)
    every = [Question(UserState(user, History.empty()), np.array([1])) for user in range(asked)]
    split = by_global_time(events())
    protocol = Protocol("some", split, lambda split, people: every)
    material = Material(LINES["q3"], [protocol], Catalogue.of([]), {})
    drawn = [question.state.user_id for question in material.questions(protocol)]
    assert len(drawn) == min(asked, 5) and drawn == sorted(set(drawn))
    assert drawn == [question.state.user_id for question in material.questions(protocol)]
