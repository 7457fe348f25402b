from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.errors import EmailTaken, LastAdmin, UsernameTaken, UserNotFound
from domain.paging import PageRequest
from domain.taste import TasteSettings
from domain.users import Demographics, RefreshToken, Role
from infrastructure.db import tables
from infrastructure.db.event_log import GroupCommitEventLog
from tests.integration.db.samples import NOW, admin, at_once, count, counts, film, person, recounted, shown, store


def test_a_user_comes_back_as_stored(work):
    ann = person(age=41, gender="F", occupation="writer", zip_code="02139", consent=False, origin="ml-100k")
    store(work, users=[ann])
    with work() as later:
        found = later.users.get(ann.id)
    assert found is not ann and found.created_at == NOW and found.created_at.tzinfo is UTC
    assert (found.username, found.email, found.password_hash, found.role) == (
        "ann",
        "ann@example.org",
        "hash",
        Role.USER,
    )
    assert found.demographics == Demographics(41, "F", "writer", "02139")
    assert found.consent is False and found.origin == "ml-100k"


def test_times_are_stored_in_utc_whatever_zone_they_come_in(work):
    ann = person()
    ann.created_at = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    store(work, users=[ann])
    with work() as later:
        found = later.users.get(ann.id).created_at
    assert (found, found.tzinfo) == (datetime(2025, 12, 31, 23, 0, tzinfo=UTC), UTC)


def test_a_time_without_a_zone_is_refused(work):
    ann = person()
    ann.created_at = datetime(2026, 1, 1)
    with work() as open_work, pytest.raises(Exception, match="time zone"):
        open_work.users.add(ann)


@pytest.mark.parametrize("user_id", [404, 2**63, -(2**70)])
def test_an_unknown_user_is_not_found(work, user_id):
    with work() as open_work, pytest.raises(UserNotFound):
        open_work.users.get(user_id)


def test_an_email_address_is_found_in_any_case(work):
    ann = person(email="Ännchen@Example.org")
    store(work, users=[ann])
    with work() as later:
        assert later.users.find_by_email("änNCHEN@example.ORG").id == ann.id
        assert later.users.find_by_email("anna@example.org") is None


def test_an_email_address_is_taken_in_any_case(work):
    store(work, users=[person("ann", email="ann@example.org")])
    with work() as later, pytest.raises(EmailTaken):
        later.users.add(person("other", email="ANN@example.org"))


def test_a_user_name_is_taken_in_any_case(work):
    store(work, users=[person("Ångström", email="a@example.org")])
    with work() as later, pytest.raises(UsernameTaken):
        later.users.add(person("ÅNGSTRÖM", email="b@example.org"))


def test_users_without_an_email_address_do_not_collide(work):
    store(work, users=[person("one", email=None), person("two", email=None)])


def test_changes_are_saved(work):
    ann = person()
    store(work, users=[ann])
    with work() as later:
        found = later.users.get(ann.id)
        found.username, found.age = "Anna", 30
        later.users.save(found)
        later.commit()
    with work() as later:
        assert (later.users.get(ann.id).username, later.users.get(ann.id).age) == ("Anna", 30)
        with pytest.raises(UsernameTaken):
            later.users.add(person("ANNA", email="x@example.org"))


def test_a_user_changed_after_the_unit_of_work_has_ended_can_be_saved_in_another(work):
    ann = person()
    store(work, users=[ann])
    ann.occupation = "pilot"
    with work() as later:
        later.users.save(ann)
        later.commit()
    with work() as later:
        assert later.users.get(ann.id).occupation == "pilot"


def test_saving_cannot_take_over_another_address_or_name(work):
    ann, bob = person("ann"), person("bob")
    store(work, users=[ann, bob])
    for field, value, error in (("email", "ANN@example.org", EmailTaken), ("username", "Ann", UsernameTaken)):
        with work() as later:
            found = later.users.get(bob.id)
            setattr(found, field, value)
            with pytest.raises(error):
                later.users.save(found)


def test_saving_an_erased_user_does_not_bring_them_back(work):
    ann = person()
    store(work, users=[ann])
    with work() as later:
        found = later.users.get(ann.id)
        with work() as meanwhile:
            meanwhile.users.erase(ann.id)
            meanwhile.commit()
        found.age = 3
        with pytest.raises(UserNotFound):
            later.users.save(found)


def test_erasing_takes_everything_that_belongs_to_the_user(work, engine):
    ann, bob = person("ann"), person("bob")
    store(work, users=[ann, bob], items=[film("A"), film("B")])
    store(work, ratings=[(ann.id, 1, 4.0, 10), (ann.id, 2, 2.0, 11), (bob.id, 1, 3.5, 12)])
    log = GroupCommitEventLog(engine)
    log.append(shown(ann.id))
    log.append(shown(bob.id))
    log.close()
    with work() as open_work:
        open_work.users.set_taste(ann.id, TasteSettings(frozenset({"Drama"})))
        open_work.refresh_tokens.add(RefreshToken("digest", "family", ann.id, NOW))
        open_work.commit()
    with work() as open_work:
        open_work.users.erase(ann.id)
        open_work.commit()
    assert counts(engine) == recounted(engine) == {1: (1, 3.5), 2: (0, 0.0)}
    assert count(engine, tables.impressions) == 1
    assert count(engine, tables.taste_settings) == count(engine, tables.refresh_tokens) == 0
    with work() as later, pytest.raises(UserNotFound):
        later.users.get(ann.id)


