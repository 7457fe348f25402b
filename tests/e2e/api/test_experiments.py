"""An experiment over HTTP, from its plan to its report."""

from collections.abc import Callable

import pytest

from tests.e2e.api.conftest import Person

PLAN = {
    "name": "What is popular against the baseline",
    "description": "Which of the two is clicked more?",
    "traffic_split": 1.0,
    "variants": [
        {"name": "control", "overrides": {"engine": "popularity"}},
        {"name": "baseline", "overrides": {"engine": "baseline", "diversity": 0.2}},
    ],
    "success_metric": "click",
    "duration_days": 14,
}


@pytest.fixture(scope="module")
def people(newcomer: Callable[..., Person]) -> list[Person]:
    return [newcomer(age=30) for _ in range(8)]


@pytest.fixture
def running(admin: Person):
    """Starts an experiment, which is stopped when the test is over."""
    started = []

    def start(**changes: object) -> dict:
        planned = admin.post("/experiments", json=PLAN | changes)
        assert planned.status_code == 201, planned.text
        answer = admin.post(f"/experiments/{planned.json()['id']}/start")
        assert answer.status_code == 200, answer.text
        started.append(answer.json()["id"])
        return answer.json()

    yield start
    for one in started:
        admin.post(f"/experiments/{one}/stop")


def click(person: Person, answer: dict, place: int = 0) -> None:
    body = {
        "impression_id": answer["impression_id"],
        "item_id": answer["items"][place]["item"]["id"],
        "action": "click",
    }
    assert person.post("/events/engagements", json=body).status_code == 201


def test_an_experiment_lives_from_its_plan_to_its_report(admin: Person, people: list[Person]):
    planned = admin.post("/experiments", json=PLAN)
    assert planned.status_code == 201
    draft = planned.json()
    path = f"/experiments/{draft['id']}"
    assert (draft["status"], draft["started_at"]) == ("draft", None)
    assert draft["traffic_split"] == {"control": 0.5, "baseline": 0.5}
    assert draft["variants"][1] == {
        "name": "baseline",
        "share": 0.5,
        "overrides": {"engine": "baseline", "diversity": 0.2},
    }
    assert "experiment" not in people[0].get("/recommendations/").json()["metadata"]
    assert admin.post(f"{path}/stop").json()["error"]["code"] == "experiment_not_running"

    assert admin.post(f"{path}/start").json()["status"] == "running"
    assert admin.post(f"{path}/start").json()["error"]["code"] == "experiment_started"
    variants = {}
    for person in people:
        answers = [person.get("/recommendations/?k=5").json() for _ in range(3)]
        (variant,) = {answer["metadata"]["variant"] for answer in answers}
        engine = {"control": "popularity", "baseline": "baseline"}[variant]
        assert {(answer["metadata"]["experiment"], answer["engine"]) for answer in answers} == {(draft["id"], engine)}
        variants.setdefault(variant, []).append(person)
        if variant == "baseline":
            click(person, answers[0])
            click(person, answers[0], 1)
    assert set(variants) == {"control", "baseline"}
    asked = people[0].get("/recommendations/?engine=content").json()
    assert (asked["engine"], "variant" in asked["metadata"]) == ("content", False)
    logged = admin.get("/debug/impressions?size=1", params={"user_id": people[1].id}).json()["items"][0]
    assert (logged["experiment_id"], logged["engine_probability"]) == (draft["id"], 0.5)

    report = admin.get(f"{path}/report").json()
    assert (report["status"], report["success_metric"], report["sample_ratio"]["mismatch"]) == (
        "running",
        "click",
        False,
    )
    control, baseline = report["variants"]
    assert (control["users"], control["impressions"]) == (len(variants["control"]), 3 * len(variants["control"]))
    assert (control["rate"], control["lift"], control["verdict"]) == (0.0, None, "control")
    assert baseline["rate"] == pytest.approx(1 / 3)
    assert 0 <= baseline["p_value"] <= 1 and baseline["always_valid_p_value"] == 1.0
    assert (baseline["verdict"], baseline["guard_rails"][0]["metric"]) == ("undecided", "fill")

    stopped = admin.post(f"{path}/stop").json()
    assert stopped["status"] == "stopped" and stopped["stopped_at"] is not None
    assert "experiment" not in people[0].get("/recommendations/").json()["metadata"]
    assert admin.get(f"{path}/report").json()["variants"][1]["rate"] == pytest.approx(1 / 3)
    listed = admin.get("/experiments?size=1").json()
    assert (listed["items"][0]["id"], listed["items"][0]["status"]) == (draft["id"], "stopped")


