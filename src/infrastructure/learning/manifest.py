"""The manifest of a model folder: what the model is, and what each of its files must look like."""

import hashlib
import json
import math
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Self

from domain.errors import ArtifactDamaged
from domain.gates import Gate, GateReport
from domain.model_versions import IndexReport, ModelVersion

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 20
FORMAT = 4
#: no path separators and no leading dot, so that a version can never lead out of the registry
VERSION_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")
FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z]+")
LIBRARIES = ("torch", "numpy", "scipy", "safetensors", "annoy", "faiss-cpu")


@dataclass(frozen=True)
class FileRecord:
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        with path.open("rb") as file:
            return cls(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True)
class Manifest:
    version: ModelVersion
    files: Mapping[str, FileRecord]
    libraries: Mapping[str, str]

    @classmethod
    def of(cls, version: ModelVersion, files: Mapping[str, FileRecord]) -> Self:
        """A manifest that names the libraries at hand."""
        libraries = {"python": platform.python_version(), **_libraries()}
        return cls(replace(version, size=_size(files)), files, libraries)

    def with_files(self, version: ModelVersion, files: Mapping[str, FileRecord]) -> Self:
        """The same with another version record and other files."""
        return replace(self, version=replace(version, size=_size(files)), files=files)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a folder. Raises `ArtifactDamaged` for one that is missing, cut, altered or foreign."""
        path = folder / MANIFEST
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_MANIFEST + 1)
            if len(content) > LARGEST_MANIFEST:
                raise ValueError("it is too large")
            fields = json.loads(content)
            if digest(fields["manifest"]) != fields["sha256"]:
                raise ValueError("it has been altered")
            return cls._of_fields(fields["manifest"], folder.name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise ArtifactDamaged(f"{MANIFEST} of {folder.name} cannot be used: {problem}.") from problem

    def encoded(self) -> bytes:
        """The manifest as JSON, with its own digest beside it."""
        fields = self._fields()
        return json.dumps({"manifest": fields, "sha256": digest(fields)}, indent=1, allow_nan=False).encode()

    def _fields(self) -> dict[str, object]:
        version = self.version
        return {
            "format": FORMAT,
            "version": version.version,
            "engines": list(version.engines),
            "created_at": version.created_at.isoformat(),
            "config": dict(version.config),
            "data_fingerprint": version.data_fingerprint,
            "metrics": dict(version.metrics),
            "auto": [list(pair) for pair in version.auto],
            "parent": version.parent,
            "index": _index_fields(version.index),
            "gates": None if version.gates is None else asdict(version.gates),
            "libraries": dict(self.libraries),
            "files": {name: {"size": record.size, "sha256": record.sha256} for name, record in self.files.items()},
        }

    @classmethod
    def _of_fields(cls, fields: Mapping[str, Any], folder_name: str) -> Self:
        if fields["format"] != FORMAT:
            raise ValueError(f"its format is {fields['format']!r}, not {FORMAT}")
        if fields["version"] != folder_name or not VERSION_NAME.fullmatch(folder_name):
            raise ValueError("it belongs to another version")
        files = {
            name: FileRecord(int(record["size"]), str(record["sha256"])) for name, record in fields["files"].items()
        }
        if not all(FILE_NAME.fullmatch(name) for name in files):
            raise ValueError("it names a file outside the folder")
        metrics = {str(name): float(value) for name, value in fields["metrics"].items()}
        if not all(math.isfinite(value) for value in metrics.values()):
            raise ValueError("a metric is not finite")
        version = ModelVersion(
            version=fields["version"],
            engines=tuple(str(engine) for engine in fields["engines"]),
            created_at=datetime.fromisoformat(fields["created_at"]),
            config=dict(fields["config"]),
            data_fingerprint=str(fields["data_fingerprint"]),
            metrics=metrics,
            auto=tuple((int(least), str(engine)) for least, engine in fields["auto"]),
            parent=None if fields["parent"] is None else str(fields["parent"]),
            index=_index_of(fields["index"]),
            gates=_gates_of(fields["gates"]),
            size=_size(files),
        )
        return cls(version, files, {str(name): str(value) for name, value in fields["libraries"].items()})


def _libraries() -> dict[str, str]:
    """Releases of the libraries that are here; one of an extra may be missing."""
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = installed(name)
    return found


def _size(files: Mapping[str, FileRecord]) -> int:
    return sum(record.size for record in files.values())


def _gates_of(fields: Mapping[str, Any] | None) -> GateReport | None:
    if fields is None:
        return None
    gates = tuple(
        Gate(
            name=str(gate["name"]),
            passed=gate["passed"] is True,
            value=_number(gate["value"]),
            bound=_number(gate["bound"]),
            reason=str(gate["reason"]),
        )
        for gate in fields["gates"]
    )
    return GateReport(None if fields["champion"] is None else str(fields["champion"]), gates)


def _number(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a gate holds what is no number")
    return float(value)


def _index_fields(index: IndexReport | None) -> dict[str, object] | None:
    return None if index is None else {**asdict(index), "built_at": index.built_at.isoformat()}


def _index_of(fields: Mapping[str, Any] | None) -> IndexReport | None:
    if fields is None:
        return None
    return IndexReport(
        generation=int(fields["generation"]),
        kind=str(fields["kind"]),
        recall=float(fields["recall"]),
        items=int(fields["items"]),
        placed=int(fields["placed"]),
        built_at=datetime.fromisoformat(fields["built_at"]),
    )


def digest(fields: object) -> str:
    """SHA-256 of the fields as canonical JSON."""
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
