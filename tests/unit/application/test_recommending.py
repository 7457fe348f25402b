from dataclasses import replace

import numpy as np
import pytest

from application.accounts import NewAccount
from application.onboarding import AskNext, ListOnboardingTitles
from application.rating import NewRating, RateItems
from application.recommending import (
    ListEngines,
    Recommend,
    RecommendSimilar,
    RecommendToStranger,
    ServingRules,
    Stranger,
)
from application.tasting import SetTaste, ShowTaste, TasteChange
from domain.errors import EngineUnavailable, Invalid, InvalidToken, ItemNotFound, UserNotFound
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.onboarding import Answer, OnboardingAnswer
from domain.recommendation import RecommendationRequest
from domain.users import Principal, Role
from tests.fakes import FakeItemReader, FakeLineups, FakeRankings

WAR = [1, 3, 5, 7, 9]


@pytest.fixture
def recommend(states, lineups, show, rules):
    return Recommend(states, lineups, show, rules, FakeRankings(), np.random.default_rng(0))


@pytest.fixture
def stranger_list(states, lineups, show, rules):
    return RecommendToStranger(states, lineups, show, rules)


@pytest.fixture
def rate(database, clock):
    return RateItems(database, clock)


def ids(shown):
    return [recommendation.item_id for recommendation in shown.recommendations]


def test_somebody_with_nothing_gets_what_is_popular_flagged(recommend, anna):
    shown = recommend(anna, RecommendationRequest(k=3))
    assert ids(shown) == [1, 2, 3]
    assert (shown.engine, shown.fallback_used, shown.applied_events) == ("popularity", True, 0)


def test_asking_for_popularity_by_name_is_no_fallback(recommend, anna):
    assert not recommend(anna, RecommendationRequest(engine="popularity")).fallback_used


def test_the_very_next_list_has_applied_a_rating(recommend, rate, anna):
    rate(anna, [NewRating(2, 5.0)])
    shown = recommend(anna, RecommendationRequest(k=9))
    assert (shown.engine, shown.applied_events) == ("cold_start", 1)
    assert ids(shown) == [4, 6, 8, 10, 12, 14, 16, 18, 20]
    rate(anna, [NewRating(4, 5.0)])
    assert 4 not in ids(recommend(anna, RecommendationRequest(k=9)))


def test_the_model_takes_over_once_there_are_five_ratings(recommend, rate, anna):
    rate(anna, [NewRating(i, 5.0) for i in WAR[:4]])
    assert recommend(anna, RecommendationRequest()).engine == "cold_start"
    rate(anna, [NewRating(WAR[4], 5.0)])
    shown = recommend(anna, RecommendationRequest())
    assert (shown.engine, shown.model_version, shown.metadata.requested_engine) == ("ncf", "ncf-1", "auto")
    assert not set(ids(shown)) & set(WAR)


def test_without_a_model_the_cold_start_goes_on(states, database, show, rules, rate, anna):
    rate(anna, [NewRating(i, 5.0) for i in WAR])
    recommend = Recommend(
        states, FakeLineups(database, with_model=False), show, rules, FakeRankings(), np.random.default_rng(0)
    )
    assert recommend(anna, RecommendationRequest()).engine == "cold_start"
    with pytest.raises(EngineUnavailable, match="ncf"):
        recommend(anna, RecommendationRequest(engine="ncf"))


def test_the_same_list_again_is_a_new_impression_and_anything_that_matters_makes_a_new_list(
    recommend, rate, database, lineups, states, anna
):
    first = recommend(anna, RecommendationRequest(k=3))
    again = recommend(anna, RecommendationRequest(k=3))
    assert ids(again) == ids(first) and again.impression_id != first.impression_id
    assert len(recommend.rankings.kept) == 1
    rate(anna, [NewRating(1, 5.0)])
    after_rating = recommend(anna, RecommendationRequest(k=3))
    rate(anna, [NewRating(1, 1.0)])
    recommend(anna, RecommendationRequest(k=3))
    SetTaste(states, lineups, database)(anna, TasteChange(muted_genres=frozenset({"Drama"})))
    recommend(anna, RecommendationRequest(k=3))
    with database() as work:
        work.items.remove(ids(after_rating)[0], Kind.MOVIE)
        work.commit()
    assert ids(after_rating)[0] not in ids(recommend(anna, RecommendationRequest(k=3)))
    assert len(recommend.rankings.kept) == 5


