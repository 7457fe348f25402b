from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.accounts import NewAccount
from application.engaging import EventRules, GiveFeedback, NewEngagement, NewFeedback, RecordEngagement
from application.rating import NewRating, RateItems
from application.recommending import Recommend
from domain.engagements import Action, FeedbackKind
from domain.errors import ImpressionNotFound, InvalidEvent, InvalidToken, ItemNotFound, KeyReused, NotAllowed
from domain.recommendation import RecommendationRequest
from domain.users import Principal, Role
from tests.fakes import FakeEventLog, FakeRankings, FakeShownLists

UNKNOWN = "00000000-0000-4000-8000-999999999999"


@pytest.fixture
def log(database):
    return FakeEventLog(database)


@pytest.fixture
def recommend(states, lineups, show, rules):
    return Recommend(states, lineups, show, rules, FakeRankings(), random=None)


@pytest.fixture
def record(database, log, clock):
    return RecordEngagement(FakeShownLists(database), log, database, clock, EventRules(timedelta(days=2)))


@pytest.fixture
def say(database, log, clock):
    return GiveFeedback(database, RateItems(database, clock), log, clock, EventRules())


@pytest.fixture
def shown(recommend, anna):
    """A list of three, for Anna, on the web."""
    return recommend(anna, RecommendationRequest(k=3, platform="web"))


def first_of(shown):
    return shown.recommendations[0].item_id


def engaged(shown, action=Action.CLICK, **fields):
    return NewEngagement(
        **({"impression_id": shown.impression_id, "item_id": first_of(shown), "action": action} | fields)
    )


def test_what_was_done_is_stored_with_what_the_list_says_of_it(record, shown, anna, database, clock):
    clock.advance(minutes=3)
    event, new = record(anna, engaged(shown))
    assert new and database.rows.engagements == {event.id: event}
    assert (event.user_id, event.rank, event.engine, event.model_version) == (
        anna.user_id,
        1,
        shown.engine,
        shown.model_version,
    )
    assert (event.platform, event.occurred_at - event.shown_at) == ("web", timedelta(minutes=3))


def test_an_equal_event_is_stored_once_and_another_one_beside_it(record, shown, anna, database):
    first, _ = record(anna, engaged(shown))
    assert record(anna, engaged(shown)) == (first, False)
    assert record(anna, engaged(shown, Action.VIEW))[1]
    assert record(anna, engaged(shown, timestamp=int(first.occurred_at.timestamp())))[1]
    assert len(database.rows.engagements) == 3


def test_a_key_tells_what_is_the_same_call(record, shown, anna, database):
    event, new = record(anna, engaged(shown, key="abc"))
    assert new
    assert record(anna, engaged(shown, key="abc")) == (event, False)
    assert record(anna, engaged(shown, key="abd"))[1]
    with pytest.raises(KeyReused):
        record(anna, engaged(shown, Action.LIKE, key="abc"))
    assert len(database.rows.engagements) == 2


def test_only_the_owner_engages_with_a_list(record, shown, anna, database, sign_up):
    other = sign_up(NewAccount("bob@example.com", "bob", "long enough"))
    for role in Role:
        with pytest.raises(NotAllowed):
            record(Principal(other.id, role), engaged(shown))
    with pytest.raises(ImpressionNotFound):
        record(anna, engaged(shown, impression_id=UNKNOWN))
    assert not database.rows.engagements


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"item_id": 20}, "item_id"),
        ({"platform": "tv"}, "platform"),
        ({"timestamp": 0}, "timestamp"),
        ({"timestamp": "shown - 301"}, "timestamp"),
        ({"timestamp": "now + 301"}, "timestamp"),
    ],
)
def test_what_does_not_fit_what_was_shown_is_refused(record, shown, anna, clock, database, sent, where):
    begun = int(clock.now().timestamp())
    clock.advance(minutes=10)
    times = {"shown - 301": begun - 301, "now + 301": begun + 901}
    sent = {key: times.get(value, value) for key, value in sent.items()}
    with pytest.raises(InvalidEvent) as refused:
        record(anna, engaged(shown, **sent))
    assert [detail.where for detail in refused.value.details] == [where]
    assert not database.rows.engagements


def test_clocks_may_differ_a_little_and_the_window_ends(record, shown, anna, clock):
    begun = int(clock.now().timestamp())
    assert record(anna, engaged(shown, timestamp=begun - 300))[1]
    assert record(anna, engaged(shown, timestamp=begun + 300))[1]
    clock.advance(days=2)
    assert record(anna, engaged(shown))[1]
    clock.advance(seconds=1)
    with pytest.raises(InvalidEvent, match="does not fit"):
        record(anna, engaged(shown, Action.LIKE))
    assert record(anna, engaged(shown, timestamp=begun + 172_800))[1], "it happened in time and arrived late"


def test_the_next_list_follows_what_was_watched_and_not_what_was_looked_at(record, recommend, shown, anna):
    clicked, watched = (one.item_id for one in shown.recommendations[:2])
    record(anna, engaged(shown, item_id=clicked))
    again = recommend(anna, RecommendationRequest(k=3))
    assert again.applied_events == 0 and clicked in [one.item_id for one in again.recommendations]
    record(anna, engaged(shown, Action.WATCH, item_id=watched))
    after = recommend(anna, RecommendationRequest(k=3))
    assert after.applied_events == 1 and watched not in [one.item_id for one in after.recommendations]


