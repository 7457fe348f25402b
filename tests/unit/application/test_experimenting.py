from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from application.accounts import NewAccount
from application.experimenting import (
    CreateExperiment,
    ExperimentSteering,
    GetExperiment,
    ListExperiments,
    ReportExperiment,
    StartExperiment,
    StopExperiment,
)
from application.rating import NewRating, RateItems
from application.recommending import Recommend, ServingRules
from domain.errors import EngineUnavailable, ExperimentNotFound, ExperimentNotRunning, InvalidExperiment
from domain.experiments import ExperimentPlan, ExperimentStatus
from domain.interleaving import INTERLEAVED
from domain.outcomes import COLUMNS, Outcomes
from domain.paging import PageRequest
from domain.recommendation import RecommendationRequest
from domain.users import Demographics, Principal
from domain.verdicts import Verdict
from tests.fakes import FakeExperiments, FakeIds, FakeLineups, FakeRankings, ScoreRanker, popularity_of

TWO = (("control", {}), ("popular", {"engine": "popularity"}))


class FakeRunning:
    """Reads what is committed, and counts how often it was told that something has changed."""

    def __init__(self, database):
        self.database = database
        self.expired = 0

    def read(self):
        return FakeExperiments(self.database.rows).list_unfinished()

    def expire(self):
        self.expired += 1


class FakeOutcomes:
    def __init__(self, outcomes=None, credits=()):
        self.outcomes = outcomes or Outcomes.empty()
        self.credited = np.array(credits, dtype=float).reshape(-1, 2)

    def read(self, experiment):
        return self.outcomes

    def credits(self, experiment, variant):
        return self.credited


@pytest.fixture
def running(database):
    return FakeRunning(database)


@pytest.fixture
def create(database, states, lineups, clock):
    create = CreateExperiment(database, states, lineups, clock, FakeIds())
    return lambda variants=TWO, **plan: create(ExperimentPlan("A test", variants, "click", 14, **plan))


@pytest.fixture
def start(database, states, lineups, running, clock):
    return StartExperiment(database, states, lineups, running, clock)


@pytest.fixture
def stop(database, running, clock):
    return StopExperiment(database, running, clock)


@pytest.fixture
def recommend(states, lineups, show, running, clock):
    steering = ExperimentSteering(running, clock)
    rules = ServingRules(exploration=0.0)
    return Recommend(states, lineups, show, rules, FakeRankings(), np.random.default_rng(0), steering)


@pytest.fixture
def people(sign_up):
    """Twelve people of whom something is known, so that `auto` gives them the cold start."""
    users = [
        sign_up(NewAccount(f"user{i}@example.com", f"user{i}", "long enough", Demographics(age=30))) for i in range(12)
    ]
    return [Principal(user.id, user.role) for user in users]


def variant_of(shown):
    return shown.metadata.variant


def test_an_experiment_is_drafted_started_stopped_and_listed(create, start, stop, database, clock, running):
    draft = create()
    assert draft.status(clock.now()) is ExperimentStatus.DRAFT
    assert GetExperiment(database)(draft.id).name == "A test"
    assert start(draft.id).status(clock.now()) is ExperimentStatus.RUNNING
    clock.advance(days=1)
    assert stop(draft.id).status(clock.now()) is ExperimentStatus.STOPPED
    assert running.expired == 2
    other = create()
    assert [one.id for one in ListExperiments(database)(PageRequest()).items] == [other.id, draft.id]
    with pytest.raises(ExperimentNotRunning):
        stop(other.id)
    for call in (start, stop, GetExperiment(database)):
        with pytest.raises(ExperimentNotFound):
            call("no such experiment")


def test_an_engine_that_there_is_not_is_refused_at_once(create, database):
    with pytest.raises(InvalidExperiment) as refused:
        create((("control", {}), ("a", {"engine": "oracle"}), ("b", {"interleave": ["auto", "ncf"]})))
    places = [detail.where for detail in refused.value.details]
    assert places == ["variants.1.overrides.engine", "variants.2.overrides.interleave"]
    assert not database.rows.experiments


def test_an_engine_that_is_not_ready_keeps_an_experiment_from_starting(create, start, database, states, running, clock):
    draft = create((("control", {}), ("neural", {"engine": "ncf"})))
    untrained = StartExperiment(database, states, FakeLineups(database, with_model=False), running, clock)
    with pytest.raises(EngineUnavailable):
        untrained(draft.id)
    assert GetExperiment(database)(draft.id).started_at is None
    assert start(draft.id).started_at == clock.now()


