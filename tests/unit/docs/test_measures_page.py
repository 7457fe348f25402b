"""docs/reference/measures.md tells every figure that an engine is judged by, and no other."""

import numpy as np

from application.evaluating import DEPTH, ListJudge
from domain.catalogue import Catalogue
from domain.items import Item, Kind
from tests.unit.docs.pages import read, table_rows


def test_every_figure_is_told():
    judge = ListJudge.of(Catalogue.of([Item(Kind.MOVIE, "Film", id=1, genres=("War",))]), [])
    figures, _ = judge(np.empty((0, DEPTH), dtype=np.int64))
    told = [row[0].strip("`") for row in table_rows(read("docs/reference/measures.md")) if row[0] != "figure"]
    assert told == list(figures)