@pytest.fixture
def tracks(database):
    for i in range(51, 54):
        database.rows.items[i] = Item(Kind.TRACK, f"Track {i}", id=i, genres=("Synthpop",), rating_count=i)
    return RecommendationRequest(engine="popularity", wanted=ItemFilter(kind=Kind.TRACK))


def test_a_track_comes_back_in_time_and_a_film_does_not(recommend, rate, anna, clock, tracks):
    rate(anna, [NewRating(53, 5.0), NewRating(1, 5.0)])
    assert ids(recommend(anna, tracks)) == [52, 51, 50]
    clock.advance(hours=2)
    assert ids(recommend(anna, tracks)) == [52, 51, 50, 53]
    clock.advance(days=30)
    assert ids(recommend(anna, tracks)) == [53, 52, 51, 50]
    assert 1 not in ids(recommend(anna, RecommendationRequest(k=20)))


def test_a_remembered_ranking_is_of_the_same_hour_and_of_the_same_time_since_the_last_event(
    recommend, rate, anna, clock, tracks
):
    rate(anna, [NewRating(53, 5.0)])
    recommend(anna, tracks)
    clock.advance(minutes=59)
    recommend(anna, tracks)
    assert len(recommend.rankings.kept) == 1
    clock.advance(minutes=2)
    recommend(anna, tracks)
    assert len(recommend.rankings.kept) == 2
    recommend(anna, RecommendationRequest())
    clock.advance(days=9)
    recommend(anna, RecommendationRequest())
    assert len(recommend.rankings.kept) == 3, "of films the hour does not matter"


def test_an_engine_that_asks_is_told_the_moment_and_rankings_are_kept_by_halves_of_an_hour(
    recommend, rate, anna, clock, lineups
):
    rate(anna, [NewRating(1, 5.0)])
    lineups.asks_when = True
    for seconds in (0, 1, 1, 1, 3600, 30):
        clock.advance(seconds=seconds)
        recommend(anna, RecommendationRequest(engine="ncf"))
    assert [since for *_, since in recommend.rankings.kept] == [0, 1, 3, 3600]


@pytest.fixture
def exploring(states, lineups, show):
    return Recommend(states, lineups, show, ServingRules(exploration=0.25), FakeRankings(), np.random.default_rng(0))


def test_exploration_shows_little_known_titles_and_logs_the_chance_that_each_had(exploring, rate, database, anna):
    rate(anna, [NewRating(19, 5.0)])
    unrated = {18, 20}
    wanted = ItemFilter(exclude=frozenset({17}))
    seen = set()
    for _ in range(40):
        shown = exploring(anna, RecommendationRequest(k=8, engine="popularity", wanted=wanted))
        drawn = {one.item_id for one in shown.recommendations if one.source == "exploration"}
        assert len(drawn) == 2 and len(shown.recommendations) == 8
        assert [i for i in ids(shown) if i not in drawn] == [1, 2, 3, 4, 5, 6]
        logged = database.rows.impressions[-1].items
        pool = 19 - 1 - 8  # all films but the excluded one, less the rated one and those that were ranked
        assert [place.probability for place in logged] == [2 / pool if i in drawn else 1.0 for i in ids(shown)]
        seen |= drawn
    assert seen == set(range(9, 17)) | unrated
    assert len(exploring.rankings.kept) == 1, "what was ranked is remembered, chance is not"


