from starlette.testclient import TestClient

from application.learning_online import ArmReport, BanditReport
from tests.unit.api.fakes import ADMIN, FakeParts


def test_admins_see_how_the_engines_stand(client: TestClient, parts: FakeParts):
    arms = [
        ArmReport("5-19", "linear", 1240, 0.214, (0.193, 0.236), 0.93),
        ArmReport("5-19", "gone", 7, 0.1, (0.0, 0.4)),
    ]
    parts["show_bandit"].answer = BanditReport("thompson", 0.1, arms)
    linear = {"context": "5-19", "engine": "linear", "pulls": 1240, "mean": 0.214, "interval": [0.193, 0.236]}
    gone = {"context": "5-19", "engine": "gone", "pulls": 7, "mean": 0.1, "interval": [0.0, 0.4]}
    assert client.get("/admin/bandit", headers=ADMIN).json() == {
        "policy": "thompson",
        "epsilon": 0.1,
        "arms": [linear | {"chance": 0.93}, gone | {"chance": None}],
    }
