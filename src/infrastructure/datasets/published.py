"""What is known beforehand of the data sets that have a name, and the places that may hold them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.ports.datasets import DatasetCounts

CHUNK = 2**20
RECBOLE_WHEEL = "recbole-1.2.1-py3-none-any.whl"


@dataclass(frozen=True)
class Published:
    """A data set as its publisher gives it out.

    `md5` is the publisher's own figure for the zip; `sha256` is pinned here beside it, as MD5 alone is weak.
    `copies` are other file names under which the cache may hold the same ratings.
    """

    name: str
    title: str
    md5: str
    sha256: str
    counts: DatasetCounts
    copies: tuple[str, ...] = ()

    @property
    def zip_name(self) -> str:
        return f"{self.name}.zip"

    def is_own(self, path: Path) -> bool:
        """Whether the file is the very zip that the publisher gives out."""
        return path.is_file() and digests(path) == (self.md5, self.sha256)


class Place(Protocol):
    """Somewhere a published data set may be found."""

    @property
    def label(self) -> str:
        """Its name, in words."""
        ...

    def find(self, wanted: Published) -> Path:
        """A zip or a folder to try. Raises `PassedOver`."""
        ...


class PassedOver(Exception):
    """Why a place does not give the data set, in words that go on after the place's label and a colon."""


def digests(path: Path) -> tuple[str, str]:
    """MD5 and SHA-256 of the file, in hexadecimal digits."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
    return md5.hexdigest(), sha256.hexdigest()


ML_100K = Published(
    name="ml-100k",
    title="MovieLens 100K",
    md5="0e33842e24a9c977be4e0107933c0723",
    sha256="50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
    counts=DatasetCounts(items=1_682, users=943, ratings=100_000),
    copies=(RECBOLE_WHEEL,),
)
ML_1M = Published(
    name="ml-1m",
    title="MovieLens 1M",
    md5="c4d9eecfca2ab87c1945afe126590906",
    sha256="a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    counts=DatasetCounts(items=3_883, users=6_040, ratings=1_000_209),
)
PUBLISHED = {published.name: published for published in (ML_100K, ML_1M)}
