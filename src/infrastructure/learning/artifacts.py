"""Artifacts: a trained model as a folder of files that are checked before anything opens them."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from domain.errors import ArtifactDamaged
from domain.model_versions import EpochReport, ModelVersion
from domain.ports.recommending import ItemIndex
from infrastructure.learning.architecture import Shapes, weight_shapes
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.manifest import FileRecord, Manifest
from infrastructure.retrieval.annoy_index import AnnoyIndex

WEIGHTS, VECTORS, VOCABULARY, INDEX = "weights.safetensors", "vectors.safetensors", "vocabulary.json", "items.ann"
#: most bytes that each file may have; whatever is larger is refused unread
LARGEST: Mapping[str, int] = {WEIGHTS: 2 << 30, VECTORS: 4 << 30, VOCABULARY: 256 << 20, INDEX: 16 << 30}
#: neighbours kept for every item
NEIGHBOURS = 100

Floats = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class TrainedNcf:
    """A trained model as plain arrays. Everything by item has one row for each id of the vocabulary."""

    epochs: Sequence[EpochReport]
    vocabulary: Vocabulary
    weights: Mapping[str, Floats]  # as the PyTorch module names them
    item_vectors: Floats  # [n, d], unit length or zero
    popularity: Floats  # [n, 3]
    group_lifts: Floats  # [D, n]
    item_shares: Floats  # [n], log
    seed: int
    engine: str = "ncf"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model version, whole and verified, ready to be served."""

    version: ModelVersion
    vocabulary: Vocabulary
    weights: Mapping[str, Floats]
    item_vectors: Floats  # [n, d]
    popularity: Floats  # [n, 3]
    group_lifts: Floats  # [D, n]
    item_shares: Floats  # [n]
    neighbours: NDArray[np.int32]  # [n, NEIGHBOURS] rows, -1 where there are fewer
    similarities: Floats  # [n, NEIGHBOURS]
    index: ItemIndex


def write_files(folder: Path, model: TrainedNcf) -> dict[str, FileRecord]:
    """Write the model's files, flushed to disk, and say what each must look like from now on."""
    index = AnnoyIndex.build(model.item_vectors, model.seed)
    neighbours, similarities = nearest_others(index, model.item_vectors)
    vectors = {
        "item_vectors": model.item_vectors,
        "popularity": model.popularity,
        "group_lifts": model.group_lifts,
        "item_shares": model.item_shares,
        "neighbours": neighbours,
        "similarities": similarities,
    }
    index.save(folder / INDEX)
    write_durably(folder / WEIGHTS, save_tensors({name: np.ascontiguousarray(w) for name, w in model.weights.items()}))
    write_durably(folder / VECTORS, save_tensors({name: np.ascontiguousarray(v) for name, v in vectors.items()}))
    write_durably(folder / VOCABULARY, json.dumps(_vocabulary_fields(model.vocabulary)).encode())
    flush(folder / INDEX)
    return {name: FileRecord.of(folder / name) for name in LARGEST}


def nearest_others(index: ItemIndex, vectors: Floats) -> tuple[NDArray[np.int32], Floats]:
    """[n, NEIGHBOURS] nearest other items of every item with their similarities, -1 and 0 where there are fewer."""
    rows, similarities = index.neighbours(vectors, NEIGHBOURS + 1)
    itself = rows == np.arange(len(vectors))[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :NEIGHBOURS]  # moves the item itself past the end
    rows, similarities = np.take_along_axis(rows, order, 1), np.take_along_axis(similarities, order, 1)
    gone = (rows < 0) | (similarities <= 0) | (rows == np.arange(len(vectors))[:, None])
    return np.where(gone, -1, rows).astype(np.int32), np.where(gone, 0.0, similarities).astype(np.float32)


def read_artifact(folder: Path) -> LoadedModel:
    """Load a version. Raises `ArtifactDamaged` naming the first file that is not as the manifest says.

    Every file is verified before the first one is parsed.
    """
    manifest = Manifest.read(folder)
    if set(manifest.files) != set(LARGEST):
        raise ArtifactDamaged(f"The manifest of {folder.name} names other files than a model has.")
    contents = {name: verified(folder / name, manifest.files[name], LARGEST[name]) for name in LARGEST}
    vocabulary = _parsed(VOCABULARY, lambda: _vocabulary_of(json.loads(contents[VOCABULARY])))
    weights = _parsed(WEIGHTS, lambda: load_tensors(contents[WEIGHTS]))
    vectors = _parsed(VECTORS, lambda: load_tensors(contents[VECTORS]))
    _check_arrays(VECTORS, vectors, _vector_shapes(vocabulary, vectors))
    _check_arrays(WEIGHTS, weights, weight_shapes(vocabulary, _width(weights, "embedding")))
    if len(vocabulary) and not -1 <= vectors["neighbours"].min() <= vectors["neighbours"].max() < len(vocabulary):
        raise ArtifactDamaged(f"{VECTORS} names neighbours that do not exist.")
    width = vectors["item_vectors"].shape[1]
    index = _parsed(INDEX, lambda: AnnoyIndex.open(folder / INDEX, len(vocabulary), width))
    return LoadedModel(version=manifest.version, vocabulary=vocabulary, weights=weights, index=index, **vectors)


def verify(folder: Path) -> ModelVersion:
    """The version in the folder, once all its files have proved whole. Raises `ArtifactDamaged`."""
    return read_artifact(folder).version


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


def _parsed(name: str, parse: Callable[[], T]) -> T:
    """What a parser makes of a verified file; such a file was damaged before it was recorded."""
    try:
        return parse()
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as problem:
        raise ArtifactDamaged(f"{name} cannot be read: {problem}.") from problem


def _vector_shapes(vocabulary: Vocabulary, vectors: Mapping[str, NDArray[Any]]) -> Shapes:
    n = len(vocabulary)
    return {
        "item_vectors": (n, _width(vectors, "item_vectors")),
        "popularity": (n, 3),
        "group_lifts": (vocabulary.demographic_size, n),
        "item_shares": (n,),
        "neighbours": (n, NEIGHBOURS),
        "similarities": (n, NEIGHBOURS),
    }


def _width(arrays: Mapping[str, NDArray[Any]], name: str) -> int:
    return arrays[name].shape[-1] if name in arrays and arrays[name].ndim == 2 else 0


def _check_arrays(name: str, arrays: Mapping[str, NDArray[Any]], shapes: Shapes) -> None:
    if {key: array.shape for key, array in arrays.items()} != shapes:
        raise ArtifactDamaged(f"{name} holds other arrays than the vocabulary asks for.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ArtifactDamaged(f"{name} holds numbers that are not finite.")


def _vocabulary_fields(vocabulary: Vocabulary) -> dict[str, object]:
    return {
        "item_ids": vocabulary.item_ids.tolist(),
        "genre_names": list(vocabulary.genre_names),
        "genders": list(vocabulary.genders),
        "occupations": list(vocabulary.occupations),
        "history_length": vocabulary.history_length,
    }


def _vocabulary_of(fields: Mapping[str, Any]) -> Vocabulary:
    item_ids = np.array(fields["item_ids"], dtype=np.int64)
    if item_ids.ndim != 1 or (np.diff(item_ids) <= 0).any():
        raise ValueError("the item ids are not ascending")
    names = {key: tuple(str(name) for name in fields[key]) for key in ("genre_names", "genders", "occupations")}
    return Vocabulary(item_ids=item_ids, history_length=int(fields["history_length"]), **names)