def test_each_user_has_their_own_chance_on_the_same_remembered_ranking(exploring, sign_up):
    people = [sign_up(NewAccount(f"{name}@example.com", name, "long enough")) for name in ("bea", "cem", "dan")]
    request = RecommendationRequest(k=8, engine="popularity")
    lists = [tuple(ids(exploring(Principal(one.id, one.role), request))) for one in people for _ in range(3)]
    assert len(set(lists)) > 5
    assert len(exploring.rankings.kept) == 1


def test_the_same_seed_explores_alike_and_without_a_share_nothing_is_left_to_chance(
    states, lineups, show, recommend, anna
):
    def lists():
        rules = ServingRules(exploration=0.5)
        explores = Recommend(states, lineups, show, rules, FakeRankings(), np.random.default_rng(7))
        return [ids(explores(anna, RecommendationRequest(k=4))) for _ in range(5)]

    assert lists() == lists()
    assert [ids(recommend(anna, RecommendationRequest(k=4))) for _ in range(5)] == [[1, 2, 3, 4]] * 5


class BrokenGenerator:
    name = "broken"

    def __call__(self, context, limit):
        raise RuntimeError("no signal today")


def test_a_list_that_had_to_do_without_a_part_is_not_remembered(recommend, lineups, anna, monkeypatch):
    lineup = lineups.current(0)
    ncf = lineup.pipelines["ncf"]
    limping = replace(ncf, generators=(BrokenGenerator(), *ncf.generators))
    with monkeypatch.context() as patched:
        patched.setattr(lineups, "current", lambda revision: replace(lineup, pipelines={"ncf": limping}))
        assert len(recommend(anna, RecommendationRequest(engine="ncf")).recommendations) == 10
    assert not recommend.rankings.kept
    recommend(anna, RecommendationRequest(engine="ncf"))
    assert recommend.rankings.kept


def test_a_list_is_logged_as_it_is_shown(recommend, database, anna, clock):
    shown = recommend(anna, RecommendationRequest(k=4, platform="tv"))
    (logged,) = database.rows.impressions
    assert logged.id == shown.impression_id
    assert [item.item_id for item in logged.items] == ids(shown)
    assert [item.probability for item in logged.items] == [1.0] * 4
    assert (logged.platform, logged.surface, logged.shown_at) == ("tv", "recommendations", clock.now())


def test_nothing_is_shown_that_could_not_be_logged(recommend, show, anna, monkeypatch):
    def full(impression):
        raise OSError("no space left")

    monkeypatch.setattr(show.log, "append", full)
    with pytest.raises(OSError, match="no space"):
        recommend(anna, RecommendationRequest())


def test_what_counts_as_liked_is_configured(states, lineups, show, rate, anna):
    rate(anna, [NewRating(2, 4.0), NewRating(1, 5.0)])
    usual = Recommend(states, lineups, show, ServingRules(liked_from=4.0), FakeRankings(), np.random.default_rng(0))
    strict = Recommend(states, lineups, show, ServingRules(liked_from=5.0), FakeRankings(), np.random.default_rng(0))
    assert ids(usual(anna, RecommendationRequest(k=3))) == [3, 4, 5]
    assert ids(strict(anna, RecommendationRequest(k=3))) == [3, 5, 7]


def test_filters_restrict_before_the_list_is_cut(recommend, anna):
    wanted = ItemFilter(genres=frozenset({"Drama"}), exclude=frozenset({2, 4}))
    assert ids(recommend(anna, RecommendationRequest(k=8, wanted=wanted))) == [6, 8, 10, 12, 14, 16, 18, 20]
    tracks = recommend(anna, RecommendationRequest(wanted=ItemFilter(kind=Kind.TRACK)))
    assert ids(tracks) == [50]


def test_the_token_of_an_erased_account_gets_no_list(recommend):
    with pytest.raises(InvalidToken):
        recommend(Principal(42, Role.USER), RecommendationRequest())


def test_an_account_erased_while_its_list_was_made_gets_none(recommend, show, anna, monkeypatch):
    def erased(impression):
        raise UserNotFound(impression.user_id)

    monkeypatch.setattr(show.log, "append", erased)
    with pytest.raises(InvalidToken):
        recommend(anna, RecommendationRequest())


