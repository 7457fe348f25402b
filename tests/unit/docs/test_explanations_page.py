"""docs/explanations.md shows the figures that were kept, and they are what we promise."""

import pytest

from benchmarks.explanations import RESULTS, page, saved
from tests.unit.docs.pages import read

KEPT = saved(RESULTS)
#: engines that follow the history; the blend asks only those of its engines that weigh most, for the sake of time
LEAST = {
    "content": 0.95,
    "cold_start": 0.95,
    "item_item": 0.95,
    "ease": 0.95,
    "linear": 0.95,
    "ncf": 0.95,
    "hybrid": 0.94,
}


def test_the_page_shows_what_was_measured():
    assert read("docs/explanations.md") == page(KEPT)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.dataset)
def test_without_the_cited_titles_nearly_all_fall_and_further_than_without_others(kept):
    measured = {one.engine: one for one in kept.engines}
    for engine, least in LEAST.items():
        assert measured[engine].cited > 0.5, engine
        assert measured[engine].further >= least, engine
