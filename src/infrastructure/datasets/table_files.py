"""Interactions as CSV or Parquet files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from domain.errors import UnsupportedFormat
from domain.events import Interactions
from infrastructure.datasets.files import put_in_place

#: how a table is written, by the end of the file's name
FORMATS: Mapping[str, Callable[[pa.Table, Path], None]] = {
    ".csv": pyarrow.csv.write_csv,
    ".parquet": pyarrow.parquet.write_table,
}


class TableFiles:
    """Writes the columns user_id, item_id, rating and timestamp; the end of the file's name says in which format."""

    def write(self, interactions: Interactions, path: Path) -> None:
        """Replace the file at `path`, whole or not at all. Raises `UnsupportedFormat`."""
        write = FORMATS.get(path.suffix.lower())
        if write is None:
            raise UnsupportedFormat(f"{path.name!r} should end in one of: {', '.join(FORMATS)}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            finished = Path(folder) / path.name
            write(_table(interactions), finished)
            put_in_place(finished, path)


def _table(interactions: Interactions) -> pa.Table:
    return pa.table(
        {
            "user_id": interactions.user_ids,
            "item_id": interactions.item_ids,
            "rating": interactions.ratings,
            "timestamp": interactions.timestamps,
        }
    )
