import os
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from infrastructure.datasets.archive import open_archive
from infrastructure.datasets.movielens import read_movielens
from infrastructure.datasets.published import ML_1M, ML_100K, RECBOLE_WHEEL, PassedOver, digests
from infrastructure.datasets.registry_wheel import RegistryWheel
from tests.integration.datasets.samples import write_zip
from tests.unit.datasets.samples import ATOMIC, FakeProgress, encoded

#: a stand-in for pip: puts the file named first into the folder that follows --dest, and notes its arguments
FAKE_PIP = """
import shutil, sys, time
from pathlib import Path
source, name, *arguments = sys.argv[1:]
Path(source).with_name("arguments").write_text("\\n".join(arguments))
if source.endswith("sleep"):
    time.sleep(60)
if source.endswith("fail"):
    sys.exit(3)
shutil.copy(source, Path(arguments[arguments.index("--dest") + 1]) / name)
"""


@pytest.fixture
def wheel(tmp_path):
    files = {f"recbole/dataset_example/ml-100k/{name}": content for name, content in encoded(ATOMIC, "utf-8").items()}
    return write_zip(tmp_path / "registry" / "wheel", files)


@pytest.fixture
def registry(tmp_path):
    script = tmp_path / "fake_pip.py"
    script.write_text(FAKE_PIP)

    def make(source: Path, name=RECBOLE_WHEEL, sha256=None, time_limit=30.0):
        sha256 = sha256 or digests(source)[1]
        pip = (sys.executable, str(script), str(source), name)
        return RegistryWheel(tmp_path / "cache", FakeProgress(), pip, sha256, time_limit)

    return make


def test_the_wheel_is_put_into_the_cache(registry, wheel, tmp_path):
    path = registry(wheel).find(ML_100K)
    assert path == tmp_path / "cache" / RECBOLE_WHEEL
    assert path.read_bytes() == wheel.read_bytes()
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == [RECBOLE_WHEEL]


def test_pip_downloads_one_pinned_wheel_and_builds_nothing(registry, wheel, tmp_path):
    registry(wheel).find(ML_100K)
    arguments = (tmp_path / "registry" / "arguments").read_text().split("\n")
    assert arguments[0] == "download"
    assert {"--no-deps", "--only-binary=:all:", "recbole==1.2.1"} < set(arguments)


def test_other_data_sets_are_not_looked_for(registry, wheel, tmp_path):
    with pytest.raises(PassedOver, match="no copy of MovieLens 1M"):
        registry(wheel).find(ML_1M)
    assert not (tmp_path / "cache").exists()


def test_a_wheel_with_another_checksum_is_refused(registry, wheel, tmp_path):
    with pytest.raises(PassedOver, match="another checksum"):
        registry(wheel, sha256="0" * 64).find(ML_100K)
    assert list((tmp_path / "cache").iterdir()) == []


def test_another_file_than_the_wheel_is_refused(registry, wheel):
    with pytest.raises(PassedOver, match="gave no recbole"):
        registry(wheel, name="recbole-1.2.1.tar.gz").find(ML_100K)


def test_a_failing_pip_is_passed_over(registry, tmp_path):
    (tmp_path / "fail").touch()
    with pytest.raises(PassedOver, match="exit status 3"):
        registry(tmp_path / "fail").find(ML_100K)


def test_a_hanging_pip_is_ended(registry, tmp_path):
    (tmp_path / "sleep").touch()
    with pytest.raises(PassedOver, match=r"took longer than 0\.5 s"):
        registry(tmp_path / "sleep", time_limit=0.5).find(ML_100K)


def fields_equal(one, other):
    return all(getattr(one, field.name) == getattr(other, field.name) for field in fields(one))


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("MARQUEE_TEST_REGISTRY") != "1", reason="MARQUEE_TEST_REGISTRY=1 lets it ask a package registry"
)
def test_the_real_wheel_holds_the_published_ratings(tmp_path):
    path = RegistryWheel(tmp_path, FakeProgress()).find(ML_100K)
    dataset = read_movielens(open_archive(path), "ml-100k", "a test", FakeProgress())
    assert dataset.counts == ML_100K.counts
    if (folder := os.environ.get("MARQUEE_DATASETS")) is None:
        pytest.skip("MARQUEE_DATASETS names no folder with ml-100k.zip to compare with")
    original = read_movielens(open_archive(Path(folder) / "ml-100k.zip"), "ml-100k", "a test", FakeProgress())
    # By their fields: an object of a mapped class holds the mapper's state besides.
    for mine, published in ((dataset.ratings(), original.ratings()), (dataset.items(), original.items())):
        assert all(fields_equal(one, other) for one, other in zip(mine, published, strict=True))
    assert [who.demographics for who in dataset.users(None)] == [who.demographics for who in original.users(None)]
