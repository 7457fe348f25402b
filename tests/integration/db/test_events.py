"""Engagements, feedback and what they imply, as the event log stores them."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.engagements import Action, Engagement, Feedback, FeedbackKind
from domain.errors import ImpressionNotFound, UserNotFound
from domain.paging import PageRequest
from infrastructure.db import tables
from infrastructure.db.event_log import GroupCommitEventLog
from infrastructure.db.interactions import SqlInteractionStore
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from infrastructure.db.user_states import SqlUserStates
from tests.integration.db.samples import NOW, at_once, count, film, person, shown, store


@pytest.fixture
def work(engine):
    work = SqlUnitsOfWork(engine)
    store(work, users=[person("ann"), person("bob"), person("eve", consent=False)], items=[film("Heat"), film("Ran")])
    return work


@pytest.fixture
def log(engine):
    log = GroupCommitEventLog(engine)
    yield log
    log.close()


@pytest.fixture
def listed(log, work):
    impression = shown(user_id=1)
    log.append(impression)
    return impression


def engaged(listed, action=Action.LIKE, item_id=1, minutes=1, **fields):
    return Engagement(
        **(
            {
                "id": str(uuid4()),
                "impression_id": listed.id,
                "item_id": item_id,
                "user_id": listed.user_id,
                "action": action,
                "occurred_at": NOW + timedelta(minutes=minutes),
                "recorded_at": NOW + timedelta(minutes=5),
                "rank": item_id,
                "shown_at": listed.shown_at,
                "engine": listed.engine,
                "model_version": listed.model_version,
                "platform": "web",
            }
            | fields
        )
    )


def said(kind, item_id=1, minutes=1, user_id=1, **fields):
    at = NOW + timedelta(minutes=minutes)
    return Feedback(**({"id": str(uuid4()), "user_id": user_id, "item_id": item_id, "feedback": kind, "occurred_at": at,
                        "recorded_at": at} | fields))  # fmt: skip


def history(engine, user_id=1):
    past = SqlUserStates(engine).read(user_id).history
    return list(zip(past.item_ids.tolist(), past.ratings.tolist(), strict=True))


def test_events_come_back_as_they_were_stored(log, work, listed):
    event, word = engaged(listed), said(FeedbackKind.EXPLICIT_RATING, value=3.5, session_id="evening")
    assert log.append(event, word) == {event.id, word.id}
    with work() as open_work:
        assert open_work.engagements.find([event.id, word.id]) == {event.id: event}
        assert open_work.feedback.find([word.id]) == {word.id: word}
        assert open_work.engagements.list_page(PageRequest(), user_id=1).items == [event]
        assert not open_work.engagements.list_page(PageRequest(), user_id=2).items
        assert open_work.impressions.find([listed.id]) == {listed.id: listed}


def test_an_event_that_is_there_is_not_new_whoever_sends_it(log, listed, engine):
    event = engaged(listed)
    assert log.append(event, event) == {event.id}
    assert log.append(event) == frozenset()
    other = engaged(listed, item_id=2)
    results = at_once(*[lambda: log.append(other)] * 8)
    assert sorted(map(len, results)) == [0] * 7 + [1]
    assert count(engine, tables.engagements) == 2


def test_what_is_gone_is_named_and_nothing_is_half_stored(log, listed, engine):
    stray = engaged(listed, impression_id=str(uuid4()))
    with pytest.raises(ImpressionNotFound):
        log.append(engaged(listed), stray)
    with pytest.raises(UserNotFound):
        log.append(engaged(listed), said(FeedbackKind.LIKE, user_id=99))
    assert count(engine, tables.engagements) == count(engine, tables.signals) == count(engine, tables.feedback) == 0


def test_one_bad_call_does_not_take_others_with_it(log, listed, engine):
    calls = [lambda: log.append(engaged(listed, impression_id=str(uuid4())))]
    calls += [lambda: log.append(engaged(listed, Action.CLICK))] * 6
    results = at_once(*calls)
    assert isinstance(results[0], ImpressionNotFound) and [len(one) for one in results[1:]] == [1] * 6
    assert count(engine, tables.engagements) == 6


def test_the_latest_signal_counts_in_whatever_order_they_come(log, listed, engine):
    events = [
        engaged(listed, Action.WATCH, minutes=1),
        said(FeedbackKind.DISLIKE, minutes=3),
        engaged(listed, Action.LIKE, minutes=2),
        engaged(listed, Action.VIEW, minutes=4),
    ]
    found = set()
    for order in permutations(range(4)):
        with engine.begin() as connection:
            for table in (tables.engagements, tables.feedback, tables.signals):
                connection.execute(table.delete())
        for place in order:
            log.append(events[place])
        found.add(tuple(history(engine)))
    assert found == {((1, 1.0),)}


def test_at_the_same_moment_the_stronger_signal_counts(log, listed, engine):
    for pair in ([Action.LIKE, Action.WATCH], [Action.WATCH, Action.LIKE]):
        for action in pair:
            log.append(engaged(listed, action, item_id=2))
        assert history(engine) == [(2, 5.0)]


def test_a_rating_hides_the_signal_and_training_reads_both(log, listed, engine, work):
    log.append(engaged(listed, Action.LIKE, item_id=1), engaged(listed, Action.WATCH, item_id=2))
    store(work, ratings=[(1, 1, 2.0, 5)])
    assert history(engine) == [(1, 2.0), (2, 4.0)]
    learnt = SqlInteractionStore(engine).read()
    assert list(zip(learnt.item_ids.tolist(), learnt.ratings.tolist(), strict=True)) == [(1, 2.0), (2, 4.0)]


def test_who_keeps_no_log_leaves_nothing_of_their_own(log, listed, engine, work):
    theirs = engaged(replace(listed, user_id=3))
    log.append(theirs, said(FeedbackKind.LIKE, user_id=3))
    with engine.connect() as connection:
        assert connection.scalars(select(tables.engagements.c.user_id)).all() == [None]
    assert count(engine, tables.feedback) == count(engine, tables.signals) == 0


def test_a_forgotten_log_is_nobodys_and_an_erased_users_is_gone(log, listed, engine, work):
    log.append(engaged(listed), said(FeedbackKind.DISLIKE, item_id=2))
    with work() as open_work:
        open_work.users.forget_log(1)
        open_work.commit()
        assert open_work.users.consents([1, 3, 9]) == {1: True, 3: False}
    assert history(engine) == []
    assert (count(engine, tables.impressions), count(engine, tables.engagements)) == (1, 1)
    again = shown(user_id=1)
    log.append(again)
    log.append(engaged(again), said(FeedbackKind.DISLIKE, item_id=2))
    with work() as open_work:
        open_work.users.erase(1)
        open_work.commit()
    assert (count(engine, tables.impressions), count(engine, tables.engagements)) == (1, 1)
    assert count(engine, tables.feedback) == count(engine, tables.signals) == 0


def test_a_removed_item_leaves_no_signal(log, listed, engine, work):
    log.append(engaged(listed, item_id=1), engaged(listed, item_id=2))
    with work() as open_work:
        open_work.items.remove(1, film().kind)
        open_work.commit()
    assert history(engine) == [(2, 5.0)]
    assert count(engine, tables.engagements) == 2
