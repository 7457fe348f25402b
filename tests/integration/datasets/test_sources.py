import shutil
import zipfile

import pytest

from domain.errors import DatasetUnavailable, MalformedDataset
from infrastructure.datasets.published import PassedOver
from infrastructure.datasets.sources import DatasetCache, DatasetFolder, MovieLensSource
from tests.integration.datasets.samples import COUNTS, published, tiny, write_zip
from tests.unit.datasets.samples import ATOMIC, FakeProgress, encoded


class FakePlace:
    """Somewhere that gives the path it was made with, or passes."""

    def __init__(self, path=None, label="a place"):
        self.path, self.label, self.asked = path, label, 0

    def find(self, wanted):
        self.asked += 1
        if self.path is None:
            raise PassedOver("out of order")
        return self.path


@pytest.fixture
def original(tmp_path):
    return write_zip(tmp_path / "publisher" / "tiny.zip")


@pytest.fixture
def progress():
    return FakeProgress()


@pytest.fixture
def source_of(original, progress):
    def make(*places, **known):
        return MovieLensSource(places, progress, {"tiny": published(original, **known)})

    return make


def repacked(path, **changes):
    """The same rows in a zip with another checksum."""
    return write_zip(path, tiny() | {"ml-1m/README": b"packed anew"} | changes)


def test_the_first_place_that_has_it_is_taken(source_of, original, progress):
    later = FakePlace(original)
    dataset = source_of(FakePlace(original, label="the first place"), later).fetch("tiny")
    assert (dataset.name, dataset.source, dataset.counts) == ("tiny", "the first place (tiny.zip)", COUNTS)
    assert later.asked == 0
    assert progress.lines == [
        "tiny: read from the first place (tiny.zip), the publisher's own file: 3 items, 2 users and 4 ratings"
    ]


def test_each_place_that_is_passed_over_is_reported(source_of, original, progress, tmp_path):
    cache, folder = DatasetCache(tmp_path / "cache"), DatasetFolder(None)
    source_of(cache, folder, FakePlace(), FakePlace(original)).fetch("tiny")
    assert progress.lines[:3] == [
        f"tiny: the cache: no tiny.zip in {tmp_path / 'cache'}",
        "tiny: the folder of MARQUEE_DATASETS: not set",
        "tiny: a place: out of order",
    ]


def test_a_repacked_copy_is_taken_by_its_rows_and_said_to_be_one(source_of, progress, tmp_path):
    repacked(tmp_path / "zips" / "tiny.zip")
    source_of(DatasetFolder(tmp_path / "zips")).fetch("tiny")
    assert "not the publisher's own file, but complete" in progress.lines[-1]


def test_an_unpacked_folder_is_as_good_as_a_zip(source_of, original, tmp_path):
    with zipfile.ZipFile(original) as archive:
        archive.extractall(tmp_path / "zips" / "tiny")
    in_folder = source_of(DatasetFolder(tmp_path / "zips")).fetch("tiny")
    assert in_folder.fingerprint == source_of(FakePlace(original)).fetch("tiny").fingerprint


def test_the_cache_knows_the_copies_by_their_names(source_of, tmp_path):
    write_zip(tmp_path / "copy.whl")
    assert source_of(DatasetCache(tmp_path), copies=("copy.whl",)).fetch("tiny").source == "the cache (copy.whl)"


def test_a_copy_with_other_rows_than_were_published_is_passed_over(source_of, original, progress, tmp_path):
    short = write_zip(tmp_path / "short.zip", tiny() | {"ml-1m/ratings.dat": b"1::318::5::978300760\n"})
    source_of(FakePlace(short), FakePlace(original)).fetch("tiny")
    assert progress.lines[0] == (
        "tiny: a place: holds 3 items, 2 users and 1 ratings, where Tiny has 3 items, 2 users and 4 ratings"
    )


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_a_damaged_copy_is_passed_over(source_of, original, progress, tmp_path, content):
    (tmp_path / "tiny.zip").write_bytes(content)
    source_of(DatasetCache(tmp_path), FakePlace(original)).fetch("tiny")
    assert progress.lines[0].startswith("tiny: the cache: tiny.zip is not a zip that can be read")


