from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain.errors import (
    AliasMoved,
    CanaryFailed,
    Detail,
    GatesFailed,
    MarqueeError,
    ModelNotFound,
    NoFormerChampion,
)
from domain.gates import Gate, GateReport
from domain.model_versions import Aliases
from tests.unit.api.fakes import ADMIN, FakeParts

ALIASES = Aliases(4, "v3", None, ("v2", "v1"))
SHOWN = {"generation": 4, "champion": "v3", "challenger": None, "former": ["v2", "v1"]}


def test_admins_see_the_versions_with_their_gates_and_aliases(client: TestClient, parts: FakeParts):
    registry = parts["model_registry"]
    report = GateReport("v1", (Gate("coverage@10", False, 0.1, 0.2, "Too little is shown."),))
    registry.versions[0] = replace(registry.versions[0], gates=report, size=1234)
    answer = client.get("/admin/models", headers=ADMIN).json()
    assert answer["aliases"] == {"generation": 3, "champion": "v2", "challenger": None, "former": ["v1"]}
    (version,) = answer["versions"]
    assert (version["version"], version["size"], version["metrics"]) == ("v2", 1234, {"ncf.ndcg@10": 0.08})
    assert version["gates"] == {
        "champion": "v1",
        "passed": False,
        "gates": [
            {
                "name": "coverage@10",
                "passed": False,
                "value": 0.1,
                "bound": 0.2,
                "reason": "Too little is shown.",
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "told"), [("", (None, False)), ("?generation=3", (3, False)), ("?force=true&generation=0", (0, True))]
)
def test_a_version_is_promoted_as_the_caller_asks(client: TestClient, parts: FakeParts, query: str, told: tuple):
    parts["promote_model"].answer = ALIASES
    answer = client.post(f"/admin/models/v3/promote{query}", headers=ADMIN)
    assert (answer.status_code, answer.json()) == (200, SHOWN)
    assert parts["promote_model"].calls == [("v3", *told)]


@pytest.mark.parametrize(("query", "told"), [("", None), ("?generation=3", 3)])
def test_the_champion_before_is_gone_back_to(client: TestClient, parts: FakeParts, query: str, told: int | None):
    parts["roll_back"].answer = ALIASES
    answer = client.post(f"/admin/models/rollback{query}", headers=ADMIN)
    assert (answer.status_code, answer.json()) == (200, SHOWN)
    assert parts["roll_back"].calls == [(told,)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelNotFound("v3"), 404),
        (AliasMoved(4, 3), 409),
        (CanaryFailed("Model v3 cannot serve: it is dead."), 409),
        (GatesFailed("Model v3 has failed 1 of its gates.", [Detail("coverage@10", "Too little is shown.")]), 409),
    ],
)
def test_a_refused_promotion_says_why(client: TestClient, parts: FakeParts, error: MarqueeError, status: int):
    parts["promote_model"].answer = error
    answer = client.post("/admin/models/v3/promote", headers=ADMIN)
    assert answer.status_code == status and answer.json()["error"]["code"] == error.code
    details = [{"where": one.where, "problem": one.problem} for one in error.details]
    assert answer.json()["error"]["details"] == details


def test_with_nothing_to_go_back_to_a_roll_back_is_a_conflict(client: TestClient, parts: FakeParts):
    parts["roll_back"].answer = NoFormerChampion()
    answer = client.post("/admin/models/rollback", headers=ADMIN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_former_champion")


@pytest.mark.parametrize("query", ["?generation=-1", "?generation=new", "?force=perhaps", "?unknown=1"])
def test_a_question_that_makes_no_sense_is_refused(client: TestClient, parts: FakeParts, query: str):
    assert client.post(f"/admin/models/v3/promote{query}", headers=ADMIN).status_code == 422
    assert parts["promote_model"].calls == []