def test_a_rating_counts_more_than_what_actions_imply(record, shown, anna, states, database, clock):
    record(anna, engaged(shown, Action.LIKE))
    assert states.read(anna.user_id).history.ratings.tolist() == [5.0]
    RateItems(database, clock)(anna, [NewRating(first_of(shown), 2.0)])
    assert states.read(anna.user_id).history.ratings.tolist() == [2.0]


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5), max_size=4))
def test_neither_order_nor_repetition_changes_what_is_stored_in_the_end(order, again):
    from tests.unit.application.scenes import events_in_order

    assert events_in_order(order + again) == events_in_order(range(6))


def test_who_keeps_no_log_still_gets_lists_and_their_events_are_nobodys(record, recommend, anna, database, say):
    with database() as work:
        user = work.users.get(anna.user_id)
        user.consent = False
        work.users.save(user)
        work.commit()
    shown = recommend(anna, RecommendationRequest(k=3))
    assert shown.user_id == anna.user_id and len(shown.recommendations) == 3
    assert [one.user_id for one in database.rows.impressions] == [None]
    event, new = record(anna, engaged(shown, Action.WATCH))
    assert new and event.user_id is None
    said, _ = say(anna, NewFeedback(5, FeedbackKind.DISLIKE))
    assert said.feedback is FeedbackKind.DISLIKE
    assert not database.rows.signals and not database.rows.feedback


def test_feedback_is_stored_and_followed(say, anna, states, database):
    for item_id, kind in enumerate(FeedbackKind, 1):
        value = 3.5 if kind is FeedbackKind.EXPLICIT_RATING else None
        assert say(anna, NewFeedback(item_id, kind, value))[1]
    history = states.read(anna.user_id).history
    assert dict(zip(history.item_ids.tolist(), history.ratings.tolist(), strict=True)) == {
        1: 5.0,
        2: 1.0,
        4: 4.0,
        5: 3.5,
    }
    assert len(database.rows.feedback) == 5


def test_equal_feedback_is_stored_once(say, anna, database):
    first = say(anna, NewFeedback(1, FeedbackKind.SKIP, timestamp=50, session_id="evening"))
    assert first[1] and say(anna, NewFeedback(1, FeedbackKind.SKIP, timestamp=50, session_id="evening")) == (
        first[0],
        False,
    )
    assert say(anna, NewFeedback(1, FeedbackKind.SKIP, timestamp=51, session_id="evening"))[1]
    say(anna, NewFeedback(1, FeedbackKind.SKIP, key="k"))
    with pytest.raises(KeyReused):
        say(anna, NewFeedback(2, FeedbackKind.SKIP, key="k"))
    assert len(database.rows.feedback) == 3


def test_a_rating_that_is_sent_again_does_not_undo_the_one_after_it(say, anna, states):
    first = NewFeedback(1, FeedbackKind.EXPLICIT_RATING, 2.0, timestamp=10)
    say(anna, first)
    say(anna, NewFeedback(1, FeedbackKind.EXPLICIT_RATING, 4.5, timestamp=20, key="k"))
    assert not say(anna, first)[1]
    with pytest.raises(KeyReused):
        say(anna, NewFeedback(1, FeedbackKind.EXPLICIT_RATING, 0.5, key="k"))
    assert states.read(anna.user_id).history.ratings.tolist() == [4.5]


@pytest.mark.parametrize(
    "sent",
    [
        NewFeedback(1, FeedbackKind.EXPLICIT_RATING),
        NewFeedback(1, FeedbackKind.EXPLICIT_RATING, 5.5),
        NewFeedback(1, FeedbackKind.EXPLICIT_RATING, float("nan")),
        NewFeedback(1, FeedbackKind.LIKE, 4.0),
        NewFeedback(1, FeedbackKind.LIKE, timestamp=2**40),
    ],
)
def test_feedback_that_cannot_be_is_refused(say, anna, database, sent):
    with pytest.raises(InvalidEvent):
        say(anna, sent)
    assert not database.rows.feedback and not database.rows.ratings


def test_feedback_on_nothing_and_by_nobody_is_refused(say, record, shown, anna):
    with pytest.raises(ItemNotFound):
        say(anna, NewFeedback(999, FeedbackKind.LIKE))
    gone = Principal(99, Role.USER)
    with pytest.raises(InvalidToken):
        say(gone, NewFeedback(1, FeedbackKind.LIKE))


def test_the_token_of_an_erased_account_records_nothing(record, shown, anna, database):
    database.rows.users.clear()
    for sent in (engaged(shown), engaged(shown, item_id=99), engaged(shown, impression_id=UNKNOWN)):
        with pytest.raises(InvalidToken):
            record(anna, sent)


def test_an_event_id_depends_on_all_that_the_event_says(shown):
    one = engaged(shown, timestamp=1)
    others = [
        replace(one, item_id=2),
        replace(one, action=Action.VIEW),
        replace(one, timestamp=2),
        replace(one, impression_id=UNKNOWN),
        replace(one, key="1"),
    ]
    assert len({other.event_id(1) for other in [one, *others]}) == 6
    assert replace(one, key="1").event_id(1) != replace(one, key="1").event_id(2)
