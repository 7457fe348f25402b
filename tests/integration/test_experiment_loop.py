"""An experiment on a real database among people whose tastes are known: what it says is held against what is true."""

import pytest

from application.simulating import SimulationPlan
from domain.experiments import ExperimentPlan
from domain.interleaving import INTERLEAVED
from domain.verdicts import Verdict
from tests.fakes import FakeIds
from tests.integration.made_up_people import stocked

pytestmark = pytest.mark.slow

VARIANTS = (
    ("popular", {"engine": "popularity"}),
    ("personal", {"engine": "content"}),
    ("both", {"interleave": ["popularity", "content"]}),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The report of an experiment that ran for a week, and the truth by engine."""
    container = stocked(tmp_path_factory.mktemp("experiment"), seed=4)
    container.ids.override(FakeIds())
    experiment = container.create_experiment()(ExperimentPlan("Whose taste?", VARIANTS, "reward", 14))
    container.start_experiment()(experiment.id)
    simulated = container.simulate()(SimulationPlan(users=210, days=5, visits=1.0, seed=6))
    yield container.report_experiment()(experiment.id), simulated.engines
    container.shutdown_resources()


def test_every_list_is_counted_for_its_variant(found):
    report, truth = found
    engines = {"popular": "popularity", "personal": "content", "both": INTERLEAVED}
    for one in report.variants:
        assert one.lists == truth[engines[one.variant.name]].lists
        assert one.rate.successes == pytest.approx(truth[engines[one.variant.name]].earned)
    assert not report.sample_ratio_mismatch


def test_the_variant_that_is_worth_more_is_called_better(found):
    report, truth = found
    popular, personal = (truth[engine].worth / truth[engine].lists for engine in ("popularity", "content"))
    assert personal > popular
    assert report.variants[1].verdict is Verdict.BETTER
    interval = report.variants[1].contrast.always_valid_interval()
    assert interval.low < personal / popular - 1.0 < interval.high


def test_interleaving_prefers_the_same_engine(found):
    report, _ = found
    preference = report.variants[2].interleaving.preference
    assert preference.share > 0.6 and preference.always_valid_p_value < 0.05
