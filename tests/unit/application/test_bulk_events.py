import pytest

from application.bulk_events import PART, RecordEvents, SentEvent
from application.engaging import EventRules, NewEngagement, NewFeedback
from application.rating import NewRating
from application.recommending import Recommend
from domain.engagements import Action, FeedbackKind
from domain.recommendation import RecommendationRequest
from tests.fakes import FakeEventLog, FakeRankings, FakeShownLists

UNKNOWN = "00000000-0000-4000-8000-999999999999"


@pytest.fixture
def record(database, clock):
    return RecordEvents(FakeShownLists(database), FakeEventLog(database), database, clock, EventRules())


@pytest.fixture
def shown(states, lineups, show, rules, anna):
    return Recommend(states, lineups, show, rules, FakeRankings(), random=None)(anna, RecommendationRequest(k=3))


def told(outcomes):
    return [one.error.code if one.error else "new" if one.new else "there" for one in outcomes]


def test_good_events_are_kept_whatever_is_wrong_with_others(record, shown, anna, database):
    item, user = shown.recommendations[0].item_id, anna.user_id
    sent = [
        SentEvent(NewEngagement(shown.impression_id, item, Action.CLICK)),
        SentEvent(NewEngagement(shown.impression_id, item, Action.CLICK), user),
        SentEvent(NewEngagement(UNKNOWN, item, Action.CLICK)),
        SentEvent(NewEngagement(shown.impression_id, 20, Action.CLICK)),
        SentEvent(NewEngagement(shown.impression_id, item, Action.LIKE), user + 1),
        SentEvent(NewFeedback(5, FeedbackKind.LIKE), user),
        SentEvent(NewFeedback(5, FeedbackKind.EXPLICIT_RATING, 9.0), user),
        SentEvent(NewFeedback(6, FeedbackKind.EXPLICIT_RATING, 2.0), user),
        SentEvent(NewFeedback(5, FeedbackKind.LIKE), 77),
        SentEvent(NewRating(7, 4.5), user),
        SentEvent(NewRating(7, 0.0), user),
        SentEvent(NewRating(999, 4.5), user),
    ]
    assert told(record(sent)) == [
        "new", "there", "impression_not_found", "invalid_event", "user_not_found", "new", "invalid_event", "new",
        "user_not_found", "new", "invalid_event", "item_not_found",
    ]  # fmt: skip
    rows = database.rows
    assert {event.user_id for event in rows.engagements.values()} == {user}
    assert len(rows.feedback) == 2
    assert {key[1]: rating.value for key, rating in rows.ratings.items()} == {6: 2.0, 7: 4.5}


def test_the_place_of_a_bad_field_is_named_as_in_the_line(record, anna):
    (outcome,) = record([SentEvent(NewRating(1, 9.0, -5), anna.user_id)])
    assert [detail.where for detail in outcome.error.details] == ["rating", "timestamp"]


def test_a_rating_that_is_sent_again_does_not_undo_the_one_after_it(record, anna, states):
    first = SentEvent(NewFeedback(1, FeedbackKind.EXPLICIT_RATING, 2.0, timestamp=10), anna.user_id)
    assert told(record([first])) == ["new"]
    assert told(record([SentEvent(NewRating(1, 4.5, 20), anna.user_id)])) == ["new"]
    assert told(record([first])) == ["there"]
    assert states.read(anna.user_id).history.ratings.tolist() == [4.5]


def test_there_may_be_any_number_and_all_may_be_sent_again(record, shown, anna, database):
    item = shown.recommendations[0].item_id
    at = int(database.rows.impressions[0].shown_at.timestamp())
    sent = [
        SentEvent(NewEngagement(shown.impression_id, item, Action.VIEW, timestamp=at + i % 250, key=str(i)))
        for i in range(2 * PART + 5)
    ]
    assert set(told(record(sent))) == {"new"}
    assert told(record(sent)) == ["there"] * len(sent)
    assert len(database.rows.engagements) == len(sent)
    assert list(record([])) == []
