"""The item index of a model version as files. A rebuilt index is a new generation: no file is written over."""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from domain.errors import ArtifactDamaged, LibraryMissing
from domain.model_versions import IndexReport
from domain.ports.recommending import ItemIndex
from infrastructure.learning.features import Floats
from infrastructure.learning.manifest import FileRecord
from infrastructure.learning.model_files import arrays_in, check_shapes, encoded, flush, parsed, width_of, write_durably
from infrastructure.retrieval.choosing import ChosenIndex
from infrastructure.retrieval.exact_index import ExactIndex
from infrastructure.retrieval.indexed_items import IndexedItems
from infrastructure.retrieval.kinds import APPROXIMATE, EXACT, KINDS

log = logging.getLogger(__name__)

#: most bytes that the vectors and the index over them may have
LARGEST_VECTORS, LARGEST_INDEX = 4 << 30, 16 << 30
#: names of these files begin so
PREFIX = "index_"


def report_of(indexed: IndexedItems, generation: int, built_at: datetime) -> IndexReport:
    """What is told about an index."""
    return IndexReport(
        generation=generation,
        kind=indexed.chosen.kind,
        recall=indexed.chosen.recall,
        items=len(indexed),
        placed=indexed.placed,
        built_at=built_at,
    )


def vectors_file(report: IndexReport) -> str:
    """The file of the items' ids and vectors."""
    return f"{PREFIX}{report.generation}.safetensors"


def index_file(report: IndexReport) -> str:
    """The file of the index itself; an exact one has none."""
    return f"{PREFIX}{report.generation}.{report.kind}"


def index_files(report: IndexReport) -> dict[str, int]:
    """The files of an index, and the most bytes that each may have."""
    files = {vectors_file(report): LARGEST_VECTORS}
    return files if report.kind == EXACT else {**files, index_file(report): LARGEST_INDEX}


def write_index(folder: Path, indexed: IndexedItems, report: IndexReport) -> dict[str, FileRecord]:
    """Write an index, flushed to disk, and say what each of its files must look like from now on."""
    write_durably(folder / vectors_file(report), encoded({"ids": indexed.ids, "vectors": indexed.vectors}))
    if report.kind != EXACT:
        path = folder / index_file(report)
        saved = indexed.chosen.index
        if not isinstance(saved, APPROXIMATE[report.kind]):
            raise TypeError(f"{type(saved).__name__} is no index of the kind {report.kind}")
        saved.save(path)
        flush(path)
    return {name: FileRecord.of(folder / name) for name in index_files(report)}


def read_index(folder: Path, report: IndexReport, contents: Mapping[str, bytes]) -> IndexedItems:
    """The index whose files have been verified and read. Raises `ArtifactDamaged`.

    Where the library of its kind is missing here, an exact scan answers instead: slower, and no less right.
    """
    if report.kind not in KINDS:
        raise ArtifactDamaged(f"There is no kind of index that is called {report.kind!r}.")
    name = vectors_file(report)
    arrays = arrays_in(name, contents[name])
    check_shapes(name, arrays, {"ids": (report.items,), "vectors": (report.items, width_of(arrays, "vectors"))})
    ids, vectors = arrays["ids"], arrays["vectors"]
    if (np.diff(ids) <= 0).any():
        raise ArtifactDamaged(f"{name} holds ids that are not ascending.")
    index = ExactIndex(vectors) if report.kind == EXACT else _opened(folder / index_file(report), report.kind, vectors)
    return IndexedItems(ids, vectors, ChosenIndex(report.kind, report.recall, index), report.placed)


def _opened(path: Path, kind: str, vectors: Floats) -> ItemIndex:
    try:
        return parsed(path.name, lambda: APPROXIMATE[kind].open(path, *vectors.shape))
    except LibraryMissing as missing:
        log.warning("%s Until then the items are scanned one by one.", missing.message)
        return ExactIndex(vectors)
