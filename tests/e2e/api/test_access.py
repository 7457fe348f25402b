"""Every route × every role, generated from the OpenAPI document. A route that the table does not know fails.

`open` routes answer anybody; `user` routes whoever has signed in; `owner` routes the person they are about, and admins;
`admin` routes admins alone. Whoever is let in may still be told 404 or 422: what counts is that they are let in.
"""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.e2e.api.conftest import Person
from tests.unit.api.fakes import FakeParts, client_of

ACCESS = {
    "GET /health": "open",
    "GET /health/ready": "open",
    "POST /auth/token": "open",
    "POST /auth/refresh": "open",
    "POST /auth/logout": "user",
    "POST /users/": "open",
    "GET /users/": "admin",
    "DELETE /users/": "admin",
    "GET /users/me": "user",
    "GET /users/me/export": "user",
    "GET /users/me/taste": "user",
    "PATCH /users/me/taste": "user",
    "PUT /users/{user_id}": "owner",
    "DELETE /users/{user_id}": "owner",
    **{
        f"{method} /{kind}/{item}": "open" if method == "GET" else "admin"
        for kind in ("movies", "tracks", "courses")
        for method, item in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "{item_id}"),
            ("PUT", "{item_id}"),
            ("DELETE", "{item_id}"),
        )
    },
    "POST /events/engagements": "user",
    "POST /events/feedback": "user",
    "POST /events/bulk": "admin",
    **{f"GET /{kind}/{{item_id}}/feedback": "user" for kind in ("movies", "tracks", "courses")},
    "GET /metrics/pac": "admin",
    "GET /analytics/users/{user_id}": "owner",
    "GET /analytics/global": "admin",
    "GET /analytics/engines": "admin",
    "GET /analytics/items/{item_id}": "admin",
    "GET /analytics/what-if": "admin",
    "POST /ratings/": "user",
    "GET /ratings/": "user",
    "DELETE /ratings/{item_id}": "user",
    "GET /recommendations/": "user",
    "GET /recommendations/engines": "user",
    "GET /recommendations/home": "user",
    "POST /recommendations/group": "admin",
    "POST /recommendations/cold-start": "open",
    "GET /recommendations/onboarding-movies": "open",
    "POST /recommendations/onboarding/next": "open",
    "POST /recommendations/session": "open",
    "POST /recommendations/next": "open",
    "GET /recommendations/similar/{item_id}": "open",
    "GET /recommendations/health": "open",
    "POST /experiments": "admin",
    "GET /experiments": "admin",
    "GET /experiments/{experiment_id}": "admin",
    "POST /experiments/{experiment_id}/start": "admin",
    "POST /experiments/{experiment_id}/stop": "admin",
    "GET /experiments/{experiment_id}/report": "admin",
    "POST /admin/reindex": "admin",
    "GET /admin/bandit": "admin",
    "GET /admin/models": "admin",
    "POST /admin/models/{version}/promote": "admin",
    "POST /admin/models/rollback": "admin",
    "GET /debug/users": "admin",
    "GET /debug/items": "admin",
    "GET /debug/ratings": "admin",
    "GET /debug/impressions": "admin",
    "GET /debug/engagements": "admin",
    "GET /debug/model": "admin",
}
#: who is let in where
ALLOWED = {
    "open": {"anonymous", "user", "other", "admin"},
    "user": {"user", "other", "admin"},
    "owner": {"user", "admin"},
    "admin": {"admin"},
}
#: bodies with which a call that is let in does something
BODIES = {
    "POST /events/engagements": {
        "impression_id": "00000000-0000-4000-8000-000000000000",
        "item_id": 1,
        "action": "click",
    },
    "POST /events/feedback": {"item_id": 1, "feedback": "skip"},
    "POST /auth/logout": {"refresh_token": "unknown"},
    "POST /auth/refresh": {"refresh_token": "unknown"},
    "PATCH /users/me/taste": {},
    "PUT /users/{user_id}": {"age": 40},
    "POST /ratings/": [{"item_id": 1, "rating": 4}],
    "DELETE /users/": {"confirm": "not quite"},
}
#: answers with a 401 of their own, whoever asks
UNAUTHENTICATED_BY_CONTENT = {"POST /auth/refresh", "POST /auth/token"}

