"""Accounts, from signing up to being erased."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.e2e.api.conftest import PASSWORD, Person, sign_in


def test_what_was_said_at_the_sign_up_is_kept(newcomer: Callable[..., Person]):
    about = {"age": 36, "gender": "F", "occupation": "programmer", "zip_code": "10115", "consent": False}
    profile = newcomer(**about).get("/users/me").json()
    assert profile.items() >= about.items()
    assert profile["role"] == "user" and "password" not in str(profile)


@pytest.mark.parametrize("change", [str.upper, str.title])
def test_an_email_address_is_taken_in_any_case(http: TestClient, ada: Person, change: Callable[[str], str]):
    body = {"email": change(ada.email), "username": "somebody else", "password": PASSWORD}
    response = http.post("/users/", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "email_taken")


def test_a_user_name_is_taken_in_any_case(http: TestClient, ada: Person):
    name = ada.get("/users/me").json()["username"]
    body = {"email": "else@example.com", "username": name.upper(), "password": PASSWORD}
    response = http.post("/users/", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "username_taken")


@pytest.mark.parametrize("password", ["password", "qwertyuiop", "weak@example.com", "aaaaaaaaaaaa"])
def test_a_weak_password_makes_no_account(http: TestClient, admin: Person, password: str):
    body = {"email": "weak@example.com", "username": "weak", "password": password}
    response = http.post("/users/", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "weak_password")
    assert admin.get("/users/?q=weak@example.com").json()["total"] == 0


def test_nobody_makes_themselves_an_admin(http: TestClient):
    body = {"email": "x@example.com", "username": "x", "password": PASSWORD, "role": "admin"}
    response = http.post("/users/", json=body)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["where"] == "role"


def test_a_change_leaves_the_rest_as_it_was(newcomer: Callable[..., Person]):
    person = newcomer(age=36, zip_code="10115")
    changed = person.put(f"/users/{person.id}", json={"zip_code": None, "occupation": "writer"}).json()
    assert (changed["age"], changed["zip_code"], changed["occupation"]) == (36, None, "writer")
    assert person.get("/users/me").json() == changed


def test_a_change_to_what_another_has_is_a_conflict(ada: Person, newcomer: Callable[..., Person]):
    other = newcomer()
    response = ada.put(f"/users/{ada.id}", json={"email": other.email, "age": 50})
    assert response.json()["error"]["code"] == "email_taken"
    assert ada.get("/users/me").json()["age"] is None


def test_a_new_password_ends_every_session(http: TestClient, ada: Person):
    assert ada.put(f"/users/{ada.id}", json={"password": "another good password"}).status_code == 200
    renewed = http.post("/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    assert renewed.status_code == 401
    assert http.post("/auth/token", data={"username": ada.email, "password": PASSWORD}).status_code == 401
    assert sign_in(http, ada.id, ada.email, "another good password")


def test_a_weak_new_password_is_refused(ada: Person):
    response = ada.put(f"/users/{ada.id}", json={"password": "password123"})
    assert response.json()["error"]["code"] == "weak_password"


def test_an_account_that_is_not_there_is_not_found(admin: Person):
    for method in ("PUT", "DELETE"):
        response = admin.call(method, "/users/999999", json={"age": 3} if method == "PUT" else None)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "user_not_found")


def test_everything_held_about_somebody_can_be_taken_along(ada: Person):
    ada.rate({1: 5.0, 2: 3.0})
    shown = ada.get("/recommendations/?k=2").json()
    ada.call("PATCH", "/users/me/taste", json={"muted_genres": ["Horror"]})
    export = ada.get("/users/me/export").json()
    assert export["user"]["email"] == ada.email
    assert {row["item_id"]: row["rating"] for row in export["ratings"]} == {1: 5.0, 2: 3.0}
    assert [one["id"] for one in export["impressions"]] == [shown["impression_id"]]
    assert export["taste"] == {"muted_genres": ["Horror"], "boosted_genres": []}
    assert "password" not in str(export)


def test_an_erased_account_takes_everything_with_it(ada: Person, admin: Person):
    ada.rate({1: 5.0})
    ada.get("/recommendations/")
    answer = ada.delete(f"/users/{ada.id}").json()
    assert answer == {"message": f"User {ada.id} was deleted.", "id": ada.id}
    for rows in ("ratings", "impressions"):
        assert admin.get(f"/debug/{rows}", params={"user_id": ada.id}).json()["total"] == 0
    assert admin.get("/users/", params={"q": ada.email}).json()["total"] == 0


def test_the_last_admin_cannot_be_deleted(admin: Person):
    response = admin.delete(f"/users/{admin.id}")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "last_admin")
    assert admin.get("/users/me").status_code == 200


def test_admins_page_through_accounts_and_search_them(newcomer: Callable[..., Person], admin: Person):
    people = [newcomer() for _ in range(3)]
    page = admin.get("/users/?size=2&page=2").json()
    assert (page["page"], page["size"], len(page["items"])) == (2, 2, 2) and page["pages"] == -(-page["total"] // 2)
    found = admin.get("/users/", params={"q": people[1].email.upper()}).json()
    assert [user["id"] for user in found["items"]] == [people[1].id]
    assert admin.get("/users/?page=1000000").json()["items"] == []


def test_all_accounts_but_the_admins_can_be_deleted(newcomer: Callable[..., Person], admin: Person):
    person = newcomer()
    before = admin.get("/users/").json()["total"]
    answer = admin.call("DELETE", "/users/", json={"confirm": "delete all users"}).json()
    assert answer["deleted"] == before - 1
    assert person.get("/users/me").status_code == 401
    assert [user["id"] for user in admin.get("/users/").json()["items"]] == [admin.id]
