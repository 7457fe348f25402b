"""A server is killed under load, again and again: whatever it acknowledged is there, once."""

import json
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event, Lock

import httpx
import pytest
from sqlalchemy import create_engine, select, text

from infrastructure.db import tables
from tests.e2e.cli.conftest import Marquee, write_dataset
from tests.postgres import own_database
from tests.servers import signed_in, start, wait_until_ready

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: kills of one test; a longer campaign asks for more
ROUNDS = int(os.environ.get("MARQUEE_KILL_ROUNDS", "3"))
PEOPLE, ACKNOWLEDGED = 6, 150
PASSWORD = "correct-horse-9"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def marquee(request, tmp_path):
    """A loaded data folder, on either database."""
    write_dataset(tmp_path / "tiny")
    marquee = Marquee(tmp_path / "home")
    if request.param == "sqlite":
        marquee("data", "load", tmp_path / "tiny")
        yield marquee
        return
    with own_database() as url:
        marquee.environment["MARQUEE_DATABASE__URL"] = url
        marquee("data", "load", tmp_path / "tiny")
        yield marquee


class Ledger:
    """What was acknowledged, by table: the ids, and the bodies that were sent."""

    def __init__(self):
        self.lock, self.enough = Lock(), Event()
        self.ids = {"impressions": [], "engagements": [], "feedback": [], "ratings": []}
        self.sent = []

    def note(self, table, event_id, *sent):
        with self.lock:
            self.ids[table].append(event_id)
            self.sent += sent
            if sum(map(len, self.ids.values())) >= ACKNOWLEDGED:
                self.enough.set()


def somebody(client, number, round_):
    name = f"person{number}of{round_}"
    client.post("/users/", json={"email": f"{name}@example.com", "username": name, "password": PASSWORD})
    return signed_in(client, {"username": f"{name}@example.com", "password": PASSWORD})


def use(url, headers, ledger):
    """Ask for lists, engage, say and rate, until the server is gone. Only what was answered is noted."""
    with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
        try:
            for turn in count():
                shown = client.get("/recommendations/", params={"k": 5}).json()
                ledger.note("impressions", shown["impression_id"])
                item = shown["items"][turn % 5]["item"]["id"]
                body = {"impression_id": shown["impression_id"], "item_id": item, "action": "click"}
                engaged = client.post("/events/engagements", json=body)
                assert engaged.status_code == 201, engaged.text
                ledger.note("engagements", engaged.json()["id"], (headers, body))
                word = client.post("/events/feedback", json={"item_id": item, "feedback": "skip", "timestamp": turn})
                ledger.note("feedback", word.json()["id"])
                rated = client.post("/ratings/", json=[{"item_id": turn % 40 + 1, "rating": 3}])
                ledger.note("ratings", rated.json()[0]["id"])
        except (httpx.TransportError, json.JSONDecodeError):
            return


def killed_under_load(marquee, round_):
    """One round. Returns what had been acknowledged when the server died."""
    server, client = start(marquee)
    ledger = Ledger()
    with client:
        wait_until_ready(client)
        people = [somebody(client, number, round_) for number in range(PEOPLE)]
        with ThreadPoolExecutor(PEOPLE) as pool:
            using = [pool.submit(use, str(client.base_url), headers, ledger) for headers in people]
            assert ledger.enough.wait(timeout=120)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=20)
            for one in using:
                one.result(timeout=60)
    return ledger


def stored(engine):
    with engine.connect() as connection:
        return {name: Counter(connection.scalars(select(tables.metadata.tables[name].c.id))) for name in Ledger().ids}


def test_nothing_acknowledged_is_lost_or_doubled(marquee):
    url = marquee.environment.get("MARQUEE_DATABASE__URL", f"sqlite:///{marquee.home / 'marquee.db'}")
    engine = create_engine(url)
    noted = {name: set() for name in Ledger().ids}
    for round_ in range(ROUNDS):
        ledger = killed_under_load(marquee, round_)
        for name, ids in ledger.ids.items():
            noted[name].update(ids)
        found = stored(engine)
        for name, ids in noted.items():
            assert ids <= found[name].keys(), f"{name} lost"
            assert set(found[name].values()) <= {1}, f"{name} doubled"
    # Whoever was cut off sends again, and nothing is stored twice.
    server, client = start(marquee)
    try:
        with client:
            wait_until_ready(client)
            again = [client.post("/events/engagements", json=body, headers=who) for who, body in ledger.sent[-20:]]
        assert {answer.status_code for answer in again} == {200}
        assert stored(engine)["engagements"] == found["engagements"]
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    finally:
        server.terminate()
        server.wait(timeout=20)
        engine.dispose()
    print({name: len(ids) for name, ids in noted.items()})
