"""What was shown, measured over HTTP: lists, clicks and feedback go in, and the reports say what came of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from main.asgi import build_app
from main.container import Container
from tests.e2e.api.conftest import FIRST_TRACK, Person, make_container, sign_in
from tests.integration.db.conftest import postgres_url  # noqa: F401  a fixture


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def container(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Container:
    database = {"url": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}
    bandit = {"policy": "epsilon_greedy", "epsilon": 0.9, "engines": "popularity,content"}
    return make_container(tmp_path_factory.mktemp("measured"), database=database, bandit=bandit)


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        yield client


def engage(person: Person, shown: dict, place: int, action: str, **more: object):
    about = {"impression_id": shown["impression_id"], "item_id": shown["items"][place]["item"]["id"], "action": action}
    return person.post("/events/engagements", json=about | more)


@pytest.fixture(scope="module")
def watched(http: TestClient, newcomer, admin: Person) -> tuple[Person, list[dict]]:
    """Somebody who was shown four lists of five, one on a television, and did something with two of them."""
    ada = newcomer(consent=True)
    ada.rate(dict.fromkeys(range(1, 7), 5.0))
    platforms = ("web", "web", "web", "tv")
    lists = [ada.get(f"/recommendations/?k=5&engine=popularity&platform={platform}").json() for platform in platforms]
    for place, action in ((0, "click"), (0, "click"), (1, "click"), (1, "enroll"), (4, "view")):
        engage(ada, lists[0], place, action)
    # The same click, told with another time.
    engage(ada, lists[0], 0, "click", timestamp=int(datetime.now(UTC).timestamp()))
    assert engage(ada, lists[3], 2, "click").status_code == 201
    return ada, lists


def test_pac_counts_each_place_once_within_its_window_and_filters(watched, admin: Person):
    told = admin.get("/metrics/pac").json()
    assert told["impressions"] == 4 and told["total_recommended"] == 20 and told["total_hits"] == 3
    assert told["pac_micro"] == pytest.approx(3 / 20)
    assert told["pac_mean"] == pytest.approx((2 / 5 + 1 / 5) / 4)
    low, high = told["confidence_interval"]
    assert low <= told["pac_mean"] <= high
    first = admin.get("/metrics/pac?k=1").json()
    assert (first["total_hits"], first["total_recommended"]) == (1, 4)
    assert admin.get("/metrics/pac?platform=tv").json()["total_hits"] == 1
    assert admin.get("/metrics/pac?engine=content").json()["confidence_interval"] is None
    assert admin.get("/metrics/pac?action_types=enroll,view").json()["total_hits"] == 2
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert admin.get(f"/metrics/pac?start={tomorrow}&end=32000000000").status_code == 422
    assert admin.get("/metrics/pac?start=0&end=86400").json()["impressions"] == 0


@pytest.mark.parametrize(
    "query", ["window_hours=0", "window_hours=169", "k=0", "action_types=stare", "start=now", "start=2&end=1"]
)
def test_pac_refuses_what_makes_no_sense(admin: Person, query: str):
    assert admin.get(f"/metrics/pac?{query}").status_code == 422


def test_an_item_that_was_not_shown_never_counts(watched, admin: Person):
    ada, lists = watched
    hits = admin.get("/metrics/pac").json()["total_hits"]
    unserved = {"impression_id": lists[0]["impression_id"], "item_id": FIRST_TRACK, "action": "click"}
    assert ada.post("/events/engagements", json=unserved).status_code == 422
    assert admin.get("/metrics/pac").json()["total_hits"] == hits


def test_a_user_sees_their_own_analytics(watched, newcomer, admin: Person):
    ada, _ = watched
    for caller in (ada, admin):
        told = caller.get(f"/analytics/users/{ada.id}").json()
        assert (told["impressions"], told["shown"], told["clicks"], told["enrolls"]) == (4, 20, 3, 1)
        assert told["ctr"] == pytest.approx(3 / 20)
        assert told["top_genres"] and set(told["top_genres"][0]) == {"genre", "count"}
    assert newcomer().get(f"/analytics/users/{ada.id}").status_code == 403
    assert admin.get("/analytics/users/987654").status_code == 404


def test_the_whole_has_thirty_days_engine_shares_and_popular_titles(watched, admin: Person):
    told = admin.get("/analytics/global").json()
    assert (told["impressions"], told["clicks"], told["enrolls"]) == (4, 3, 1)
    assert len(told["daily"]) == 30
    today = told["daily"][-1]
    assert today["date"] == datetime.now(UTC).date().isoformat() and today["clicks"] == 3
    assert [(one["engine"], one["share"]) for one in told["engine_shares"]] == [("popularity", 1.0)]
    assert sum(one["clicks"] for one in told["popular_items"]) == 3
    assert all(one["ctr"] == one["clicks"] / one["shown"] for one in told["popular_items"])


def test_engines_are_told_by_version_platform_and_position(watched, admin: Person):
    told = admin.get("/analytics/engines?days=2").json()
    (engine,) = told["engines"]
    assert (engine["engine"], engine["model_version"], engine["shown"]) == ("popularity", None, 20)
    assert {one["platform"]: one["clicks"] for one in told["platforms"]} == {"web": 2, "tv": 1}
    assert [one["shown"] for one in told["positions"]] == [4] * 5
    assert [one["clicks"] for one in told["positions"]] == [1, 1, 1, 0, 0]


def test_a_title_is_followed_from_retrieval_to_the_click(watched, admin: Person):
    _, lists = watched
    clicked = lists[0]["items"][0]["item"]["id"]
    told = admin.get(f"/analytics/items/{clicked}").json()
    assert (told["item"]["id"], told["shown"], told["clicks"], told["mean_rank"]) == (clicked, 4, 1, 1.0)
    assert sum(told["sources"].values()) == 4
    path = told["path"]
    assert path["users"] == 1
    assert path["filtered"] + path["not_retrieved"] + path["ranked_out"] + path["shown"] == 1
    rated = admin.get("/analytics/items/1").json()
    assert (rated["shown"], rated["path"]["filtered"]) == (0, 1)


def test_feedback_of_five_kinds_is_told_with_its_rates(watched, newcomer):
    ada, lists = watched
    shown = lists[0]["items"][1]["item"]["id"]
    kinds = ("like", "like", "dislike", "skip")
    for kind in kinds:
        body = {"item_id": shown, "feedback": kind}
        assert newcomer(consent=True).post("/events/feedback", json=body).status_code == 201
    told = ada.get(f"/movies/{shown}/feedback?days=7").json()
    assert told["total_feedback"] == 4
    assert told["feedback"]["like"] == {"count": 2, "rate": 0.5}
    assert set(told["feedback"]) == {"like", "dislike", "skip", "play_complete", "explicit_rating"}
    assert told["engagements"]["enroll"] == {"count": 1, "rate": 0.25}
    assert ada.get(f"/tracks/{shown}/feedback").status_code == 404
    assert ada.get(f"/movies/{shown}/feedback?days=0").status_code == 422


def test_what_another_engine_would_have_earned_is_told_from_lists_by_chance(
    container: Container, newcomer, admin: Person
):
    assert admin.get("/analytics/what-if?engine=content").json()["error"]["code"] == "nothing_randomised"
    for number in range(6):
        person = newcomer(consent=True)
        person.rate(dict.fromkeys(range(number, number + 6) if number else range(1, 7), 4.0))
        for shown in [person.get("/recommendations/?k=3").json() for _ in range(8)]:
            if shown["engine"] == "content":
                engage(person, shown, 0, "watch")
    told = admin.get("/analytics/what-if?engine=content&hours=2").json()
    assert told["choices"] == 48 and 0 < told["matching"] < 48
    assert told["snips"]["value"] == pytest.approx(1.0)
    assert told["logged"]["value"] == pytest.approx(told["matching"] / 48)
    assert admin.get("/analytics/what-if?engine=popularity").json()["snips"]["value"] == 0.0
    assert admin.get("/analytics/what-if?engine=oracle").json()["error"]["code"] == "no_overlap"


def test_rolling_up_changes_no_report(container: Container, watched, admin: Person):
    paths = ("/metrics/pac", "/analytics/global", "/analytics/engines", "/analytics/items/7")
    before = [admin.get(path).json() for path in paths]
    container.roll_up_days()()
    assert [admin.get(path).json() for path in paths] == before


def test_a_list_that_was_just_clicked_is_in_the_next_report(watched, http: TestClient, admin: Person):
    ada, lists = watched
    clicks = admin.get("/analytics/global").json()["clicks"]
    assert engage(ada, lists[1], 0, "click").status_code == 201
    again = sign_in(http, ada.id, ada.email)
    assert admin.get("/analytics/global").json()["clicks"] == clicks + 1
    assert again.get(f"/analytics/users/{ada.id}").json()["clicks"] == 4
