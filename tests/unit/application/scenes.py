"""Runs of events on a fake database, to be compared with each other."""

from datetime import timedelta

from application.accounts import NewAccount, SignUp
from application.engaging import EventRules, GiveFeedback, NewEngagement, NewFeedback, RecordEngagement
from application.rating import RateItems
from domain.engagements import Action, FeedbackKind
from domain.impressions import Impression, ShownItem
from domain.items import Item, Kind
from domain.users import Principal
from tests.fakes import FakeClock, FakeDatabase, FakeEventLog, FakeHasher, FakePolicy, FakeShownLists

LIST = "00000000-0000-4000-8000-000000000001"


def events_in_order(order):
    """What engagements, feedback and signals there are after the six events of the scene in the given order."""
    clock, database = FakeClock(), FakeDatabase(*(Item(Kind.MOVIE, f"Film {i}", id=i) for i in (1, 2)))
    user = SignUp(database, FakeHasher(), FakePolicy(), clock)(NewAccount("anna@example.com", "anna", "long enough"))
    anna = Principal(user.id, user.role)
    places = tuple(ShownItem(i, i, 1.0, "popularity", 1.0) for i in (1, 2))
    shown = Impression(LIST, anna.user_id, "home", "ncf", None, clock.now(), places, 2, False, 0)
    log = FakeEventLog(database)
    log.append(shown)
    record = RecordEngagement(FakeShownLists(database), log, database, clock, EventRules())
    say = GiveFeedback(database, RateItems(database, clock), log, clock, EventRules())
    at = int(clock.now().timestamp())
    clock.present += timedelta(hours=1)
    calls = (
        (record, NewEngagement(LIST, 1, Action.CLICK, timestamp=at + 1)),
        (record, NewEngagement(LIST, 1, Action.LIKE, timestamp=at + 2)),
        (say, NewFeedback(1, FeedbackKind.DISLIKE, timestamp=at + 9)),
        (say, NewFeedback(2, FeedbackKind.DISLIKE, timestamp=at + 5)),
        (record, NewEngagement(LIST, 2, Action.WATCH, timestamp=at + 5)),
        (say, NewFeedback(2, FeedbackKind.SKIP, timestamp=at + 30)),
    )
    for place in order:
        use_case, sent = calls[place]
        use_case(anna, sent)
    rows = database.rows
    return rows.engagements, rows.feedback, rows.signals
