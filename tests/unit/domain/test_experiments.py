from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from domain.errors import ExperimentNotRunning, ExperimentStarted, InvalidExperiment
from domain.experiments import Experiment, ExperimentPlan, ExperimentStatus, GuardRail, uniform
from domain.overrides import Overrides, checked

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d"
TWO = (("control", {}), ("treatment", {"engine": "popularity"}))


def plan(variants=TWO, success_metric="click", duration_days=14, **others):
    return ExperimentPlan("A test", variants, success_metric, duration_days, **others)


def experiment(experiment_id=ID, **others):
    return Experiment.of(plan(**others), experiment_id, NOW)


def names(experiment, users=range(4000)):
    return [variant.name if (variant := experiment.assign(user)) else None for user in users]


def faults(**others):
    with pytest.raises(InvalidExperiment) as refused:
        experiment(**others)
    return {detail.where: detail.problem for detail in refused.value.details}


def test_an_experiment_is_started_once_and_stopped_once():
    one = experiment()
    assert one.status(NOW) is ExperimentStatus.DRAFT
    with pytest.raises(ExperimentNotRunning):
        one.stop(NOW)
    one.start(NOW)
    assert one.status(NOW) is ExperimentStatus.RUNNING
    with pytest.raises(ExperimentStarted):
        one.start(NOW)
    one.stop(NOW + timedelta(days=3))
    assert (one.status(NOW + timedelta(days=3)), one.ends_at) == (ExperimentStatus.STOPPED, NOW + timedelta(days=3))
    for again in (one.start, one.stop):
        with pytest.raises((ExperimentStarted, ExperimentNotRunning)):
            again(NOW + timedelta(days=4))


def test_an_experiment_ends_by_itself_when_its_days_are_over():
    one = experiment(duration_days=2)
    one.start(NOW)
    almost = NOW + timedelta(days=2, seconds=-1)
    assert one.status(almost) is ExperimentStatus.RUNNING
    assert one.status(NOW + timedelta(days=2)) is ExperimentStatus.STOPPED
    with pytest.raises(ExperimentNotRunning):
        one.stop(NOW + timedelta(days=2))


def test_a_user_has_the_same_variant_whenever_and_wherever_they_are_asked_about():
    assert names(experiment()) == names(experiment())
    # Written down once: a release that assigned otherwise would spoil every experiment that runs.
    first = "".join(name[0] for name in names(experiment(), range(1, 9)))
    assert first == "tcccctct"


def test_assignment_is_uniform_and_follows_the_shares():
    drawn = [uniform(ID, "variant", user) for user in range(20_000)]
    assert stats.kstest(drawn, "uniform").pvalue > 0.01
    uneven = experiment(traffic_split={"control": 0.1, "treatment": 0.5})
    found = names(uneven, range(20_000))
    counts = [found.count(name) for name in ("control", "treatment", None)]
    assert stats.chisquare(counts, [2_000, 10_000, 8_000]).pvalue > 0.01


def test_experiments_are_independent_of_each_other_and_so_is_taking_part():
    one, other = names(experiment()), names(experiment("01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8e"))
    table = [[sum(a == x and b == y for a, b in zip(one, other, strict=True)) for x, y in row] for row in PAIRS]
    assert stats.chi2_contingency(table).pvalue > 0.01
    parting = [uniform(ID, "part", user) for user in range(4000)]
    varying = [uniform(ID, "variant", user) for user in range(4000)]
    assert stats.pearsonr(parting, varying).pvalue > 0.01


PAIRS = [[(x, y) for y in ("control", "treatment")] for x in ("control", "treatment")]


def test_who_takes_part_keeps_their_variant_when_all_shares_grow():
    before, after = names(experiment(traffic_split=0.3)), names(experiment(traffic_split=0.8))
    kept = [(x, y) for x, y in zip(before, after, strict=True) if x is not None]
    assert kept and all(x == y for x, y in kept)
    assert sum(name is not None for name in before) < sum(name is not None for name in after) < len(after)
    assert None not in names(experiment(traffic_split=1.0))


