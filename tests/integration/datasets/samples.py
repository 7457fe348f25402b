"""Tiny data sets on disk."""

import zipfile
from pathlib import Path

from domain.ports.datasets import DatasetCounts
from infrastructure.datasets.published import Published, digests
from tests.unit.datasets.samples import ML_1M, encoded

COUNTS = DatasetCounts(items=3, users=2, ratings=4)


def write_zip(path: Path, files: dict[str, bytes] | None = None) -> Path:
    """A zip of the given files; of the sample in the layout of MovieLens 1M if none are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files if files is not None else tiny()).items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def tiny() -> dict[str, bytes]:
    return {f"ml-1m/{name}": content for name, content in encoded(ML_1M).items()}


def published(original: Path, name: str = "tiny", copies: tuple[str, ...] = ()) -> Published:
    """What is known of a data set whose publisher gives out the file `original`."""
    md5, sha256 = digests(original)
    return Published(name, "Tiny", md5, sha256, COUNTS, copies)