def test_a_stranger_is_served_from_what_they_tell(stranger_list, database):
    shown = stranger_list(Stranger(History.of([1, 3], [5.0, 5.0])), RecommendationRequest(k=4))
    assert ids(shown) == [5, 7, 9, 11]
    assert (shown.user_id, shown.engine, shown.fallback_used) == (None, "cold_start", False)
    assert database.rows.impressions[0].surface == "cold-start"


def test_a_stranger_who_tells_nothing_gets_what_is_popular_flagged(stranger_list):
    shown = stranger_list(Stranger(), RecommendationRequest(k=2))
    assert (ids(shown), shown.fallback_used) == ([1, 2], True)


def test_a_stranger_cannot_rate_what_does_not_exist(stranger_list):
    with pytest.raises(ItemNotFound):
        stranger_list(Stranger(History.of([1, 999], [5.0, 5.0])), RecommendationRequest())


def test_similar_items_share_the_kind_and_leave_the_item_out(states, lineups, show, rules):
    similar = RecommendSimilar(states, lineups, show, rules)
    shown = similar(2, RecommendationRequest(k=3))
    assert ids(shown) == [4, 6, 8]
    assert shown.recommendations[0].reason.text == "Similar to *Film 2*"
    with pytest.raises(ItemNotFound):
        similar(999, RecommendationRequest())
    with pytest.raises(Invalid):
        similar(2, RecommendationRequest(), use_cf=False, use_cb=False)


def test_engines_say_whether_they_are_ready(states, database):
    ready = {status.name: status.ready for status in ListEngines(states, FakeLineups(database, with_model=False))()}
    assert ready == {"auto": True, "popularity": True, "baseline": True, "cold_start": True, "ncf": False}


def test_onboarding_titles_are_the_best_known_of_each_genre(states, lineups, database):
    titles = ListOnboardingTitles(states, lineups, FakeItemReader(database))(2)
    assert {genre: [item.id for item in items] for genre, items in titles.items()} == {"Drama": [2, 4], "War": [1, 3]}


def test_the_next_screen_never_repeats_a_question_and_previews_what_it_learnt(states, lineups, database, stranger_list):
    ask_next = AskNext(states, lineups, FakeItemReader(database), stranger_list)
    answers = [OnboardingAnswer(1, Answer.LIKE), OnboardingAnswer(2, Answer.UNSEEN)]
    screen = ask_next(answers, 6)
    assert len({item.id for item in screen.ask}) == 6
    assert not {item.id for item in screen.ask} & {1, 2}
    assert screen.asked == 2
    assert screen.confidence > ask_next([], 6).confidence
    assert ids(screen.preview)[0] == 3
    assert {shown.surface for shown in database.rows.impressions} == {"onboarding"}


def test_muted_genres_leave_the_lists_and_reset_brings_them_back(states, lineups, database, recommend, anna):
    set_taste = SetTaste(states, lineups, database)
    set_taste(anna, TasteChange(muted_genres=frozenset({"War"})))
    assert ids(recommend(anna, RecommendationRequest(k=3))) == [2, 4, 6]
    (war,) = ShowTaste(states, lineups, database)(anna)
    assert (war.genre, war.muted) == ("War", True)
    set_taste(anna, TasteChange(reset=True))
    assert ids(recommend(anna, RecommendationRequest(k=3))) == [1, 2, 3]


def test_taste_settings_that_make_no_sense_change_nothing(states, lineups, database, anna):
    set_taste = SetTaste(states, lineups, database)
    with pytest.raises(Invalid):
        set_taste(anna, TasteChange(muted_genres=frozenset({"Polka"})))
    with pytest.raises(Invalid):
        set_taste(anna, TasteChange(muted_genres=frozenset({"War"}), boosted_genres=frozenset({"War"})))
    assert not database.rows.taste
