"""Engagements, feedback and bulk events over HTTP, on a real database."""

import json

import pytest

from tests.e2e.api.conftest import Person


@pytest.fixture
def viewer(newcomer) -> Person:
    return newcomer()


@pytest.fixture
def shown(viewer):
    return viewer.get("/recommendations/", params={"k": 5, "platform": "web"}).json()


def item_of(shown, place=0):
    return shown["items"][place]["item"]["id"]


def engaged(shown, action="click", place=0, **fields):
    return {"impression_id": shown["impression_id"], "item_id": item_of(shown, place), "action": action, **fields}


def test_an_engagement_is_stored_once_and_followed(viewer, admin, shown):
    body = engaged(shown, "watch")
    answer = viewer.post("/events/engagements", json=body)
    assert answer.status_code == 201
    said = answer.json()
    assert {name: said[name] for name in ("item_id", "user_id", "action", "rank", "platform")} == {
        "item_id": item_of(shown), "user_id": viewer.id, "action": "watch", "rank": 1, "platform": "web",
    }  # fmt: skip
    again = viewer.post("/events/engagements", json=body)
    assert (again.status_code, again.json()) == (200, said)
    after = viewer.get("/recommendations/").json()
    assert after["applied_events"] == 1
    assert item_of(shown) not in [place["item"]["id"] for place in after["items"]]
    rows = admin.get("/debug/engagements", params={"user_id": viewer.id}).json()
    assert [row["id"] for row in rows["items"]] == [said["id"]]


def test_the_key_of_a_call_makes_it_safe_to_repeat(viewer, shown):
    first = viewer.post("/events/engagements", json=engaged(shown), headers={"Idempotency-Key": "k1"})
    again = viewer.post("/events/engagements", json=engaged(shown), headers={"Idempotency-Key": "k1"})
    other = viewer.post("/events/engagements", json=engaged(shown, "like"), headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert other.json()["error"]["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"impression_id": "00000000-0000-4000-8000-000000000000"}, 404, "impression_not_found"),
        ({"impression_id": "no uuid"}, 422, "validation_error"),
        ({"item_id": 40_000}, 422, "invalid_event"),
        ({"action": "stare"}, 422, "validation_error"),
        ({"platform": "tv"}, 422, "invalid_event"),
        ({"timestamp": "2020-01-01T00:00:00Z"}, 422, "invalid_event"),
        ({"timestamp": 9_999_999_999}, 422, "invalid_event"),
        ({"surprise": 1}, 422, "validation_error"),
    ],
)
def test_what_does_not_fit_is_refused(viewer, admin, shown, change, status, code):
    answer = viewer.post("/events/engagements", json=engaged(shown) | change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not admin.get("/debug/engagements", params={"user_id": viewer.id}).json()["items"]


def test_somebody_elses_list_is_out_of_bounds(newcomer, shown):
    answer = newcomer().post("/events/engagements", json=engaged(shown))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_feedback_is_stored_and_an_explicit_rating_rates(viewer):
    for item_id, kind in enumerate(("like", "dislike", "skip", "play_complete"), 1):
        assert viewer.post("/events/feedback", json={"item_id": item_id, "feedback": kind}).status_code == 201
    rated = viewer.post("/events/feedback", json={"item_id": 9, "feedback": "explicit_rating", "value": 2.5})
    assert rated.status_code == 201
    assert [(row["item_id"], row["rating"]) for row in viewer.get("/ratings/").json()["items"]] == [(9, 2.5)]
    assert viewer.get("/recommendations/").json()["applied_events"] == 4  # a skip says too little
    assert viewer.post("/events/feedback", json={"item_id": 9, "feedback": "explicit_rating"}).status_code == 422
    assert viewer.post("/events/feedback", json={"item_id": 99_999, "feedback": "like"}).status_code == 404


def test_the_export_holds_events_and_erasing_takes_them(viewer, admin, shown):
    viewer.post("/events/engagements", json=engaged(shown, "like"))
    viewer.post("/events/feedback", json={"item_id": 3, "feedback": "dislike"})
    export = viewer.get("/users/me/export").json()
    assert [one["action"] for one in export["engagements"]] == ["like"]
    assert [one["feedback"] for one in export["feedback"]] == ["dislike"]
    assert viewer.delete(f"/users/{viewer.id}").status_code == 200
    assert not admin.get("/debug/engagements", params={"user_id": viewer.id}).json()["items"]


def test_taking_back_consent_makes_the_log_nobodys(viewer, admin, shown):
    viewer.post("/events/engagements", json=engaged(shown, "like"))
    viewer.post("/events/feedback", json={"item_id": 3, "feedback": "dislike"})
    assert viewer.put(f"/users/{viewer.id}", json={"consent": False}).status_code == 200
    export = viewer.get("/users/me/export").json()
    assert not export["impressions"] and not export["engagements"] and not export["feedback"]
    after = viewer.get("/recommendations/").json()
    assert after["applied_events"] == 0 and len(after["items"]) == 10
    watched = viewer.post("/events/engagements", json=engaged(after, "watch"))
    assert (watched.status_code, watched.json()["user_id"]) == (201, None)
    assert viewer.post("/events/engagements", json=engaged(shown, "watch")).status_code == 201
    assert not viewer.get("/users/me/export").json()["engagements"]
    assert not admin.get("/debug/impressions", params={"user_id": viewer.id}).json()["items"]
    assert viewer.get("/recommendations/").json()["applied_events"] == 0


def test_many_events_at_once_keep_the_good_lines(viewer, admin, shown):
    lines = [
        json.dumps(engaged(shown)),
        "",
        json.dumps({"user_id": viewer.id, "item_id": 4, "feedback": "like", "timestamp": 1_700_000_000}),
        json.dumps({"user_id": viewer.id, "item_id": 5, "rating": 3.5}),
        "{not json",
        json.dumps({"item_id": 5}),
        json.dumps({"user_id": 123_456, "item_id": 5, "rating": 3.5}),
        json.dumps({"user_id": viewer.id, "item_id": 5, "rating": 9}),
        '{"impression_id": 5}',
    ]
    answer = admin.post("/events/bulk", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
    said = answer.json()
    assert answer.status_code == 200
    assert (said["stored"], said["repeated"], said["refused"]) == (3, 0, 5)
    assert [(one["line"], one["status"]) for one in said["lines"]] == [
        (1, 201), (3, 201), (4, 201), (5, 422), (6, 422), (7, 404), (8, 422), (9, 422),
    ]  # fmt: skip
    assert said["lines"][6]["error"]["details"][0]["where"] == "rating"
    again = admin.post("/events/bulk", content="\n".join(lines)).json()
    assert (again["stored"], again["repeated"]) == (1, 2)  # a rating has no id: it replaces the one before
    assert viewer.get("/recommendations/").json()["applied_events"] == 2
    assert admin.post("/events/bulk", content="\n \n").status_code == 422
    assert viewer.post("/events/bulk", content="").status_code == 403


def test_a_bulk_call_may_be_long_and_is_not_endless(admin):
    line = json.dumps({"user_id": 1, "item_id": 5, "rating": 3.5}) + "\n"
    assert admin.post("/events/bulk", content=line * 30_000).status_code == 200
    too_long = admin.post("/events/bulk", content=b" " * (16 * 1024 * 1024 + 1))
    assert (too_long.status_code, too_long.json()["error"]["code"]) == (413, "body_too_large")