def test_an_interleaved_list_names_the_engine_of_each_place_and_the_report_the_preferred_one(
    running: Callable[..., dict], admin: Person, people: list[Person]
):
    both = [{"name": "both", "overrides": {"interleave": ["popularity", "content"]}}]
    experiment = running(variants=both, traffic_split={"both": 1.0})
    for person in people:
        person.rate({3: 5.0})
        answer = person.get("/recommendations/?k=6").json()
        teams = [place["source"].split(":")[0] for place in answer["items"]]
        assert sorted(teams) == ["content"] * 3 + ["popularity"] * 3
        click(person, answer, teams.index("content"))
    (variant,) = admin.get(f"/experiments/{experiment['id']}/report").json()["variants"]
    assert (variant["rate"], variant["verdict"]) == (1.0, "control")
    told = variant["interleaving"]
    assert (told["first"], told["second"], told["wins"], told["losses"]) == ("popularity", "content", len(people), 0)
    assert (told["share"], told["p_value"]) == (1.0, pytest.approx(2 * 0.5 ** len(people)))


def test_what_cannot_be_run_is_refused_and_every_fault_is_named(admin: Person):
    wrong = PLAN | {
        "traffic_split": [0.6, 0.6],
        "success_metric": "joy",
        "variants": [{"name": "a", "overrides": {"engine": "popularity", "colour": "red"}}, {"name": "a"}],
    }
    error = admin.post("/experiments", json=wrong).json()["error"]
    assert error["code"] == "invalid_experiment"
    assert {detail["where"] for detail in error["details"]} == {
        "traffic_split",
        "success_metric",
        "variants.0.overrides.colour",
        "variants.1.name",
    }
    for field, value in (("traffic_split", 0), ("duration_days", 0), ("variants", []), ("name", " ")):
        error = admin.post("/experiments", json=PLAN | {field: value}).json()["error"]
        assert error["code"] == "validation_error", field
    oracle = [PLAN["variants"][0], {"name": "b", "overrides": {"engine": "oracle"}}]
    error = admin.post("/experiments", json=PLAN | {"variants": oracle}).json()["error"]
    assert (error["code"], error["details"][0]["where"]) == ("invalid_experiment", "variants.1.overrides.engine")


def test_an_engine_that_has_not_been_trained_keeps_an_experiment_from_starting(admin: Person):
    neural = [PLAN["variants"][0], {"name": "neural", "overrides": {"engine": "ncf"}}]
    draft = admin.post("/experiments", json=PLAN | {"variants": neural}).json()
    refused = admin.post(f"/experiments/{draft['id']}/start")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "engine_unavailable")
    assert admin.get(f"/experiments/{draft['id']}").json()["status"] == "draft"
    missing = admin.get("/experiments/01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d/report")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "experiment_not_found")


def test_the_weights_of_a_blend_are_overridden_and_told(running: Callable[..., dict], people: list[Person], container):
    variants = [
        {"name": "usual", "overrides": {"engine": "baseline"}},
        {"name": "rated", "overrides": {"engine": "baseline", "weights": {"popularity": 0, "genre_match": 0}}},
    ]
    experiment = running(variants=variants)
    weights = {}
    for person in people:
        metadata = person.get("/recommendations/").json()["metadata"]
        weights[metadata["variant"]] = metadata["weights"]
        with container.unit_of_work()() as work:
            assigned = work.experiments.get(experiment["id"]).assign(person.id)
        assert metadata["variant"] == assigned.name
    assert weights["rated"] == {"popularity": 0.0, "mean_rating": 1.0, "genre_match": 0.0}
    assert weights["usual"] == pytest.approx({"popularity": 0.55, "mean_rating": 0.25, "genre_match": 0.2})
