"""The files of a data set, read where they lie: in a zip or in a folder. Nothing is ever extracted."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from domain.errors import DatasetUnavailable, MalformedDataset

MAX_MEMBERS = 1_000
MAX_UNPACKED = 512 * 2**20
CHUNK = 2**20
#: what the standard library raises for a zip that is damaged or uses something it cannot read
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Archive(Protocol):
    """A bundle of files. Member names are POSIX paths relative to the bundle."""

    @property
    def path(self) -> Path: ...

    def members(self) -> Sequence[str]:
        """Names of all files. Raises `MalformedDataset` for a bundle that must not be opened."""
        ...

    def lines(self, member: str) -> Iterator[bytes]:
        """Lines of one file, line ends included. Raises `MalformedDataset` where the file is damaged."""
        ...

    def digest(self, members: Sequence[str]) -> str:
        """SHA-256 over names (without folders), lengths and contents of the given files, in hexadecimal digits."""
        ...


def open_archive(path: Path) -> Archive:
    """The zip or folder at `path`. Raises `DatasetUnavailable` when there is neither."""
    if path.is_dir():
        return FolderArchive(path)
    if path.is_file():
        return ZipArchive(path)
    raise DatasetUnavailable(f"There is no zip and no folder at {path}.")


@dataclass(frozen=True)
class ZipArchive:
    """A zip. One with too many members, too much in them (in bytes) or odd names is refused before any is read."""

    path: Path
    max_members: int = MAX_MEMBERS
    max_unpacked: int = MAX_UNPACKED

    def members(self) -> Sequence[str]:
        with self._opened() as archive:
            infos = archive.infolist()
        if len(infos) > self.max_members:
            raise MalformedDataset(f"{self.path.name} holds more than {self.max_members:,} files.")
        if sum(info.file_size for info in infos) > self.max_unpacked:
            raise MalformedDataset(f"{self.path.name} unpacks to more than {self.max_unpacked:,} bytes.")
        for info in infos:
            # A harmless zip has no such names, so they say enough about whoever made this one.
            if _leaves_its_folder(info.filename):
                raise MalformedDataset(f"{self.path.name} holds a file that points outside it: {info.filename[:80]!r}.")
        return [info.filename for info in infos if not info.is_dir()]

    def lines(self, member: str) -> Iterator[bytes]:
        with self._opened() as archive, archive.open(member) as stream:
            yield from stream

    def digest(self, members: Sequence[str]) -> str:
        with self._opened() as archive:
            state = hashlib.sha256()
            for member in members:
                _add_name(state, member, archive.getinfo(member).file_size)
                with archive.open(member) as stream:
                    _add_content(state, stream)
        return state.hexdigest()

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        # zipfile stops at the length that a member declares, so the declared sizes bound what is really read.
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except ZIP_ERRORS as damage:
            raise MalformedDataset(f"{self.path.name} is not a zip that can be read: {damage}.") from damage


@dataclass(frozen=True)
class FolderArchive:
    """A folder. One with too many files in it is some other folder that was meant to be given more exactly."""

    path: Path
    max_members: int = MAX_MEMBERS

    def members(self) -> Sequence[str]:
        found = list(islice((file for file in self.path.rglob("*") if file.is_file()), self.max_members + 1))
        if len(found) > self.max_members:
            raise MalformedDataset(f"The folder {self.path} holds more than {self.max_members:,} files.")
        return sorted(file.relative_to(self.path).as_posix() for file in found)

    def lines(self, member: str) -> Iterator[bytes]:
        with (self.path / member).open("rb") as stream:
            yield from stream

    def digest(self, members: Sequence[str]) -> str:
        state = hashlib.sha256()
        for member in members:
            file = self.path / member
            _add_name(state, member, file.stat().st_size)
            with file.open("rb") as stream:
                _add_content(state, stream)
        return state.hexdigest()


def _leaves_its_folder(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in name.partition("/")[0]


def _add_name(state: "hashlib._Hash", member: str, size: int) -> None:
    state.update(f"{PurePosixPath(member).name}\0{size}\0".encode())


def _add_content(state: "hashlib._Hash", stream: IO[bytes]) -> None:
    while chunk := stream.read(CHUNK):
        state.update(chunk)
