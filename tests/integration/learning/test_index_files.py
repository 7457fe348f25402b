import numpy as np
import pytest

from infrastructure.retrieval.faiss_index import FaissIndex
from infrastructure.retrieval.kinds import APPROXIMATE, FAISS, is_installed

VECTORS = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
needs_faiss = pytest.mark.skipif(not is_installed(FAISS), reason="the extra faiss is not installed")
KINDS = [pytest.param(kind, marks=needs_faiss if kind == FAISS else ()) for kind in APPROXIMATE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_index_answers_as_before(tmp_path, kind):
    built = APPROXIMATE[kind].build(VECTORS, 1)
    before = built.neighbours(VECTORS[:5], 10)
    built.save(tmp_path / "index")
    opened = APPROXIMATE[kind].open(tmp_path / "index", 50, 8)
    after = opened.neighbours(VECTORS[:5], 10)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert len(opened) == 50


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_index_does_not_depend_on_its_file(tmp_path, kind):
    built = APPROXIMATE[kind].build(VECTORS, 1)
    before = built.neighbours(VECTORS[:5], 10)
    built.save(tmp_path / "index")
    (tmp_path / "index").write_bytes(b"")
    np.testing.assert_array_equal(built.neighbours(VECTORS[:5], 10)[0], before[0])
    built.save(tmp_path / "again")
    np.testing.assert_array_equal(
        APPROXIMATE[kind].open(tmp_path / "again", 50, 8).neighbours(VECTORS[:5], 10)[0], before[0]
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "index"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_of_another_size_is_refused(tmp_path, kind):
    APPROXIMATE[kind].build(VECTORS, 1).save(tmp_path / "index")
    with pytest.raises(ValueError, match="50 vectors"):
        APPROXIMATE[kind].open(tmp_path / "index", 51, 8)
    with pytest.raises(OSError, match=r"exist|open|[Ss]ize|file"):
        APPROXIMATE[kind].open(tmp_path / "nothing", 50, 8)


@needs_faiss
@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"PK\x03\x04", b"\xff" * 64])
def test_a_file_that_is_no_graph_is_refused(tmp_path, content):
    (tmp_path / "index").write_bytes(content)
    with pytest.raises(ValueError, match="no index"):
        FaissIndex.open(tmp_path / "index", 50, 8)


@needs_faiss
def test_a_graph_that_was_cut_is_refused(tmp_path):
    FaissIndex.build(VECTORS, 1).save(tmp_path / "index")
    whole = (tmp_path / "index").read_bytes()
    for size in (10, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "index").write_bytes(whole[:size])
        with pytest.raises(ValueError, match="no index"):
            FaissIndex.open(tmp_path / "index", 50, 8)


@needs_faiss
def test_an_index_of_another_make_is_refused(tmp_path):
    import faiss

    flat = faiss.IndexFlatIP(8)
    flat.add(VECTORS)
    by_distance = faiss.IndexHNSWFlat(8, 16, faiss.METRIC_L2)
    by_distance.add(VECTORS)
    for other in (flat, by_distance):
        (tmp_path / "index").write_bytes(faiss.serialize_index(other).tobytes())
        with pytest.raises(ValueError, match="another kind"):
            FaissIndex.open(tmp_path / "index", 50, 8)
