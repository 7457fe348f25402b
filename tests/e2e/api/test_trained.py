"""The API once a model has been trained: the same service, without a restart."""

import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from domain.users import Role
from infrastructure.learning.config import parse_config
from infrastructure.learning.live_lineups import RECHECK
from infrastructure.learning.recipes.table import RECIPES
from main.asgi import build_app
from main.container import Container
from tests.e2e.api.conftest import FILMS, PASSWORD, Person, make_container, sign_in

pytestmark = pytest.mark.slow

TABLES = {name: {} for name in RECIPES} | {"ncf": {"embedding_size": 8, "epochs": 2, "batch_size": 64, "negatives": 4}}
CONFIG = parse_config({"device": "cpu", **TABLES}, "the test")


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    return make_container(tmp_path_factory.mktemp("trained"), serving={"stranger_requests": 100_000})


@pytest.fixture(scope="module")
def http(container: Container) -> Iterator[TestClient]:
    """A service that learns while it serves: before the model is there, its engine is not."""
    with TestClient(build_app(container), raise_server_exceptions=False) as client:
        fans = [join(client, f"fan-{i}") for i in range(12)]
        for i, fan in enumerate(fans):
            # Each likes one genre in four, and says so of some of its films.
            fan.rate({film: 5.0 if film % 4 == i % 4 else 2.0 for film in range(1 + i, FILMS + 1, 3)})
        assert fans[0].get("/recommendations/?engine=ncf").status_code == 409
        assert client.post("/recommendations/session", json={"item_sequence": [1], "encoder": "gru"}).status_code == 409
        container.train_model()(CONFIG, lambda report: None)
        time.sleep(RECHECK)  # for so long a server trusts what it read of the current model
        yield client


def join(http: TestClient, name: str) -> Person:
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    return sign_in(http, http.post("/users/", json=body).json()["id"], body["email"])


@pytest.mark.parametrize("engine", RECIPES)
def test_each_trained_engine_answers_with_its_version(http: TestClient, engine: str):
    person = join(http, f"ada-{engine.replace('_', '-')}")
    person.rate({1: 5.0, 5: 5.0, 9: 4.5, 2: 1.0, 3: 2.0})
    answer = person.get(f"/recommendations/?engine={engine}&k=5").json()
    assert answer["engine"] == engine and answer["model_version"] and len(answer["items"]) == 5
    assert not {1, 5, 9, 2, 3} & {place["item"]["id"] for place in answer["items"]}


@pytest.mark.parametrize("strategy", ["two_tower", "popularity", "content", "hybrid"])
def test_a_strategy_is_asked_for_by_its_name(http: TestClient, strategy: str):
    person = join(http, f"eve-{strategy.replace('_', '-')}")
    person.rate({1: 5.0, 5: 5.0, 9: 4.5})
    answer = person.get(f"/recommendations/?engine={strategy}&k=5").json()
    assert answer["engine"] == answer["metadata"]["requested_engine"] == strategy and len(answer["items"]) == 5


def test_auto_takes_the_model_once_it_knows_enough_of_somebody(http: TestClient):
    person = join(http, "grace")
    assert person.get("/recommendations/").json()["engine"] == "popularity"
    person.rate({1: 5.0, 5: 5.0})
    assert person.get("/recommendations/").json()["engine"] == "cold_start"
    person.rate({9: 4.5, 2: 1.0, 3: 2.0})
    answer = person.get("/recommendations/").json()
    assert answer["engine"] in RECIPES and answer["applied_events"] == 5


def test_a_new_rating_moves_the_models_very_next_list(http: TestClient):
    person = join(http, "joan")
    person.rate({1: 5.0, 5: 5.0, 9: 4.5, 2: 1.0, 3: 2.0})
    before = person.get("/recommendations/?k=30").json()["items"]
    person.rate({before[0]["item"]["id"]: 0.5})
    after = person.get("/recommendations/?k=30").json()["items"]
    assert before[0]["item"]["id"] not in [place["item"]["id"] for place in after]
    assert [place["score"] for place in after] != [place["score"] for place in before[1:]]


def test_the_service_tells_of_its_model(http: TestClient, container: Container):
    person = join(http, "mary")
    engines = {engine["name"]: engine for engine in person.get("/recommendations/engines").json()["engines"]}
    for name in RECIPES:
        assert engines[name]["ready"]
        assert {"hr@10", "ndcg@10", "mean_rank@100", "diversity@10", "miscalibration@10"} <= engines[name][
            "metrics"
        ].keys()
    assert http.get("/health/ready").json()["components"] == dict.fromkeys(
        ("database", "model", "index", "cache"), "ready"
    )
    with container.unit_of_work()() as work:
        user = work.users.get(person.id)
        user.role = Role.ADMIN
        work.users.save(user)
        work.commit()
    told = person.get("/debug/model").json()
    assert told["current"]["version"] == engines["ncf"]["model_version"]
    assert told["current"]["config"]["ncf"]["embedding_size"] == 8


@pytest.mark.parametrize("encoder", ["mean", "gru", "lstm", "transformer", "linear", None])
def test_a_session_is_continued(http: TestClient, encoder: str | None):
    body = {"item_sequence": [1, 5, 9], "k": 4} | ({"encoder": encoder} if encoder else {})
    answer = http.post("/recommendations/session", json=body).json()
    assert not {1, 5, 9} & {place["item"]["id"] for place in answer["items"]} and len(answer["items"]) == 4
    assert answer["engine"] == f"session-{encoder or 'transformer'}" and answer["model_version"]
    assert answer["metadata"]["session_length"] == 3 and answer["metadata"]["availability"]["gru"]
    following = http.post("/recommendations/next", json={"item_sequence": [1, 5, 9]}).json()
    assert len(following["items"]) == 1


@pytest.mark.parametrize(("encoder", "sequence"), [("gru", []), ("mean", [987_654]), ("elman", [1])])
def test_a_session_that_cannot_be_read_is_refused(http: TestClient, encoder: str, sequence: list[int]):
    body = {"item_sequence": sequence, "encoder": encoder}
    assert http.post("/recommendations/session", json=body).status_code == 422


@pytest.mark.parametrize("flags", ["use_cb=false", "use_cf=false", ""])
def test_similar_titles_come_from_ratings_and_from_content(http: TestClient, flags: str):
    answer = http.get(f"/recommendations/similar/1?k=5&{flags}").json()
    assert answer["items"] and 1 not in [place["item"]["id"] for place in answer["items"]]
