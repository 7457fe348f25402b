import numpy as np

from domain.pipeline import Ranking
from infrastructure.caching.rankings import LruRankings


def ranking(engine):
    return Ranking(engine, np.empty(0, dtype=np.int64), np.empty(0), (), (), {}, False)


def test_an_equal_key_finds_the_ranking_and_another_does_not():
    rankings = LruRankings()
    rankings.keep((1, "v1", b"history"), ranking("ncf"))
    assert rankings.find((1, "v1", b"history")).engine == "ncf"
    assert rankings.find((2, "v1", b"history")) is None


def test_what_has_not_been_asked_for_longest_goes_first():
    rankings = LruRankings(most=2)
    rankings.keep("a", ranking("a"))
    rankings.keep("b", ranking("b"))
    rankings.find("a")
    rankings.keep("c", ranking("c"))
    assert rankings.find("b") is None
    assert rankings.find("a").engine == "a"
