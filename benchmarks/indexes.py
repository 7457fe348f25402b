"""Measure the kinds of item index on made-up vectors and on those of a data set: `python -m benchmarks.indexes`."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.circumstances import circumstances
from benchmarks.sandbox import settings_in
from domain.catalogue import Catalogue
from infrastructure.learning.item_vectors import item_vectors
from infrastructure.learning.material import VECTOR_SIZE
from infrastructure.learning.new_titles import placed_by_content
from infrastructure.retrieval.choosing import DEPTH, IndexWish, choose_index, recall_of
from infrastructure.retrieval.exact_index import ExactIndex
from infrastructure.retrieval.kinds import EXACT, KINDS, build_index, is_installed
from main.container import build_container

SEED = 0
SIZES = (1_000, 4_000, 10_000, 20_000, 100_000)
#: queries whose times are measured, one after the other as requests are
QUERIES = 500
#: share of the titles that are hidden to see where their content places them
HIDDEN = 0.1

console = Console(width=None if sys.stdout.isatty() else 120)

T = TypeVar("T")
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One kind of index on one set of vectors; times of a query in milliseconds."""

    kind: str
    build_s: float
    median_ms: float
    slow_ms: float
    recall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--dataset", default="ml-1m", help="data set whose item vectors are indexed")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="most made-up vectors")
    arguments = parser.parse_args()
    catalogue, learnt = vectors_of(arguments.dataset)
    table = Table(title=f"Item indexes, {VECTOR_SIZE} dimensions, the {DEPTH} nearest", title_justify="left")
    for heading in ("vectors", "items", "kind", "build s", "query ms", "p95 ms", "speed-up", "recall", "auto takes"):
        table.add_column(heading, justify="left" if heading in {"vectors", "kind", "auto takes"} else "right")
    for name, vectors in sets_of(arguments.dataset, learnt, arguments.largest):
        add_rows(table, name, vectors)
    console.print(table)
    console.print(placing(catalogue, learnt), highlight=False)
    console.print(circumstances(), highlight=False)


def vectors_of(dataset: str) -> tuple[Catalogue, Vectors]:
    """The catalogue of a data set and its collaborative item vectors [n, d]."""
    with TemporaryDirectory(prefix="marquee-indexes-") as folder:
        container = build_container(settings_in(Path(folder)))
        container.migrate()()
        container.load_dataset()(dataset)
        catalogue = container.catalogues().load()
        events = container.interaction_store().read().in_user_time_order()
        container.engine().dispose()
    rows = catalogue.positions(events.item_ids)
    return catalogue, item_vectors(rows, events.user_ids, len(catalogue), VECTOR_SIZE, SEED)


def sets_of(dataset: str, learnt: Vectors, largest: int) -> Iterator[tuple[str, Vectors]]:
    """Named sets of vectors, small ones first."""
    yield dataset, learnt
    for size in SIZES:
        if size <= largest:
            yield "clustered", clustered(size)
    for size in (SIZES[0], SIZES[1], SIZES[-1]):
        if size <= largest:
            yield "random", np.random.default_rng(SEED).standard_normal((size, VECTOR_SIZE)).astype(np.float32)


def clustered(size: int) -> Vectors:
    """[size, d] points around one centre for every hundred of them, as titles of many tastes lie."""
    random = np.random.default_rng(SEED)
    centres = random.standard_normal((size // 100, VECTOR_SIZE))
    points = centres[random.integers(0, len(centres), size)] + 0.7 * random.standard_normal((size, VECTOR_SIZE))
    return points.astype(np.float32)


def add_rows(table: Table, name: str, vectors: Vectors) -> None:
    """Measure every kind that is installed, the exact one first."""
    with console.status(f"{name}, {len(vectors):,} vectors …"):
        rows = [measured(kind, vectors) for kind in KINDS if is_installed(kind)]
        chosen = choose_index(vectors, IndexWish(), SEED).kind
    for row in rows:
        table.add_row(
            name if row.kind == EXACT else "",
            f"{len(vectors):,}" if row.kind == EXACT else "",
            row.kind,
            f"{row.build_s:.2f}",
            f"{row.median_ms:.3f}",
            f"{row.slow_ms:.3f}",
            f"{rows[0].median_ms / row.median_ms:.1f}",
            f"{row.recall:.4f}",
            "←" if row.kind == chosen else "",
        )
    table.add_section()


def measured(kind: str, vectors: Vectors) -> Row:
    """Build one index and ask it for the neighbours of its own items."""
    build_s, index = timed(lambda: build_index(kind, vectors, SEED))
    queries = vectors[np.random.default_rng(SEED).integers(0, len(vectors), QUERIES)]
    for query in queries[:20]:
        index.neighbours(query[None], DEPTH)
    times = [timed(lambda query=query: index.neighbours(query[None], DEPTH))[0] for query in queries]
    recall = 1.0 if kind == EXACT else recall_of(index, vectors, SEED)
    return Row(kind, build_s, 1e3 * float(np.median(times)), 1e3 * float(np.quantile(times, 0.95)), recall)


def timed(act: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = act()
    return time.perf_counter() - started, result


def placing(catalogue: Catalogue, vectors: Vectors) -> str:
    """Hide some titles' vectors and tell how many of their true neighbours they have where content places them."""
    known = np.flatnonzero(vectors.any(axis=1))
    hidden = np.random.default_rng(SEED).choice(known, int(HIDDEN * len(known)), replace=False)
    without = vectors.copy()
    without[hidden] = 0.0
    placed, _ = placed_by_content(catalogue, without)
    others = ExactIndex(np.delete(vectors, hidden, axis=0))
    true, found = (others.neighbours(where[hidden], DEPTH)[0] for where in (vectors, placed))
    shared = np.mean([len(np.intersect1d(a, b)) / DEPTH for a, b in zip(true, found, strict=True)])
    chance = DEPTH / (len(vectors) - len(hidden))
    cosine = float(np.median((vectors[hidden] * placed[hidden]).sum(axis=1)))
    return (
        f"{len(hidden)} titles hidden and placed by content: median cosine with where ratings place them {cosine:.3f}, "
        f"{shared:.1%} of their {DEPTH} neighbours (by chance {chance:.1%})."
    )


if __name__ == "__main__":
    main()