def test_shares_are_given_as_one_number_by_name_or_in_order():
    def shares(split):
        return [variant.share for variant in experiment(traffic_split=split).variants]

    assert shares(0.5) == [0.25, 0.25]
    assert shares({"treatment": 0.2, "control": 0.7}) == [0.7, 0.2]
    assert shares([0.7, 0.2]) == [0.7, 0.2]
    assert shares([1 / 3, 2 / 3]) == [1 / 3, 2 / 3]


@pytest.mark.parametrize(
    ("split", "where"),
    [
        (0.0, "traffic_split"),
        (1.5, "traffic_split"),
        (float("nan"), "traffic_split"),
        ([0.5], "traffic_split"),
        ([0.5, 0.6], "traffic_split"),
        ({"control": 0.5}, "traffic_split.treatment"),
        ({"control": 0.5, "treatment": 0.2, "third": 0.1}, "traffic_split.third"),
        ({"control": -0.5, "treatment": 0.2}, "traffic_split"),
    ],
)
def test_shares_that_do_not_fit_are_refused(split, where):
    assert where in faults(traffic_split=split)


def test_all_that_is_wrong_is_named_at_once():
    wrong = faults(
        variants=(("a", {"engine": ""}), ("a", {"speed": 3, "diversity": 2})),
        success_metric="fallback",
        duration_days=0,
        guard_rails=(GuardRail("joy", 0.1), GuardRail("like", 1.0)),
    )
    assert set(wrong) == {
        "variants.0.overrides.engine",
        "variants.1.overrides.speed",
        "variants.1.overrides.diversity",
        "variants.1.name",
        "success_metric",
        "guard_rails.0.metric",
        "guard_rails.1.margin",
        "duration_days",
    }
    assert "min_interactions" in wrong["variants.1.overrides.speed"], "what can be overridden is told"


def test_one_variant_is_enough_only_where_it_interleaves():
    assert "variants" in faults(variants=(("alone", {"engine": "popularity"}),))
    (alone,) = experiment(variants=(("both", {"interleave": ["ease", "linear"]}),)).variants
    assert alone.overrides.engines == ("ease", "linear")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("engine", 7),
        ("diversity", 1.01),
        ("diversity", float("nan")),
        ("diversity", True),
        ("exploration", 0.6),
        ("min_interactions", 0),
        ("min_interactions", 2.5),
        ("weights", {}),
        ("weights", {"ease": -1}),
        ("weights", [1, 2]),
        ("interleave", ["ease"]),
        ("interleave", ["ease", "ease"]),
        ("interleave", "ab"),
    ],
)
def test_an_override_out_of_bounds_is_refused_by_name(name, value):
    _, wrong = checked({name: value, **({"engine": "hybrid"} if name == "weights" else {})}, "overrides")
    assert [detail.where for detail in wrong] == [f"overrides.{name}"]


def test_overrides_that_contradict_each_other_are_refused():
    assert [detail.where for detail in checked({"weights": {"ease": 1}}, "o")[1]] == ["o.weights"]
    assert [detail.where for detail in checked({"engine": "a", "interleave": ["b", "c"]}, "o")[1]] == ["o.interleave"]


def test_overrides_come_back_as_they_were_given():
    given = {
        "engine": "hybrid",
        "diversity": 0.0,
        "exploration": 0.1,
        "min_interactions": 3,
        "weights": {"ease": 2.0, "linear": 1.0},
    }
    overrides, wrong = checked(given, "overrides")
    assert not wrong and overrides.as_mapping() == given
    assert Overrides().as_mapping() == {}
    assert hash(overrides) == hash(checked(given, "overrides")[0])
    assert np.isclose(dict(overrides.weights)["ease"], 2.0)
