"""Experiments and what came of them, on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from domain.engagements import Action, Engagement, Feedback, FeedbackKind
from domain.errors import ExperimentNotFound, ExperimentStarted
from domain.experiments import Experiment, ExperimentPlan, GuardRail
from domain.impressions import ShownItem
from domain.interleaving import source_of_team
from domain.paging import PageRequest
from infrastructure.caching.running_experiments import TIME_TO_LIVE, CachedRunningExperiments
from infrastructure.db.event_log import GroupCommitEventLog
from infrastructure.db.experiment_outcomes import SqlExperimentOutcomes
from tests.integration.db.samples import NOW, at_once, person, shown, store

ALL = {"engine": "hybrid", "diversity": 0.2, "exploration": 0.1, "min_interactions": 3, "weights": {"ease": 2.0}}
BOTH = {"interleave": ["ease", "linear"]}


def experiment(variants=(("control", {}), ("changed", ALL)), success_metric="click", created_at=NOW, **plan):
    return Experiment.of(ExperimentPlan("Test", variants, success_metric, 7, **plan), str(uuid4()), created_at)


def kept(work, *experiments):
    with work() as open_work:
        for one in experiments:
            open_work.experiments.add(one)
        open_work.commit()


def as_values(experiment):
    return vars(experiment)


@pytest.fixture
def log(engine):
    log = GroupCommitEventLog(engine)
    yield log
    log.close()


@pytest.fixture
def outcomes(engine):
    return SqlExperimentOutcomes(engine)


def test_an_experiment_comes_back_as_it_was_planned(work):
    one = experiment(traffic_split=[0.2, 0.5], description="What", guard_rails=(GuardRail("like", 0.1),))
    kept(work, one)
    with work() as open_work:
        assert as_values(open_work.experiments.get(one.id)) == as_values(one)
        with pytest.raises(ExperimentNotFound):
            open_work.experiments.get(str(uuid4()))


def test_experiments_are_listed_newest_first(work):
    several = [experiment(created_at=NOW + timedelta(hours=hour)) for hour in (2, 1, 3)]
    kept(work, *several)
    with work() as open_work:
        page = open_work.experiments.list_page(PageRequest(size=2))
    assert [one.id for one in page.items] == [several[2].id, several[0].id]
    assert page.total == 3


def test_the_unfinished_ones_are_those_started_and_not_stopped(work):
    draft, late, early, stopped = (experiment() for _ in range(4))
    late.start(NOW + timedelta(hours=2))
    early.start(NOW + timedelta(hours=1))
    stopped.start(NOW)
    stopped.stop(NOW + timedelta(hours=3))
    kept(work, draft, late, early, stopped)
    with work() as open_work:
        assert [one.id for one in open_work.experiments.list_unfinished()] == [early.id, late.id]


def test_of_two_who_start_an_experiment_at_once_one_is_told(work):
    one = experiment()
    kept(work, one)

    def start():
        with work() as open_work:
            taken = open_work.experiments.take(one.id)
            taken.start(NOW)
            open_work.experiments.save(taken)
            open_work.commit()

    results = at_once(start, start)
    assert sorted(map(type, results), key=str) == sorted([type(None), ExperimentStarted], key=str)


def test_what_runs_is_read_once_a_second_and_at_once_when_something_has_changed(work):
    seconds = [0.0]
    running = CachedRunningExperiments(work, lambda: seconds[0])
    assert running.read() == []
    one = experiment()
    one.start(NOW)
    kept(work, one)
    assert running.read() == []
    running.expire()
    assert [found.id for found in running.read()] == [one.id]
    with work() as open_work:
        one.stop(NOW + timedelta(hours=1))
        open_work.experiments.save(one)
        open_work.commit()
    assert len(running.read()) == 1
    seconds[0] += TIME_TO_LIVE
    assert running.read() == []


def did(impression, item_id, action, user_id=1, **fields):
    return Engagement(
        **(
            {
                "id": str(uuid4()),
                "impression_id": impression.id,
                "item_id": item_id,
                "user_id": user_id,
                "action": action,
                "occurred_at": NOW,
                "recorded_at": NOW,
                "rank": 1,
                "shown_at": impression.shown_at,
                "engine": impression.engine,
                "model_version": None,
            }
            | fields
        )
    )


def said(user_id, kind, occurred_at):
    return Feedback(str(uuid4()), user_id, 1, kind, occurred_at, NOW)


def test_outcomes_are_counted_user_by_user(work, log, outcomes):
    store(work, users=[person("ann"), person("bob"), person("cem")])
    one = experiment()
    one.start(NOW)
    part = {"experiment_id": one.id, "variant": "control"}
    first = shown(1, fallback_used=False, **part)
    second = shown(1, items=2, k=4, **part)
    other = shown(2, experiment_id=one.id, variant="changed")
    elsewhere = [shown(1), shown(3, experiment_id=str(uuid4()), variant="control"), shown(None, **part)]
    log.append(first, second, other, *elsewhere)
    log.append(
        did(first, 1, Action.CLICK),
        did(first, 1, Action.CLICK),
        did(first, 2, Action.CLICK),
        did(first, 2, Action.VIEW),
        did(second, 1, Action.LIKE),
        did(elsewhere[0], 1, Action.CLICK),
    )
    log.append(said(1, FeedbackKind.SKIP, NOW - timedelta(hours=1)), said(2, FeedbackKind.LIKE, NOW))
    log.append(said(1, FeedbackKind.SKIP, NOW), said(1, FeedbackKind.DISLIKE, NOW + timedelta(days=6)))
    log.append(said(1, FeedbackKind.SKIP, NOW + timedelta(days=8)), said(3, FeedbackKind.SKIP, NOW))
    found = outcomes.read(one)
    assert list(zip(found.user_ids.tolist(), found.variants.tolist(), strict=True)) == [(1, "control"), (2, "changed")]
    told = {name: values.tolist() for name, values in found.columns.items()}
    assert told == {
        "lists": [2, 1],
        "places": [5, 3],
        "wanted": [14, 10],
        "fallbacks": [1, 1],
        "clicked_places": [2, 0],
        "reward": [pytest.approx(1.3), 0],
        "view": [1, 0],
        "click": [1, 0],
        "like": [1, 0],
        "watch": [0, 0],
        "enroll": [0, 0],
        "play_complete": [0, 0],
        "skip": [1, 0],
        "dislike": [1, 0],
    }


def test_an_experiment_that_showed_nothing_has_no_outcomes(outcomes):
    found = outcomes.read(experiment())
    assert len(found) == 0 and found.rate("click").value is None
    alone = experiment(variants=(("both", BOTH),))
    assert outcomes.credits(alone, alone.control).shape == (0, 2)


def test_users_who_are_erased_or_take_their_consent_back_count_no_more(work, log, outcomes):
    store(work, users=[person("ann"), person("bob"), person("cem")])
    one = experiment()
    log.append(*(shown(user, experiment_id=one.id, variant="control") for user in (1, 2, 3)))
    with work() as open_work:
        open_work.users.erase(1)
        open_work.users.forget_log(2)
        open_work.commit()
    assert outcomes.read(one).user_ids.tolist() == [3]


def interleaved(user_id, experiment, *teams):
    """A list whose places, item 1 upward, were chosen by these engines."""
    places = tuple(
        ShownItem(place, place, 1.0, source_of_team(team, "popularity"), 0.5) for place, team in enumerate(teams, 1)
    )
    return replace(shown(user_id, experiment_id=experiment.id, variant="both"), items=places)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("click", [[0.0, 1.0], [1.0, 2.0]]), ("reward", [[0.8, 0.5], [0.5, 1.0]]), ("like", [[1.0, 0.0]])],
)
def test_what_was_taken_up_is_credited_to_the_engine_that_chose_it(work, log, outcomes, metric, expected):
    store(work, users=[person("ann"), person("bob"), person("cem")])
    one = experiment(variants=(("both", BOTH),), success_metric=metric)
    first = interleaved(1, one, "ease", "linear", "linear")
    second = interleaved(2, one, "linear", "linear", "ease")
    log.append(first, second, interleaved(3, one, "ease", "linear"))
    log.append(did(first, 1, Action.LIKE), did(first, 2, Action.CLICK), did(first, 2, Action.CLICK))
    log.append(*(did(second, item, Action.CLICK, user_id=2) for item in (1, 2, 3)))
    credits = outcomes.credits(one, one.control)
    assert sorted(credits.tolist()) == pytest.approx(np.array(sorted(expected)))
