import numpy as np
import pytest

from domain.comparing import LEAST_USERS
from domain.experiments import GuardRail
from domain.interleaving import Preference
from domain.outcomes import COLUMNS, METRICS, SUCCESS_METRICS, Outcomes
from domain.verdicts import GuardRailState, Verdict, judge
from tests.unit.domain.test_experiments import NOW, experiment


def outcomes(**variants):
    """One list a user; of each variant (users, clicks, lists that fell back)."""
    names = np.concatenate([np.full(users, name) for name, (users, _, _) in variants.items()])
    columns = {name: np.zeros(len(names)) for name in COLUMNS}
    columns["lists"][:] = 1.0
    columns["places"][:] = columns["wanted"][:] = 10.0
    for name, (_, clicks, fallbacks) in variants.items():
        rows = np.flatnonzero(names == name)
        columns["click"][rows[:clicks]] = 1.0
        columns["clicked_places"][rows[:clicks]] = 2.0
        columns["fallbacks"][rows[:fallbacks]] = 1.0
    return Outcomes(names, np.arange(len(names)), columns)


def test_a_variant_that_is_shown_to_be_better_or_worse_is_called_so():
    three = (("control", {}), ("up", {"diversity": 0.1}), ("down", {"diversity": 0.9}))
    report = judge(
        experiment(variants=three), outcomes(control=(1000, 300, 0), up=(1000, 420, 0), down=(1000, 200, 0)), NOW
    )
    assert [one.verdict for one in report.variants] == [Verdict.CONTROL, Verdict.BETTER, Verdict.WORSE]
    control, up, _ = report.variants
    assert (control.users, control.lists, control.rate.value, control.contrast) == (1000, 1000, 0.3, None)
    assert up.contrast.lift == pytest.approx(0.4)
    assert up.adjusted_p_value > up.contrast.always_valid_p_value
    assert not report.sample_ratio_mismatch


def test_a_difference_between_groups_that_chance_did_not_part_as_told_is_not_trusted():
    report = judge(experiment(), outcomes(control=(1000, 300, 0), treatment=(700, 400, 0)), NOW)
    assert report.sample_ratio_mismatch
    assert report.variants[1].verdict is Verdict.UNTRUSTED


def test_little_evidence_decides_nothing():
    few = LEAST_USERS - 1
    report = judge(experiment(), outcomes(control=(few, 5, 0), treatment=(few, 40, 0)), NOW)
    assert report.variants[1].contrast.p_value < 0.001
    assert report.variants[1].verdict is Verdict.UNDECIDED
    nothing = judge(experiment(), Outcomes.empty(), NOW)
    assert [one.users for one in nothing.variants] == [0, 0]
    assert nothing.variants[1].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("clicks", "state"), [(300, GuardRailState.HELD), (265, GuardRailState.OPEN), (150, GuardRailState.BROKEN)]
)
def test_a_guard_rail_is_held_broken_or_open(clicks, state):
    guarded = experiment(success_metric="reward", guard_rails=(GuardRail("click", 0.2),))
    report = judge(guarded, outcomes(control=(1000, 300, 0), treatment=(1000, clicks, 0)), NOW)
    (rail,) = report.variants[1].guard_rails
    assert (rail.metric, rail.margin, rail.state) == ("click", 0.2, state)
    assert (rail.p_value < 0.05) == (state is GuardRailState.BROKEN)
    assert report.variants[0].guard_rails == ()


def test_a_metric_that_should_not_rise_is_guarded_from_above():
    guarded = experiment(guard_rails=(GuardRail("fallback", 0.2),))
    rising = judge(guarded, outcomes(control=(1000, 300, 200), treatment=(1000, 300, 400)), NOW)
    falling = judge(guarded, outcomes(control=(1000, 300, 400), treatment=(1000, 300, 200)), NOW)
    assert rising.variants[1].guard_rails[0].state is GuardRailState.BROKEN
    assert falling.variants[1].guard_rails[0].state is GuardRailState.HELD


def test_where_no_list_was_ever_short_the_guard_of_full_lists_holds():
    report = judge(experiment(), outcomes(control=(300, 100, 0), treatment=(300, 100, 0)), NOW)
    (rail,) = report.variants[1].guard_rails
    assert (rail.metric, rail.rate.value, rail.state) == ("fill", 1.0, GuardRailState.HELD)


def test_an_interleaved_variant_tells_what_its_users_prefer():
    alone = experiment(variants=(("both", {"interleave": ["ease", "linear"]}),))
    report = judge(alone, outcomes(both=(100, 30, 0)), NOW, {"both": Preference(20, 10, 70)})
    told = report.variants[0].interleaving
    assert (told.first, told.second, told.preference.share) == ("ease", "linear", pytest.approx(2 / 3))
    assert judge(experiment(), Outcomes.empty(), NOW).variants[0].interleaving is None


def test_every_metric_is_made_of_columns_that_there_are():
    one = outcomes(control=(10, 4, 1))
    values = {name: one.rate(name).value for name in METRICS}
    assert (values["click"], values["ctr"], values["fill"], values["fallback"]) == (0.4, 0.08, 1.0, 0.1)
    assert {"click", "like", "watch", "enroll", "view", "ctr", "reward"} <= set(SUCCESS_METRICS)
    assert not {"fallback", "skip", "dislike", "fill"} & set(SUCCESS_METRICS)
