"""docs/reference/measures.md tells every figure that an engine is judged by, and no other."""

import numpy as np

from application.evaluating import DEPTH, ListJudge
from benchmarks.protocols import ML_1M
from domain.catalogue import Catalogue
from domain.items import Item, Kind
from tests.unit.docs.pages import read, table_rows


def test_every_figure_is_told():
    judge = ListJudge.of(Catalogue.of([Item(Kind.MOVIE, "Film", id=1, genres=("War",))]), [])
    figures, _ = judge(np.empty((0, DEPTH), dtype=np.int64))
    told = [row[0].strip("`") for row in table_rows(read("docs/reference/measures.md")) if "@" in row[0]]
    assert told == list(figures)


def test_the_counts_of_every_protocol_are_told():
    rows = {row[0].strip("`"): row[-1] for row in table_rows(read("docs/reference/measures.md"))}
    for name, sizes in ML_1M.items():
        parts = f"{sizes.train:,}, {sizes.validation:,}, {sizes.test:,}"
        assert rows[name] == parts