@pytest.mark.parametrize("user_id", [404, 2**64])
def test_erasing_an_unknown_user_says_so(work, user_id):
    with work() as open_work, pytest.raises(UserNotFound):
        open_work.users.erase(user_id)


def test_the_id_of_an_erased_user_is_not_given_to_another(work):
    ann, bob = person("ann"), person("bob")
    store(work, users=[ann, bob])
    with work() as open_work:
        open_work.users.erase(bob.id)
        open_work.commit()
    carol = person("carol")
    store(work, users=[carol])
    assert carol.id > bob.id


def test_the_first_id_may_be_given_too(work):
    given, after = person("given", id=1), person("after")
    store(work, users=[given, after])
    assert (given.id, after.id) == (1, 2)


def test_a_given_id_is_kept_and_generated_ones_go_on_above_it(work):
    first, given, after = person("first"), person("given", id=1000), person("after")
    store(work, users=[first, given, after])
    assert (first.id, given.id, after.id) == (1, 1000, 1001)


def test_the_last_admin_cannot_be_erased(work):
    root, ann = admin("root"), person("ann")
    store(work, users=[root, ann])
    with work() as open_work, pytest.raises(LastAdmin):
        open_work.users.erase(root.id)


def test_of_twenty_admins_who_erase_each_other_at_once_one_remains(work):
    admins = [admin(f"admin{n}") for n in range(20)]
    store(work, users=admins)

    def erase(user_id):
        with work() as open_work:
            open_work.users.erase(user_id)
            open_work.commit()

    outcomes = at_once(*(lambda user_id=user.id: erase(user_id) for user in admins))
    assert sum(outcome is None for outcome in outcomes) == 19
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastAdmin]
    with work() as later:
        assert later.users.has_admin() and later.users.list_page(PageRequest()).total == 1


def test_erasing_all_but_admins(work, engine):
    root, ann, bob = admin("root"), person("ann"), person("bob", origin="ml-100k")
    store(work, users=[root, ann, bob], items=[film("A"), film("B")])
    store(work, ratings=[(root.id, 1, 5.0, 1), (ann.id, 1, 1.0, 1), (bob.id, 2, 2.0, 1)])
    with work() as open_work:
        assert open_work.users.erase_all_but_admins() == 2
        open_work.commit()
    assert counts(engine) == recounted(engine) == {1: (1, 5.0), 2: (0, 0.0)}
    with work() as later:
        assert [user.username for user in later.users.list_page(PageRequest()).items] == ["root"]


def test_whether_there_is_an_admin(work):
    store(work, users=[person()])
    with work() as open_work:
        assert not open_work.users.has_admin()
        open_work.users.add(admin("root"))
        assert open_work.users.has_admin()


def test_users_are_listed_by_id_a_page_at_a_time(work):
    store(work, users=[person(f"user{n}") for n in range(5)])
    with work() as open_work:
        page = open_work.users.list_page(PageRequest(page=2, size=2))
        assert [user.username for user in page.items] == ["user2", "user3"]
        assert (page.page, page.size, page.total, page.pages) == (2, 2, 5, 3)
        assert open_work.users.list_page(PageRequest(page=10**18, size=100)).items == []


@pytest.mark.parametrize(
    ("text", "names"),
    [("ANN", ["ann", "Hannah"]), ("example.com", ["zoe"]), ("%", ["100%"]), ("_", []), ("nobody", [])],
)
def test_users_are_found_by_parts_of_address_or_name(work, text, names):
    store(work, users=[person("ann"), person("Hannah"), person("zoe", email="z@example.com"), person("100%")])
    with work() as open_work:
        page = open_work.users.list_page(PageRequest(), text)
    assert [user.username for user in page.items] == names
    assert page.total == len(names)


def test_taste_is_kept_and_replaced(work):
    ann = person()
    store(work, users=[ann])
    with work() as open_work:
        assert open_work.users.taste(ann.id) == TasteSettings()
        for taste in (
            TasteSettings(frozenset({"Horror", "War"}), frozenset({"Drama"})),
            TasteSettings(frozenset(), frozenset({"Comedy"})),
        ):
            open_work.users.set_taste(ann.id, taste)
            assert open_work.users.taste(ann.id) == taste


@pytest.mark.parametrize("user_id", [404, 2**64])
def test_nobody_has_no_taste(work, user_id):
    with work() as open_work, pytest.raises(UserNotFound):
        open_work.users.set_taste(user_id, TasteSettings())


def test_all_accounts_of_one_origin_are_erased_and_their_ratings_taken_back(engine, work):
    store(work, users=[person("ann"), person("bob", origin="made up"), person("cy", origin="ml-100k")], items=[film()])
    store(work, ratings=[(1, 1, 4.0, 1), (2, 1, 2.0, 1), (3, 1, 5.0, 1)])
    with work() as open_work:
        assert open_work.users.erase_all_of("made up") == 1
        open_work.commit()
        assert [user.username for user in open_work.users.list_page(PageRequest()).items] == ["ann", "cy"]
    assert counts(engine) == recounted(engine) == {1: (2, 9.0)}
