"""Model versions as folders, with one file of aliases that says which of them serves."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from domain.errors import ArtifactDamaged, ModelNotFound
from domain.gates import GateReport
from domain.model_versions import Aliases, AutoChoice, ModelVersion, TrainingConfig
from domain.ports.learning import TrainedModel
from infrastructure.learning.aliases import ALIASES, move_aliases, read_aliases
from infrastructure.learning.artifacts import (
    LoadedModel,
    Trained,
    read_artifact,
    read_item_vectors,
    write_files,
)
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.index_files import PREFIX, index_files, report_of, write_index
from infrastructure.learning.manifest import MANIFEST, VERSION_NAME, Manifest
from infrastructure.learning.model_files import alone_in, flush, replace_durably, write_durably
from infrastructure.retrieval.indexed_items import IndexedItems

log = logging.getLogger(__name__)

#: the names of folders that are still being written begin so, and of those that are being removed; no version can
UNFINISHED, REMOVED = ".publishing-", ".removing-"


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
        parent = self.aliases().champion
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._root))
        try:
            index, files = write_files(unfinished, model, created_at)
            version = ModelVersion(
                version="",
                engines=tuple(model.engines),
                created_at=created_at,
                config=config.as_fields(),
                data_fingerprint=fingerprint,
                parent=parent,
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

    def record_gates(self, version: str, gates: GateReport) -> ModelVersion:
        """Write into the version's manifest how it was judged. Raises `ModelNotFound`."""
        return self._rewrite(version, lambda known: replace(known, gates=gates))

    def publish_index(self, version: str, indexed: IndexedItems, built_at: datetime) -> ModelVersion:
        """Give a version another index, in one step. Raises `ModelNotFound`, `ArtifactDamaged`.

        The files of the index before it stay, for whoever has just read the manifest that names them; older ones go.
        """
        folder = self._folder(version)
        with alone_in(folder):
            manifest = Manifest.read(folder)
            before = manifest.version.index
            report = report_of(indexed, before.generation + 1 if before else 1, built_at)
            replaced = index_files(before) if before else {}
            kept = {name: record for name, record in manifest.files.items() if name not in replaced}
            written = write_index(folder, indexed, report)
            changed = manifest.with_files(replace(manifest.version, index=report), {**kept, **written})
            replace_durably(folder / MANIFEST, changed.encoded())
            for path in folder.glob(f"{PREFIX}*"):
                if path.name not in replaced and path.name not in written:
                    path.unlink()
        return changed.version

    def aliases(self) -> Aliases:
        """Which versions have a part to play now. Raises `ArtifactDamaged`."""
        return read_aliases(self._root)

    def move_aliases(self, seen: int, moved: Aliases) -> None:
        """Replace the aliases of generation `seen` in one step. Raises `AliasMoved`, `ModelNotFound`."""
        self._root.mkdir(parents=True, exist_ok=True)
        move_aliases(self._root, seen, moved, self._folder)

    def get_version(self, version: str) -> ModelVersion:
        """What the version's manifest says. Raises `ModelNotFound`, `ArtifactDamaged`."""
        return Manifest.read(self._folder(version)).version

    def find_champion(self) -> ModelVersion | None:
        """What the champion's manifest says. Raises `ArtifactDamaged`."""
        folder = self._champion_folder()
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

    def load_champion(self) -> LoadedModel | None:
        """The whole champion, or None before there is one. Raises `ArtifactDamaged`."""
        folder = self._champion_folder()
        return read_artifact(folder) if folder else None

    def prune(self, keep: int) -> Sequence[str]:
        """Remove all but the newest `keep` versions and those with a part to play. Returns the removed ones' names.

        A version loses its name in one step, so nobody finds half of one; what a kill leaves behind goes the next time.
        """
        if not self._root.is_dir():
            return []
        with alone_in(self._root):
            named = self.aliases().named
            removed = [one.version for one in self.list_versions()[keep:] if one.version not in named]
            for version in removed:
                (self._root / version).rename(self._root / f"{REMOVED}{version}")
        for folder in self._root.glob(f"{REMOVED}*"):
            shutil.rmtree(folder, ignore_errors=True)
        return removed

    def _rewrite(self, version: str, change: Callable[[ModelVersion], ModelVersion]) -> ModelVersion:
        folder = self._folder(version)
        with alone_in(folder):
            manifest = Manifest.read(folder)
            changed = replace(manifest, version=change(manifest.version))
            replace_durably(folder / MANIFEST, changed.encoded())
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

    def _champion_folder(self) -> Path | None:
        champion = self.aliases().champion
        if champion is not None and not (self._root / champion).is_dir():
            raise ArtifactDamaged(f"{ALIASES} names a champion that is not here.")
        return self._root / champion if champion is not None else None

    def _folder(self, version: str) -> Path:
        if not VERSION_NAME.fullmatch(version) or not (self._root / version / MANIFEST).exists():
            raise ModelNotFound(version)
        return self._root / version
