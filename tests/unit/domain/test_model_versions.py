from datetime import UTC, datetime

from domain.model_versions import ModelVersion

VERSION = ModelVersion(
    "v1",
    ("ncf", "linear"),
    datetime(2026, 1, 31, tzinfo=UTC),
    {},
    "fingerprint",
    {"ncf.ndcg@10": 0.1, "ncf.hr@10": 0.2, "ncf.validation.ndcg@10": 0.3, "linear.ndcg@10": 0.4},
)


def test_the_figures_of_an_engine_are_its_own_and_of_the_test_alone():
    assert VERSION.test_figures("ncf") == {"ndcg@10": 0.1, "hr@10": 0.2}
    assert VERSION.test_figures("linear") == {"ndcg@10": 0.4}
    assert VERSION.test_figures("ease") == {}