def test_weights_that_the_engine_does_not_blend_keep_an_experiment_from_starting(create, start, database):
    draft = create((("control", {}), ("heavy", {"engine": "ncf", "weights": {"popularity": 1.0}})))
    with pytest.raises(InvalidExperiment) as refused:
        start(draft.id)
    assert [detail.where for detail in refused.value.details] == ["variants.1.overrides.weights.popularity"]
    assert GetExperiment(database)(draft.id).started_at is None


def test_lists_follow_the_variant_that_their_user_was_assigned_and_say_so(create, start, recommend, people, database):
    experiment = start(create().id)
    engines = {}
    for person in people:
        shown = recommend(person, RecommendationRequest())
        assert shown.metadata.experiment == experiment.id
        assert variant_of(shown) == experiment.assign(person.user_id).name
        engines.setdefault(variant_of(shown), set()).add(shown.engine)
        logged = database.rows.impressions[-1]
        assert (logged.experiment_id, logged.variant) == (experiment.id, variant_of(shown))
        assert logged.engine_probability == 0.5
    assert engines == {"control": {"cold_start"}, "popular": {"popularity"}}
    again = [variant_of(recommend(person, RecommendationRequest(k=3))) for person in people]
    assert again == [experiment.assign(person.user_id).name for person in people]


def test_what_the_caller_asks_for_is_never_overridden(create, start, recommend, people):
    start(create().id)
    for request in (RecommendationRequest(engine="ncf"), RecommendationRequest(diversity=0.3)):
        assert {variant_of(recommend(person, request)) for person in people} == {None}


def test_before_it_starts_after_it_ends_and_for_those_who_take_no_part_nothing_changes(
    create, start, stop, recommend, people, clock
):
    def variants():
        return {variant_of(recommend(person, RecommendationRequest())) for person in people}

    experiment = create(traffic_split=0.4)
    assert variants() == {None}
    start(experiment.id)
    assert variants() == {None, "control", "popular"}
    stop(experiment.id)
    assert variants() == {None}
    start(create().id)
    clock.advance(days=13, hours=23)
    assert variants() == {"control", "popular"}
    clock.advance(hours=1)
    assert variants() == {None}


def test_of_two_experiments_the_first_started_has_whom_it_wants(create, start, recommend, people, clock):
    first = start(create(traffic_split=0.5).id)
    clock.advance(minutes=1)
    second = start(create().id)
    for person in people:
        shown = recommend(person, RecommendationRequest())
        assert shown.metadata.experiment == (first.id if first.assign(person.user_id) else second.id)


def test_whoever_is_in_no_log_is_in_no_experiment(create, start, running, clock, states, lineups, people):
    from application.steering import Direction

    start(create().id)
    steer = ExperimentSteering(running, clock)
    state = states.read(people[0].user_id)
    asked = Direction(RecommendationRequest())
    assert steer(state, asked, lineups.current(0)).variant is not None
    assert steer(replace(state, consent=False), asked, lineups.current(0)) == asked
    assert steer(replace(state, user_id=None), asked, lineups.current(0)) == asked


def test_every_setting_that_is_overridden_reaches_the_list(create, start, recommend, people):
    one = (("alone", {}), ("all", {"diversity": 0.7, "exploration": 0.5, "min_interactions": 1}))
    experiment = start(create(one, traffic_split=[0.000001, 0.9]).id)
    person = next(person for person in people if experiment.assign(person.user_id))
    shown = recommend(person, RecommendationRequest(k=6))
    assert variant_of(shown) == "all"
    assert sum(place.source == "exploration" for place in shown.recommendations) == 3
    ((_, _, request, least, weights, exploring, _),) = recommend.rankings.kept
    assert (request.diversity, least, weights, exploring) == (0.7, 1, (), True)


