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
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from domain.errors import ArtifactDamaged, InvalidConfig
from domain.model_versions import EpochReport, ModelVersion
from infrastructure.learning.config import parse_config, recipes_of
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.manifest import MANIFEST, FileRecord, Manifest
from infrastructure.learning.recipes.recipe import Arrays, Recipe, Shapes
from infrastructure.learning.shared_parts import NEIGHBOURS, SharedParts
from infrastructure.retrieval.annoy_index import AnnoyIndex

VECTORS, VOCABULARY, INDEX = "vectors.safetensors", "vocabulary.json", "items.ann"
#: most bytes that each shared file may have; whatever is larger is refused unread
LARGEST: Mapping[str, int] = {VECTORS: 4 << 30, VOCABULARY: 256 << 20, INDEX: 16 << 30}
#: the same for the one file of each engine
LARGEST_ENGINE = 8 << 30

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model as plain arrays: the shared parts, and those of every engine by its name."""

    epochs: Sequence[EpochReport]
    shared: SharedParts
    arrays: Mapping[str, Arrays]
    seed: int

    @property
    def engines(self) -> Sequence[str]:
        return tuple(self.arrays)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model version, whole and verified, ready to be served."""

    version: ModelVersion
    shared: SharedParts
    recipes: Mapping[str, Recipe]
    arrays: Mapping[str, Arrays]  # by engine


def engine_file(engine: str) -> str:
    """The file that holds one engine's arrays."""
    return f"{engine}.safetensors"


def write_files(folder: Path, model: Trained) -> dict[str, FileRecord]:
    """Write the model's files, flushed to disk, and say what each must look like from now on."""
    shared = model.shared
    vectors = {name: getattr(shared, name) for name in _vector_shapes(shared.vocabulary, {})}
    # Built again: a forest that has been saved goes on reading the file, and that is the registry's from now on.
    AnnoyIndex.build(shared.item_vectors, model.seed).save(folder / INDEX)
    flush(folder / INDEX)
    write_durably(folder / VECTORS, _encoded(vectors))
    write_durably(folder / VOCABULARY, json.dumps(_vocabulary_fields(shared.vocabulary)).encode())
    for engine, arrays in model.arrays.items():
        write_durably(folder / engine_file(engine), _encoded(arrays))
    return {name: FileRecord.of(folder / name) for name in _files_of(model.engines)}


def read_artifact(folder: Path) -> LoadedModel:
    """Load a version. Raises `ArtifactDamaged` naming the first file that is not as the manifest says.

    Every file is verified before the first one is parsed.
    """
    manifest = Manifest.read(folder)
    version = manifest.version
    largest = _files_of(version.engines)
    if set(manifest.files) != set(largest):
        raise ArtifactDamaged(f"The manifest of {folder.name} names other files than its model has.")
    contents = {name: verified(folder / name, manifest.files[name], size) for name, size in largest.items()}
    vocabulary = _parsed(VOCABULARY, lambda: _vocabulary_of(json.loads(contents[VOCABULARY])))
    vectors = _parsed(VECTORS, lambda: load_tensors(contents[VECTORS]))
    _check_arrays(VECTORS, vectors, _vector_shapes(vocabulary, vectors))
    if len(vocabulary) and not -1 <= vectors["neighbours"].min() <= vectors["neighbours"].max() < len(vocabulary):
        raise ArtifactDamaged(f"{VECTORS} names neighbours that do not exist.")
    width = vectors["item_vectors"].shape[1]
    index = _parsed(INDEX, lambda: AnnoyIndex.open(folder / INDEX, len(vocabulary), width))
    recipes = _recipes_of(version)
    arrays = {engine: _engine_arrays(recipe, vocabulary, contents) for engine, recipe in recipes.items()}
    return LoadedModel(version, SharedParts(vocabulary=vocabulary, index=index, **vectors), recipes, arrays)


def _files_of(engines: Sequence[str]) -> dict[str, int]:
    """The files of a model with these engines, and the most bytes that each may have."""
    return {**LARGEST, **{engine_file(engine): LARGEST_ENGINE for engine in engines}}


def _recipes_of(version: ModelVersion) -> dict[str, Recipe]:
    """The recipes of a version's engines, in the order in which they were trained."""
    try:
        recipes = recipes_of(parse_config(version.config, MANIFEST))
        return {engine: recipes[engine] for engine in version.engines}
    except (InvalidConfig, KeyError) as problem:
        raise ArtifactDamaged(f"{MANIFEST} of {version.version} does not say how its engines were made.") from problem


def _engine_arrays(recipe: Recipe, vocabulary: Vocabulary, contents: Mapping[str, bytes]) -> Arrays:
    name = engine_file(recipe.name)
    arrays = _parsed(name, lambda: load_tensors(contents[name]))
    _check_arrays(name, arrays, _parsed(name, lambda: recipe.shapes(vocabulary, arrays)))
    return arrays


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


def _vector_shapes(vocabulary: Vocabulary, vectors: Arrays) -> Shapes:
    n = len(vocabulary)
    return {
        "item_vectors": (n, width_of(vectors, "item_vectors")),
        "popularity": (n, 3),
        "group_lifts": (vocabulary.demographic_size, n),
        "item_shares": (n,),
        "neighbours": (n, NEIGHBOURS),
        "similarities": (n, NEIGHBOURS),
    }


def width_of(arrays: Arrays, name: str) -> int:
    """Columns of a matrix among the arrays; 0 where there is no such matrix."""
    return arrays[name].shape[1] if name in arrays and arrays[name].ndim == 2 else 0


def _encoded(arrays: Arrays) -> bytes:
    return save_tensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _check_arrays(name: str, arrays: Arrays, shapes: Shapes) -> None:
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
    }


def _vocabulary_of(fields: Mapping[str, Any]) -> Vocabulary:
    item_ids = np.array(fields["item_ids"], dtype=np.int64)
    if item_ids.ndim != 1 or (np.diff(item_ids) <= 0).any():
        raise ValueError("the item ids are not ascending")
    names = {key: tuple(str(name) for name in fields[key]) for key in ("genre_names", "genders", "occupations")}
    return Vocabulary(item_ids=item_ids, **names)
