import numpy as np
import pytest

from infrastructure.retrieval.annoy_index import AnnoyIndex

VECTORS = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)


def test_a_saved_forest_answers_as_before(tmp_path):
    built = AnnoyIndex.build(VECTORS, 1)
    before = built.neighbours(VECTORS[:5], 10)
    built.save(tmp_path / "items.ann")
    opened = AnnoyIndex.open(tmp_path / "items.ann", 50, 8)
    after = opened.neighbours(VECTORS[:5], 10)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert len(opened) == 50


def test_a_forest_of_another_size_is_refused(tmp_path):
    AnnoyIndex.build(VECTORS, 1).save(tmp_path / "items.ann")
    with pytest.raises(ValueError, match="50 vectors"):
        AnnoyIndex.open(tmp_path / "items.ann", 51, 8)
    with pytest.raises(OSError, match=r"exist|open|[Ss]ize|file"):
        AnnoyIndex.open(tmp_path / "nothing.ann", 50, 8)
