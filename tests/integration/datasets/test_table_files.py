import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from domain.errors import UnsupportedFormat
from domain.events import Interactions
from infrastructure.datasets.table_files import TableFiles

COLUMNS = {
    "user_id": [2, 1, 2**31 - 1],
    "item_id": [7, 8, 9],
    "rating": [4.5, 1.0, 0.5],
    "timestamp": [978300760, 0, 253_402_300_799],
}
INTERACTIONS = Interactions(
    np.array(COLUMNS["user_id"], dtype=np.int64),
    np.array(COLUMNS["item_id"], dtype=np.int64),
    np.array(COLUMNS["rating"], dtype=np.float32),
    np.array(COLUMNS["timestamp"], dtype=np.int64),
)
NONE = INTERACTIONS.take(np.empty(0, dtype=np.int64))


def read_back(path):
    table = pyarrow.csv.read_csv(path) if path.suffix.lower() == ".csv" else pyarrow.parquet.read_table(path)
    return table.to_pydict()


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet", "RATINGS.CSV"])
def test_what_is_written_can_be_read_back(tmp_path, name):
    TableFiles().write(INTERACTIONS, tmp_path / "new" / name)
    assert read_back(tmp_path / "new" / name) == COLUMNS
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet"])
def test_no_interactions_make_a_file_of_names_alone(tmp_path, name):
    TableFiles().write(NONE, tmp_path / name)
    assert read_back(tmp_path / name) == {column: [] for column in COLUMNS}


def test_a_csv_is_plain_text(tmp_path):
    TableFiles().write(INTERACTIONS.take(np.array([0])), tmp_path / "ratings.csv")
    assert (tmp_path / "ratings.csv").read_text() == '"user_id","item_id","rating","timestamp"\n2,7,4.5,978300760\n'


def test_an_earlier_file_is_replaced(tmp_path):
    TableFiles().write(INTERACTIONS, tmp_path / "ratings.parquet")
    TableFiles().write(NONE, tmp_path / "ratings.parquet")
    assert read_back(tmp_path / "ratings.parquet")["user_id"] == []


def test_an_earlier_file_stays_when_writing_fails(tmp_path):
    TableFiles().write(INTERACTIONS, tmp_path / "ratings.csv")
    ragged = Interactions(*[column[:n] for n, column in enumerate(vars(INTERACTIONS).values())])
    with pytest.raises(ValueError, match="length"):
        TableFiles().write(ragged, tmp_path / "ratings.csv")
    assert read_back(tmp_path / "ratings.csv") == COLUMNS
    assert [path.name for path in tmp_path.iterdir()] == ["ratings.csv"]


def test_a_name_that_ends_in_no_known_format_is_refused(tmp_path):
    with pytest.raises(UnsupportedFormat, match=r"'ratings\.xlsx' should end in one of: \.csv, \.parquet"):
        TableFiles().write(INTERACTIONS, tmp_path / "ratings.xlsx")
    assert list(tmp_path.iterdir()) == []