def test_a_variant_never_gets_what_was_remembered_for_another(create, start, recommend, people, database, clock):
    """All these users are alike, and the two variants differ by nothing but diversity."""
    for person in people:
        RateItems(database, clock)(person, [NewRating(19, 5.0)])
    experiment = start(create((("same", {}), ("mixed", {"diversity": 1.0}))).id)
    lists = {}
    for _ in range(2):
        for person in people:
            shown = recommend(person, RecommendationRequest(k=6))
            lists.setdefault(variant_of(shown), set()).add(tuple(one.item_id for one in shown.recommendations))
    assert len(lists["same"]) == len(lists["mixed"]) == 1 and lists["same"] != lists["mixed"]
    assert len(recommend.rankings.kept) == 2, "one ranking for each variant"
    assert {variant.name for variant in experiment.variants} == set(lists)


class Blend(ScoreRanker):
    """Turns the order around under other weights."""

    def weighted(self, weights):
        return Blend(self.name, lambda context: weights["a"] * popularity_of(context))


def test_weights_are_changed_for_one_variant_alone(create, start, recommend, people, lineups, monkeypatch):
    lineup = lineups.current(0)
    blend = replace(
        lineup.pipelines["popularity"], name="ncf", ranker=Blend("ncf", popularity_of), weights={"a": 0.5, "b": 0.5}
    )
    upside_down = replace(lineup, pipelines={**lineup.pipelines, "ncf": blend})
    monkeypatch.setattr(lineups, "current", lambda revision: upside_down)
    variants = (("usual", {"engine": "ncf"}), ("level", {"engine": "ncf", "weights": {"a": 0.0}}))
    start(create(variants).id)
    found = {}
    for person in [*people, *people]:
        shown = recommend(person, RecommendationRequest(k=3))
        found.setdefault(variant_of(shown), set()).add((shown.metadata.weights["a"], shown.recommendations[0].score))
    assert found == {"usual": {(0.5, 99.0)}, "level": {(0.0, 0.0)}}


def test_an_interleaved_variant_drafts_each_list_anew_from_two_remembered_rankings(create, start, recommend, people):
    start(create((("both", {"interleave": ["popularity", "cold_start"]}),)).id)
    shown = [recommend(person, RecommendationRequest(k=4)) for person in people]
    assert {one.engine for one in shown} == {INTERLEAVED}
    sources = [place.source for place in shown[0].recommendations]
    assert sorted(source.partition(":")[0] for source in sources) == ["cold_start"] * 2 + ["popularity"] * 2
    assert len({place.source for one in shown for place in one.recommendations[:1]}) == 2
    assert len(recommend.rankings.kept) == 2


def test_an_engine_that_has_gone_leaves_its_variant_with_the_usual_one(create, start, recommend, people, lineups):
    experiment = start(create((("control", {}), ("neural", {"engine": "ncf"}))).id)
    lineups.with_model = False
    for person in people:
        shown = recommend(person, RecommendationRequest())
        assert (shown.engine, variant_of(shown)) == ("cold_start", experiment.assign(person.user_id).name)


def test_a_report_says_who_did_what_and_what_it_means(create, start, database, clock):
    experiment = start(create().id)
    users, clicks = 600, {"control": 90, "popular": 180}
    names = np.repeat(list(clicks), users)
    columns = {name: np.zeros(len(names)) for name in COLUMNS}
    columns["lists"][:] = columns["places"][:] = columns["wanted"][:] = 1.0
    for name, count in clicks.items():
        columns["click"][np.flatnonzero(names == name)[:count]] = 1.0
    outcomes = FakeOutcomes(Outcomes(names, np.arange(len(names)), columns))
    clock.advance(days=2)
    report = ReportExperiment(database, outcomes, clock)(experiment.id)
    assert (report.made_at, report.status) == (clock.now(), ExperimentStatus.RUNNING)
    control, popular = report.variants
    assert (control.rate.value, popular.rate.value) == (0.15, 0.3)
    assert popular.contrast.lift == pytest.approx(1.0)
    assert popular.verdict is Verdict.BETTER
    assert report.made_at - experiment.started_at == timedelta(days=2)


def test_a_report_counts_users_who_took_nothing_up_as_undecided(create, database, clock):
    draft = create((("both", {"interleave": ["popularity", "cold_start"]}),))
    columns = {name: np.ones(10) for name in COLUMNS}
    outcomes = Outcomes(np.full(10, "both"), np.arange(10), columns)
    report = ReportExperiment(database, FakeOutcomes(outcomes, [[0, 2], [1, 0], [1, 1], [0, 1]]), clock)(draft.id)
    preference = report.variants[0].interleaving.preference
    assert (preference.wins, preference.losses, preference.ties) == (2, 1, 7)
