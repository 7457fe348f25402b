"""Model versions as folders, with one pointer that says which of them is current."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from domain.errors import ArtifactDamaged, ModelNotFound
from domain.model_versions import AutoChoice, ModelVersion, TrainingConfig
from domain.ports.learning import TrainedModel
from infrastructure.learning.artifacts import (
    LoadedModel,
    Trained,
    read_artifact,
    read_item_vectors,
    verify,
    write_files,
)
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.index_files import PREFIX, index_files, report_of, write_index
from infrastructure.learning.manifest import MANIFEST, VERSION_NAME, Manifest
from infrastructure.learning.model_files import flush, write_durably
from infrastructure.retrieval.indexed_items import IndexedItems

log = logging.getLogger(__name__)

CURRENT = "current"
#: the names of folders that are still being written begin so; no version can
UNFINISHED = ".publishing-"


class FileModelRegistry:
    """Implements `domain.ports.learning.ModelRegistry` on a folder that several processes may share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(
        self, model: TrainedModel, config: TrainingConfig, fingerprint: str, created_at: datetime
    ) -> ModelVersion:
        """Write everything beside its place, flush it, and move it there in one step.

        Raises `TypeError` for a model that has no artifact format.
        """
        if not isinstance(model, Trained):
            raise TypeError(f"{type(model).__name__} cannot be written as an artifact")
        self._root.mkdir(parents=True, exist_ok=True)
        parent = self.find_current()
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._root))
        try:
            index, files = write_files(unfinished, model, created_at)
            version = ModelVersion(
                version="",
                engines=tuple(model.engines),
                created_at=created_at,
                config=config.as_fields(),
                data_fingerprint=fingerprint,
                parent=parent.version if parent else None,
                index=index,
            )
            return self._move_into_place(unfinished, Manifest.of(version, files))
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def record_auto(self, version: str, auto: AutoChoice) -> ModelVersion:
        """Write which engines `auto` takes into the version's manifest. Raises `ModelNotFound`."""
        return self._rewrite(version, lambda known: replace(known, auto=auto))

    def record_metrics(self, version: str, metrics: Mapping[str, float]) -> ModelVersion:
        """Add figures to the version's manifest; those of the same name are replaced. Raises `ModelNotFound`."""
        return self._rewrite(version, lambda known: replace(known, metrics={**known.metrics, **metrics}))

    def publish_index(self, version: str, indexed: IndexedItems, built_at: datetime) -> ModelVersion:
        """Give a version another index, in one step. Raises `ModelNotFound`, `ArtifactDamaged`.

        The files of the index before it stay, for whoever has just read the manifest that names them; older ones go.
        """
        folder = self._folder(version)
        with _alone_in(folder):
            manifest = Manifest.read(folder)
            before = manifest.version.index
            report = report_of(indexed, before.generation + 1 if before else 1, built_at)
            replaced = index_files(before) if before else {}
            kept = {name: record for name, record in manifest.files.items() if name not in replaced}
            written = write_index(folder, indexed, report)
            changed = replace(manifest, version=replace(manifest.version, index=report), files={**kept, **written})
            _replace(folder / MANIFEST, changed.encoded())
            for path in folder.glob(f"{PREFIX}*"):
                if path.name not in replaced and path.name not in written:
                    path.unlink()
        return changed.version

    def make_current(self, version: str) -> None:
        """Point at the version, once it has proved whole. Raises `ModelNotFound`, `ArtifactDamaged`."""
        verify(self._folder(version))
        _replace(self._root / CURRENT, f"{version}\n".encode())

    def find_current(self) -> ModelVersion | None:
        """What the current version's manifest says. Raises `ArtifactDamaged`."""
        folder = self._current_folder()
        return Manifest.read(folder).version if folder else None

    def list_versions(self) -> Sequence[ModelVersion]:
        """Newest first. A version whose manifest cannot be read is logged and left out."""
        if not self._root.is_dir():
            return []
        found = []
        for folder in self._root.iterdir():
            if not folder.is_dir() or not VERSION_NAME.fullmatch(folder.name):
                continue
            try:
                found.append(Manifest.read(folder).version)
            except ArtifactDamaged as problem:
                log.warning("model version left out: %s", problem.message)
        return sorted(found, key=lambda version: (version.created_at, version.version), reverse=True)

    def load(self, version: str) -> LoadedModel:
        """The whole model. Raises `ModelNotFound`, `ArtifactDamaged`."""
        return read_artifact(self._folder(version))

    def item_vectors(self, version: str) -> tuple[Vocabulary, Floats]:
        """The items that a version knows and their vectors [n, d]. Raises `ModelNotFound`, `ArtifactDamaged`."""
        return read_item_vectors(self._folder(version))

    def load_current(self) -> LoadedModel | None:
        """The current model, or None before one has been made current. Raises `ArtifactDamaged`."""
        folder = self._current_folder()
        return read_artifact(folder) if folder else None

    def _rewrite(self, version: str, change: Callable[[ModelVersion], ModelVersion]) -> ModelVersion:
        folder = self._folder(version)
        with _alone_in(folder):
            manifest = Manifest.read(folder)
            changed = replace(manifest, version=change(manifest.version))
            _replace(folder / MANIFEST, changed.encoded())
        return changed.version

    def _move_into_place(self, unfinished: Path, manifest: Manifest) -> ModelVersion:
        """Two runs may finish within one second: the next free name is taken."""
        stem = f"{manifest.version.created_at:%Y%m%dT%H%M%SZ}-{manifest.version.data_fingerprint[:4]}"
        for attempt in range(1, 1000):
            name = stem if attempt == 1 else f"{stem}-{attempt}"
            version = replace(manifest.version, version=name)
            write_durably(unfinished / MANIFEST, replace(manifest, version=version).encoded())
            flush(unfinished)
            try:
                unfinished.rename(self._root / name)
            except OSError:
                # Only a folder that is there already can be in the way; anything else is not ours to answer.
                if not (self._root / name).exists():
                    raise
                continue
            flush(self._root)
            return version
        raise FileExistsError(f"no free version name like {stem}")

    def _current_folder(self) -> Path | None:
        try:
            name = (self._root / CURRENT).read_bytes()[:200].decode("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as problem:
            raise ArtifactDamaged(f"The pointer {CURRENT} cannot be read.") from problem
        if not VERSION_NAME.fullmatch(name) or not (self._root / name).is_dir():
            raise ArtifactDamaged(f"The pointer {CURRENT} names no version.")
        return self._root / name

    def _folder(self, version: str) -> Path:
        if not VERSION_NAME.fullmatch(version) or not (self._root / version / MANIFEST).exists():
            raise ModelNotFound(version)
        return self._root / version


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process, and thread, from changing the folder's manifest meanwhile. Reading it stays free."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes) -> None:
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
