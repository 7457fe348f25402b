"""Artifacts: a trained model as a folder of files that are checked before anything opens them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ArtifactDamaged, InvalidConfig
from domain.model_versions import EpochReport, IndexReport, ModelVersion
from infrastructure.learning.config import parse_config, recipes_of
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.index_files import index_files, read_index, report_of, write_index
from infrastructure.learning.manifest import MANIFEST, FileRecord, Manifest
from infrastructure.learning.model_files import (
    arrays_in,
    check_shapes,
    encoded,
    parsed,
    verified,
    width_of,
    write_durably,
)
from infrastructure.learning.recipes.recipe import Arrays, Recipe, Shapes
from infrastructure.learning.shared_parts import NEIGHBOURS, SharedParts

VECTORS, VOCABULARY = "vectors.safetensors", "vocabulary.json"
#: most bytes that each shared file may have; whatever is larger is refused unread
LARGEST: Mapping[str, int] = {VECTORS: 4 << 30, VOCABULARY: 256 << 20}
#: the same for the one file of each engine
LARGEST_ENGINE = 8 << 30


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


def write_files(folder: Path, model: Trained, built_at: datetime) -> tuple[IndexReport, dict[str, FileRecord]]:
    """Write the model's files, flushed to disk.

    Says what is to be told about the index, and what each file must look like from now on.
    """
    shared = model.shared
    vectors = {name: getattr(shared, name) for name in _vector_shapes(shared.vocabulary, {})}
    report = report_of(shared.indexed, generation=1, built_at=built_at)
    index = write_index(folder, shared.indexed, report)
    write_durably(folder / VECTORS, encoded(vectors))
    write_durably(folder / VOCABULARY, json.dumps(_vocabulary_fields(shared.vocabulary)).encode())
    for engine, arrays in model.arrays.items():
        write_durably(folder / engine_file(engine), encoded(arrays))
    return report, {**index, **{name: FileRecord.of(folder / name) for name in _files_of(model.engines)}}


def read_artifact(folder: Path) -> LoadedModel:
    """Load a version. Raises `ArtifactDamaged` naming the first file that is not as the manifest says.

    Every file is verified before the first one is parsed.
    """
    manifest = Manifest.read(folder)
    version = manifest.version
    if version.index is None:
        raise ArtifactDamaged(f"The manifest of {folder.name} names no index.")
    largest = {**_files_of(version.engines), **index_files(version.index)}
    if set(manifest.files) != set(largest):
        raise ArtifactDamaged(f"The manifest of {folder.name} names other files than its model has.")
    contents = {name: verified(folder / name, manifest.files[name], size) for name, size in largest.items()}
    vocabulary, vectors = _vectors_of(contents)
    indexed = read_index(folder, version.index, contents)
    recipes = _recipes_of(version)
    arrays = {engine: _engine_arrays(recipe, vocabulary, contents) for engine, recipe in recipes.items()}
    return LoadedModel(version, SharedParts(vocabulary=vocabulary, indexed=indexed, **vectors), recipes, arrays)


def read_item_vectors(folder: Path) -> tuple[Vocabulary, Floats]:
    """The items that a version knows and their vectors, whatever became of its index. Raises `ArtifactDamaged`."""
    files = Manifest.read(folder).files
    if not LARGEST.keys() <= files.keys():
        raise ArtifactDamaged(f"The manifest of {folder.name} names other files than its model has.")
    vocabulary, vectors = _vectors_of(
        {name: verified(folder / name, files[name], size) for name, size in LARGEST.items()}
    )
    return vocabulary, vectors["item_vectors"]


def _vectors_of(contents: Mapping[str, bytes]) -> tuple[Vocabulary, Arrays]:
    vocabulary = parsed(VOCABULARY, lambda: _vocabulary_of(json.loads(contents[VOCABULARY])))
    vectors = arrays_in(VECTORS, contents[VECTORS])
    check_shapes(VECTORS, vectors, _vector_shapes(vocabulary, vectors))
    if len(vocabulary) and not -1 <= vectors["neighbours"].min() <= vectors["neighbours"].max() < len(vocabulary):
        raise ArtifactDamaged(f"{VECTORS} names neighbours that do not exist.")
    return vocabulary, vectors


def _files_of(engines: Sequence[str]) -> dict[str, int]:
    """The files of a model with these engines beside its index, and the most bytes that each may have."""
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
    arrays = arrays_in(name, contents[name])
    check_shapes(name, arrays, parsed(name, lambda: recipe.shapes(vocabulary, arrays)))
    return arrays


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
