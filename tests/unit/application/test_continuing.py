import pytest

from application.continuing import ContinueSession, Session
from domain.errors import EngineUnavailable, UnknownItems
from domain.items import Item, ItemFilter, Kind
from domain.recommendation import RecommendationRequest
from tests.fakes import FakeLineups


@pytest.fixture
def go_on(states, lineups, show, rules):
    return ContinueSession(states, lineups, show, rules)


def ids(shown):
    return [one.item_id for one in shown.recommendations]


def test_a_session_goes_on_with_what_is_like_it_and_never_with_its_own(go_on):
    shown = go_on(Session((1, 3)), RecommendationRequest(k=5))
    assert ids(shown) == [5, 7, 9, 11, 13]
    assert (shown.engine, shown.model_version, shown.user_id) == ("session-mean", "ncf-1", None)


def test_it_says_what_could_read_it_and_how_long_it_is(go_on):
    metadata = go_on(Session((1, 3, 1)), RecommendationRequest()).metadata
    assert metadata.session_length == 3
    assert metadata.availability == {
        "linear": False,
        "mean": True,
        "gru": False,
        "lstm": False,
        "transformer": False,
    }


def test_filters_hold_before_the_list_is_cut(go_on):
    wanted = ItemFilter(genres=frozenset({"Drama"}))
    assert ids(go_on(Session((1, 3)), RecommendationRequest(k=10, wanted=wanted))) == list(range(2, 21, 2))


def test_a_mood_is_a_tag_and_restricts_before_the_list_is_cut(go_on, database):
    database.rows.items[60] = Item(Kind.MOVIE, "Night", id=60, genres=("Drama",), tags=("dark",))
    wanted = ItemFilter(tags=frozenset({"dark"}))
    assert ids(go_on(Session((1, 3)), RecommendationRequest(k=10, wanted=wanted))) == [60]


def test_the_kind_is_that_of_the_last_item_unless_it_is_said(go_on):
    assert ids(go_on(Session((50, 1)), RecommendationRequest(k=1))) == [3]
    assert ids(go_on(Session((1, 50)), RecommendationRequest(k=1))) == []
    assert ids(go_on(Session((50,), kind=Kind.MOVIE), RecommendationRequest(k=1))) == [1]


def test_a_kind_that_repeats_may_come_back_but_for_what_plays_now(go_on, database):
    for i in range(51, 54):
        database.rows.items[i] = Item(Kind.TRACK, f"Track {i}", id=i, genres=("Synthpop",))
    assert ids(go_on(Session((50, 51, 50, 52)), RecommendationRequest())) == [53, 51, 50]
    assert ids(go_on(Session((1, 3, 1, 5)), RecommendationRequest(k=20)))[:2] == [7, 9]
    assert not {1, 3, 5} & set(ids(go_on(Session((1, 3, 1, 5)), RecommendationRequest(k=20))))


def test_what_is_shown_is_in_the_log(go_on, database):
    shown = go_on(Session((1,)), RecommendationRequest(k=2), "next")
    (impression,) = database.rows.impressions
    assert (impression.id, impression.surface, impression.engine) == (shown.impression_id, "next", "session-mean")
    assert [place.item_id for place in impression.items] == ids(shown)


@pytest.mark.parametrize(("sequence", "where"), [((), []), ((1, 999, 3, 998), ["item_sequence.1", "item_sequence.3"])])
def test_an_empty_or_unknown_sequence_is_refused_and_nothing_is_logged(go_on, database, sequence, where):
    with pytest.raises(UnknownItems) as refused:
        go_on(Session(sequence), RecommendationRequest())
    assert [detail.where for detail in refused.value.details] == where
    assert database.rows.impressions == []


@pytest.mark.parametrize("encoder", ["gru", "lstm", "transformer", "linear"])
def test_an_encoder_that_is_not_trained_is_unavailable(go_on, encoder):
    with pytest.raises(EngineUnavailable, match="mean"):
        go_on(Session((1,), encoder), RecommendationRequest())


def test_without_a_model_no_session_can_be_read(states, database, show, rules):
    go_on = ContinueSession(states, FakeLineups(database, with_model=False), show, rules)
    with pytest.raises(EngineUnavailable):
        go_on(Session((1,)), RecommendationRequest())
