import pytest

from domain.errors import TitleTaken
from domain.paging import PageRequest
from infrastructure.db import tables
from tests.integration.db.samples import count, film, person, store


def test_nothing_is_stored_without_a_commit(work, engine):
    with work() as open_work:
        open_work.users.add(person())
        open_work.items.add(film())
    assert count(engine, tables.users) == count(engine, tables.items) == 0


def test_an_error_undoes_the_whole_block(work, engine):
    store(work, items=[film()])
    with pytest.raises(TitleTaken), work() as open_work:
        open_work.users.add(person())
        open_work.items.add(film())
        open_work.commit()
    assert count(engine, tables.users) == 0


def test_what_comes_after_a_commit_needs_another(work, engine):
    with work() as open_work:
        open_work.users.add(person("ann"))
        open_work.commit()
        open_work.users.add(person("bob"))
    assert count(engine, tables.users) == 1


def test_entities_can_be_read_after_the_block(work):
    with work() as open_work:
        ann, heat = open_work.users.add(person()), open_work.items.add(film(genres=("Crime",)))
        open_work.commit()
    with work() as open_work:
        found = open_work.users.list_page(PageRequest()).items[0]
    assert (ann.id, ann.username, heat.genres, found.email) == (1, "ann", ("Crime",), "ann@example.org")


def test_uncommitted_work_is_seen_by_nobody_else(work):
    with work() as writer, work() as reader:
        writer.users.add(person())
        assert writer.users.list_page(PageRequest()).total == 1
        assert reader.users.list_page(PageRequest()).total == 0


def test_no_connection_is_kept(work, engine):
    for _ in range(30):
        with work() as open_work:
            open_work.users.list_page(PageRequest())
    assert engine.pool.checkedout() == 0