def test_a_place_that_cannot_be_read_is_passed_over(source_of, original, progress):
    class Broken(FakePlace):
        def find(self, wanted):
            raise PermissionError(13, "Permission denied", "tiny.zip")

    source_of(Broken(), FakePlace(original)).fetch("tiny")
    assert "Permission denied" in progress.lines[0]


def test_malformed_rows_of_the_only_copy_are_named(source_of, tmp_path):
    bad = repacked(tmp_path / "tiny.zip", **{"ml-1m/ratings.dat": b"1::318::9::978300760\n"})
    with pytest.raises(MalformedDataset) as refused:
        source_of(FakePlace(bad), FakePlace()).fetch("tiny")
    assert [detail.where for detail in refused.value.details] == ["ratings.dat:1", "ratings.dat"]


def test_with_nothing_reachable_one_sentence_names_the_ways_out(source_of):
    with pytest.raises(DatasetUnavailable) as refused:
        source_of(FakePlace()).fetch("tiny")
    for way in ("https://grouplens.org/datasets/movielens/", "tiny.zip", "path", "MARQUEE_DATASETS"):
        assert way in refused.value.message
    assert refused.value.message.count(". ") == 0


def test_a_path_is_read_and_no_place_is_asked(source_of, progress, tmp_path):
    place = FakePlace()
    dataset = source_of(place).fetch(str(write_zip(tmp_path / "My Films, 2026.zip")))
    assert (dataset.name, dataset.counts, place.asked) == ("my-films-2026", COUNTS, 0)
    assert progress.lines == [f"my-films-2026: read from {tmp_path / 'My Films, 2026.zip'}: {COUNTS}"]


def test_a_path_to_a_folder_is_read(source_of, original, tmp_path):
    with zipfile.ZipFile(original) as archive:
        archive.extractall(tmp_path / "films.v2")
    assert source_of().fetch(str(tmp_path / "films.v2")).name == "films-v2"


def test_a_path_of_a_published_name_must_hold_what_was_published(source_of, original, tmp_path):
    assert source_of().fetch(str(original)).name == "tiny"
    short = write_zip(tmp_path / "tiny.zip", tiny() | {"ml-1m/ratings.dat": b"1::318::5::978300760\n"})
    with pytest.raises(MalformedDataset, match="under another file name"):
        source_of().fetch(str(short))
    shutil.move(short, tmp_path / "mine.zip")
    assert source_of().fetch(str(tmp_path / "mine.zip")).counts.ratings == 1


def test_a_path_with_malformed_rows_is_refused(source_of, tmp_path):
    bad = write_zip(tmp_path / "bad.zip", tiny() | {"ml-1m/users.dat": b"1::F::1::10::48067\n"})
    with pytest.raises(MalformedDataset) as refused:
        source_of().fetch(str(bad))
    assert [detail.problem for detail in refused.value.details] == ["there is no user 5"] * 2


def test_a_name_that_means_nothing_is_answered_with_those_that_do(source_of):
    with pytest.raises(DatasetUnavailable, match=r"no data set 'ml-100m': give tiny, or the path"):
        source_of().fetch("ml-100m")


def test_counts_of_published_data_sets_are_known_beforehand(source_of):
    assert source_of().find_counts("tiny") == COUNTS
    assert source_of().find_counts("tiny.zip") is None


def test_the_atomic_copy_is_recognised_in_a_wheel(source_of, tmp_path):
    files = {f"recbole/dataset_example/ml-100k/{name}": text for name, text in encoded(ATOMIC, "utf-8").items()}
    wheel = write_zip(tmp_path / "wheel.whl", files | {"recbole/__init__.py": b"raise SystemExit"})
    assert source_of().fetch(str(wheel)).counts.items == 4