ROUTES = [
    f"{method.upper()} {path}"
    for path, operations in client_of(FakeParts()).app.openapi()["paths"].items()
    for method in operations
]


@pytest.fixture(scope="module")
def callers(newcomer: Callable[..., Person], admin: Person) -> dict[str, Person | None]:
    return {"anonymous": None, "user": newcomer(), "other": newcomer(), "admin": admin}


def test_the_table_knows_every_route():
    assert set(ROUTES) == set(ACCESS)


@pytest.mark.parametrize("role", ["anonymous", "user", "other", "admin"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route != "DELETE /users/{user_id}"])
def test_a_route_lets_in_whom_it_should(http: TestClient, callers: dict[str, Person | None], route: str, role: str):
    method, path = route.split()
    # The owner is `user`; the item is one that nobody has.
    path = path.replace("{user_id}", str(callers["user"].id)).replace("{item_id}", "999999")
    caller = callers[role]
    response = http.request(
        method, path, json=BODIES.get(route), headers=caller.headers if caller else {}, follow_redirects=False
    )
    if role in ALLOWED[ACCESS[route]]:
        assert response.status_code != 403 and response.status_code < 500
        assert response.status_code != 401 or route in UNAUTHENTICATED_BY_CONTENT
    else:
        assert response.status_code == (401 if role == "anonymous" else 403)
        assert response.json()["error"]["code"] == ("not_authenticated" if role == "anonymous" else "not_allowed")


@pytest.mark.parametrize(("role", "status"), [("anonymous", 401), ("other", 403), ("owner", 200), ("admin", 200)])
def test_an_account_is_deleted_by_its_owner_and_by_admins(
    http: TestClient, newcomer: Callable[..., Person], admin: Person, role: str, status: int
):
    owner = newcomer()
    headers = {"anonymous": {}, "other": newcomer().headers, "owner": owner.headers, "admin": admin.headers}[role]
    assert http.delete(f"/users/{owner.id}", headers=headers).status_code == status
    assert (owner.get("/users/me").status_code == 401) == (status == 200)


def test_an_admin_who_was_demoted_is_let_in_nowhere(container, http: TestClient, newcomer: Callable[..., Person]):
    """The token still says admin, and the database no longer does."""
    from domain.users import Role
    from tests.e2e.api.conftest import sign_in

    person = newcomer()
    with container.unit_of_work()() as work:
        user = work.users.get(person.id)
        user.role = Role.ADMIN
        work.users.save(user)
        work.commit()
    promoted = sign_in(http, person.id, person.email)
    assert promoted.get("/debug/users").status_code == 200
    with container.unit_of_work()() as work:
        user = work.users.get(person.id)
        user.role = Role.USER
        work.users.save(user)
        work.commit()
    for route, access in ACCESS.items():
        method, path = route.split()
        if access == "admin":
            response = promoted.call(method, path.replace("{item_id}", "1"), json=BODIES.get(route))
            assert response.status_code == 403, route


def test_the_token_of_an_erased_account_opens_nothing(newcomer: Callable[..., Person]):
    person = newcomer()
    assert person.delete(f"/users/{person.id}").status_code == 200
    for route, access in ACCESS.items():
        method, path = route.split()
        if access != "open" and route not in {"POST /auth/logout", "GET /recommendations/engines"}:
            path = path.replace("{user_id}", str(person.id)).replace("{item_id}", "1")
            response = person.call(method, path, json=BODIES.get(route))
            assert response.status_code == 401, (route, response.text)
