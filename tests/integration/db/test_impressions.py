from datetime import timedelta

import pytest

from domain.paging import PageRequest
from infrastructure.db.event_log import GroupCommitEventLog
from tests.integration.db.samples import NOW, person, shown, store


@pytest.fixture
def log(engine):
    log = GroupCommitEventLog(engine)
    yield log
    log.close()


def test_an_impression_comes_back_as_it_was_shown(work, log):
    store(work, users=[person()])
    impressions = [shown(1), shown(None, model_version=None, platform=None, items=0, fallback_used=False)]
    for impression in impressions:
        log.append(impression)
    with work() as open_work:
        found = open_work.impressions.list_page(PageRequest())
    assert sorted(found.items, key=lambda one: one.id) == sorted(impressions, key=lambda one: one.id)


def test_impressions_are_listed_newest_first(work, log):
    store(work, users=[person("ann"), person("bob")])
    mine = [shown(1, NOW + timedelta(hours=hour)) for hour in (3, 1, 2)]
    for impression in [*mine, shown(2, NOW + timedelta(hours=4))]:
        log.append(impression)
    with work() as open_work:
        page = open_work.impressions.list_page(PageRequest(size=2), user_id=1)
        everybodys = open_work.impressions.list_page(PageRequest())
    assert [impression.shown_at.hour - NOW.hour for impression in page.items] == [3, 2]
    assert (page.total, everybodys.total, everybodys.items[0].user_id) == (3, 4, 2)
