"""Whatever is asked of whichever engine: what matches comes back, all that the list has room for, and nothing else."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.blending import FUSIONS
from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.lineup import SESSION_ENCODERS
from infrastructure.learning.lineup import ENGINES, build_lineup
from tests.unit.learning import worlds
from tests.unit.learning.every_engine import every_engine
from tests.unit.learning.serving import context_of

TAGS = ("dark", "slow", "heist")


def items():
    """The films that the engines have learnt from, some of them now of other kinds, and some that they do not know."""
    for i in range(90):
        kind = Kind.TRACK if i % 5 == 4 else Kind.COURSE if i % 7 == 6 else Kind.MOVIE
        genres = {worlds.GENRES[i // 20 % 4], worlds.GENRES[i % 4]} if i % 9 else set()
        tags = [tag for bit, tag in enumerate(TAGS) if i >> bit & 1 and i % 3 == 0]
        year = 1960 + i // 2 if i % 11 else None
        yield Item(kind, f"Title {i}", id=10 * (i + 1), year=year, genres=tuple(genres), tags=tuple(tags))


ITEMS = list(items())
IDS = [item.id for item in ITEMS]


@pytest.fixture(scope="module")
def lineup():
    return build_lineup(Catalogue.of(ITEMS), every_engine())


filters = st.builds(
    ItemFilter,
    kind=st.sampled_from([None, *Kind]),
    genres=st.frozensets(st.sampled_from([*worlds.GENRES, "western", "Polka"]), max_size=2),
    tags=st.frozensets(st.sampled_from([*TAGS, "DARK", "unheard of"]), max_size=2),
    year_from=st.none() | st.integers(1955, 2010),
    exclude=st.frozensets(st.sampled_from([*IDS, 7777]), max_size=30),
)
histories = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from([1.0, 3.0, 5.0])), max_size=20, unique_by=lambda event: event[0]
)
asked = {"wanted": filters, "events": histories, "k": st.integers(1, 100)}
quietly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def matches(wanted, seen):
    """The same question put to plain items."""
    genres, tags = ({name.casefold() for name in names} for names in (wanted.genres, wanted.tags))
    return {
        item.id
        for item in ITEMS
        if wanted.kind in (None, item.kind)
        and (not genres or genres & {genre.casefold() for genre in item.genres})
        and (not tags or tags & set(item.tags))
        and (wanted.year_from is None or (item.year or 0) >= wanted.year_from)
        and item.id not in wanted.exclude
        and item.id not in seen
    }


def check(pipeline, lineup, wanted, events, k):
    history = History.of([item for item, _ in events], [rating for _, rating in events])
    context = context_of(lineup.catalogue, history, wanted=wanted)
    ranking = pipeline(context, k)
    assert not ranking.degraded
    shown = lineup.catalogue.ids[ranking.positions].tolist()
    expected = matches(wanted, {item for item, _ in events})
    assert set(shown) <= expected
    assert len(shown) == len(set(shown)) == min(k, len(expected))
    assert np.isfinite(ranking.scores).all()


@pytest.mark.parametrize("engine", ENGINES)
@given(**asked)
@quietly
def test_with_k_matches_k_come_back(lineup, engine, wanted, events, k):
    check(lineup.pipelines[engine], lineup, wanted, events, k)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("encoder", SESSION_ENCODERS)
@given(**asked)
@settings(quietly, max_examples=5)
def test_with_k_matches_k_continue_a_session(lineup, encoder, fusion, wanted, events, k):
    check(lineup.session(encoder, fusion), lineup, wanted, events, k)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pool_that_is_smaller_than_the_list_keeps_no_match_back(lineup, engine):
    narrow = dataclasses.replace(lineup.pipelines[engine], pool=3)
    check(narrow, lineup, ItemFilter(genres=frozenset({"Drama"})), [(10, 5.0), (20, 4.0)], 30)
