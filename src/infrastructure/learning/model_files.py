"""Files of a model: written durably, and checked before anything opens them."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from domain.errors import ArtifactDamaged
from infrastructure.learning.manifest import FileRecord

T = TypeVar("T")


def verified(path: Path, record: FileRecord, largest: int) -> bytes:
    """The file's content, if it is a plain file of the recorded size and digest. Raises `ArtifactDamaged`."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise ArtifactDamaged(f"{path.name} is not a plain file.")
        if status.st_size != record.size or status.st_size > largest:
            raise ArtifactDamaged(f"{path.name} has {status.st_size} bytes, not {record.size} as the manifest says.")
        content = path.read_bytes()
    except OSError as problem:
        raise ArtifactDamaged(f"{path.name} cannot be read: {problem.strerror}.") from problem
    if hashlib.sha256(content).hexdigest() != record.sha256:
        raise ArtifactDamaged(f"{path.name} has another SHA-256 than the manifest says.")
    return content


def parsed(name: str, parse: Callable[[], T]) -> T:
    """What a parser makes of a verified file; such a file was damaged before it was recorded."""
    try:
        return parse()
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as problem:
        raise ArtifactDamaged(f"{name} cannot be read: {problem}.") from problem


def arrays_in(name: str, content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a verified file. Raises `ArtifactDamaged` for one that is none or holds what is not finite."""
    arrays = parsed(name, lambda: load_tensors(content))
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ArtifactDamaged(f"{name} holds numbers that are not finite.")
    return arrays


def check_shapes(name: str, arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises `ArtifactDamaged` where the arrays are not exactly these."""
    if {key: array.shape for key, array in arrays.items()} != shapes:
        raise ArtifactDamaged(f"{name} holds other arrays than the vocabulary asks for.")


def encoded(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as a safetensors file."""
    return save_tensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def width_of(arrays: Mapping[str, NDArray[Any]], name: str) -> int:
    """Columns of a matrix among the arrays; 0 where there is no such matrix."""
    return arrays[name].shape[1] if name in arrays and arrays[name].ndim == 2 else 0


def write_durably(path: Path, content: bytes) -> None:
    """Write and flush to disk before returning."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Make sure that a file, or a folder's list of names, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process, and thread, from changing what the folder says meanwhile. Reading it stays free."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_durably(path: Path, content: bytes) -> None:
    """Replace a file in one step: whoever reads it finds the old content or the new, also after a power cut."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(descriptor)
    try:
        write_durably(Path(name), content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    flush(path.parent)
