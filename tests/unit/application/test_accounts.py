import pytest

from application.accounts import (
    CreateFirstAdmin,
    DeleteAccount,
    DeleteAllAccounts,
    ExportAccount,
    GetAccount,
    NewAccount,
    RequireAdmin,
    UpdateAccount,
)
from application.rating import NewRating, RateItems
from domain.errors import EmailTaken, InvalidToken, LastAdmin, NotAllowed, UsernameTaken, UserNotFound, WeakPassword
from domain.users import Demographics, Principal, Role
from tests.fakes import FakePolicy, FakeSecrets


def test_an_account_keeps_what_it_was_told_and_no_password(sign_up, database):
    user = sign_up(NewAccount("bo@example.com", "bo", "long enough", Demographics(33, "M", "artist", "10115")))
    stored = database.rows.users[user.id]
    assert stored.demographics == Demographics(33, "M", "artist", "10115")
    assert stored.role is Role.USER
    assert "long enough" not in (stored.email, stored.username, stored.password_hash)


@pytest.mark.parametrize(
    ("email", "username", "error"),
    [("ANNA@example.com", "somebody", EmailTaken), ("other@example.com", "Anna", UsernameTaken)],
)
def test_a_taken_address_or_name_is_refused(sign_up, anna, email, username, error):
    with pytest.raises(error):
        sign_up(NewAccount(email, username, "long enough"))


def test_a_weak_password_makes_no_account(sign_up, database):
    with pytest.raises(WeakPassword):
        sign_up(NewAccount("bo@example.com", "bo", "short"))
    assert not database.rows.users


def test_the_first_admin_is_made_once(database, sign_up):
    create = CreateFirstAdmin(database, sign_up, FakeSecrets())
    assert create("admin@example.com", "admin") == "secret-1"
    assert create("admin@example.com", "admin") is None
    assert database.rows.users[1].role is Role.ADMIN


@pytest.fixture
def admin(sign_up):
    user = sign_up(NewAccount("root@example.com", "root", "long enough"), role=Role.ADMIN)
    return Principal(user.id, user.role)


def test_an_admin_of_the_token_who_is_none_in_the_database_is_refused(database, anna):
    with pytest.raises(NotAllowed):
        RequireAdmin(database)(Principal(anna.user_id, Role.ADMIN))


def test_fields_left_out_stay_as_they_are(database, hasher, anna):
    update = UpdateAccount(database, hasher, FakePolicy())
    update(anna, anna.user_id, {"age": 41, "occupation": "doctor"}, None)
    update(anna, anna.user_id, {"occupation": None}, None)
    stored = database.rows.users[anna.user_id]
    assert (stored.age, stored.occupation, stored.email) == (41, None, "anna@example.com")


def test_the_role_cannot_be_changed_like_a_field(database, hasher, anna):
    with pytest.raises(ValueError, match="role"):
        UpdateAccount(database, hasher, FakePolicy())(anna, anna.user_id, {"role": Role.ADMIN}, None)
    assert database.rows.users[anna.user_id].role is Role.USER


def test_a_new_password_is_checked_and_ends_all_sessions(database, hasher, anna):
    update = UpdateAccount(database, hasher, FakePolicy())
    with pytest.raises(WeakPassword):
        update(anna, anna.user_id, {}, "short")
    update(anna, anna.user_id, {}, "a new password")
    assert database.rows.users[anna.user_id].password_hash == "hashed a new password"


def test_somebody_elses_account_is_closed_and_open_to_admins(database, hasher, sign_up, anna, admin):
    bo = sign_up(NewAccount("bo@example.com", "bo", "long enough"))
    update = UpdateAccount(database, hasher, FakePolicy())
    with pytest.raises(NotAllowed):
        update(anna, bo.id, {"age": 3}, None)
    with pytest.raises(NotAllowed):
        DeleteAccount(database)(anna, bo.id)
    update(admin, bo.id, {"age": 30}, None)
    assert database.rows.users[bo.id].age == 30
    with pytest.raises(UserNotFound):
        update(admin, 999, {"age": 30}, None)


def test_the_last_admin_stays(database, admin):
    with pytest.raises(LastAdmin):
        DeleteAccount(database)(admin, admin.user_id)
    assert DeleteAllAccounts(database)() == 0


def test_an_erased_account_takes_its_ratings_along_and_its_token_is_dead(database, clock, anna):
    RateItems(database, clock)(anna, [NewRating(1, 5.0)])
    DeleteAccount(database)(anna, anna.user_id)
    assert not database.rows.ratings
    with pytest.raises(InvalidToken):
        GetAccount(database)(anna)


def test_an_export_holds_every_rating(database, clock, anna):
    RateItems(database, clock)(anna, [NewRating(i, 4.0) for i in range(1, 21)])
    export = ExportAccount(database)(anna)
    assert {rating.item_id for rating in export.ratings} == set(range(1, 21))
    assert export.user.email == "anna@example.com"
