"""Walks through a served Marquee as a newcomer would, over HTTP. Needs the standard library alone.

    python tests/e2e/smoke.py http://127.0.0.1:8000 [--wait SECONDS] [--tour README.md]

With `--tour` it also runs the curl commands of the README against that server. Leaves with status 1 at the first thing
that is not as promised.
"""

import argparse
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any

TIMEOUT_S = 30


class Service:
    """A Marquee at an address, and the token of whoever has signed in."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.token: str | None = None

    def call(self, method: str, path: str, body: object = None, *, form: dict[str, str] | None = None) -> Any:
        headers = {"Accept": "application/json"}
        data = None
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path} answered {error.code}: {error.read().decode()}")


def check(holds: bool, promise: str) -> None:
    if not holds:
        sys.exit(f"not as promised: {promise}")
    print(f"  ok  {promise}", flush=True)


def wait_until_ready(service: Service, seconds: float) -> None:
    """Ask /health/ready until it says yes."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        try:
            with urllib.request.urlopen(f"{service.address}/health/ready", timeout=TIMEOUT_S) as response:
                check(response.status == 200, f"ready after {time.monotonic() - start:.1f} s")
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{service.address} was not ready within {seconds:.0f} s")


def sign_up(service: Service) -> None:
    name = f"newcomer-{uuid.uuid4().hex[:12]}"
    email, password = f"{name}@example.org", f"fresh {uuid.uuid4().hex}"
    user = service.call("POST", "/users/", {"email": email, "username": name, "password": password})
    check("password" not in json.dumps(user), "signing up gives an account, and no hash leaves")
    token = service.call("POST", "/auth/token", form={"username": email, "password": password})
    service.token = token["access_token"]
    check(service.call("GET", "/users/me")["email"] == email, "the token is that account's")


def recommended(service: Service) -> tuple[dict[str, Any], list[int]]:
    answer = service.call("GET", "/recommendations/?k=10")
    return answer, [place["item"]["id"] for place in answer["items"]]


def walk(service: Service) -> None:
    """Sign up, answer questions, rate, and see the recommendations follow."""
    sign_up(service)
    answer, shown = recommended(service)
    check(answer["fallback_used"] and len(shown) == 10, "somebody unknown gets ten popular items, flagged")

    screen = service.call("POST", "/recommendations/onboarding/next", {"answers": []})
    asked = [item["id"] for item in screen["ask"]]
    check(len(asked) == 6 and not screen["done"], "onboarding asks about six titles")
    answers = [{"item_id": item_id, "answer": "like" if n % 2 else "dislike"} for n, item_id in enumerate(asked)]
    following = service.call("POST", "/recommendations/onboarding/next", {"answers": answers})
    check(not {item["id"] for item in following["ask"]} & set(asked), "the next screen asks about others")
    check(following["confidence"] > screen["confidence"], "the answers have told something")

    ratings = [{"item_id": item_id, "rating": 5 if n % 2 else 1} for n, item_id in enumerate(asked)]
    stored = service.call("POST", "/ratings/", ratings)
    check(len(stored) == len(ratings), "the ratings are stored")
    answer, shown = recommended(service)
    check(answer["applied_events"] == len(ratings), "the very next list has applied them all")
    check(not set(shown) & set(asked), "nothing that was rated is recommended")
    check(len(set(shown)) == 10, "there are ten, all different")
    trained = answer["engine"] not in ("popularity", "baseline", "cold_start")
    check(trained and bool(answer["model_version"]), "a trained engine made the list")

    service.call("POST", "/ratings/", [{"item_id": shown[0], "rating": 5}])
    answer, after = recommended(service)
    check(answer["applied_events"] == len(ratings) + 1 and shown[0] not in after, "one more rating moves it at once")

    engaged = {"impression_id": answer["impression_id"], "item_id": after[0], "action": "watch"}
    event = service.call("POST", "/events/engagements", engaged)
    check(service.call("POST", "/events/engagements", engaged)["id"] == event["id"], "what was done is stored once")
    answer, later = recommended(service)
    check(answer["applied_events"] == len(ratings) + 2 and after[0] not in later, "what was watched moves it too")

    similar = service.call("GET", f"/recommendations/similar/{shown[0]}?k=5")
    check(shown[0] not in [place["item"]["id"] for place in similar["items"]], "a title is not similar to itself")
    check(service.call("GET", "/users/me/taste")["genres"] != [], "there is a taste profile")


def ask_every_engine(service: Service) -> None:
    """Every engine and every way to read a session answers with ten titles that were not rated."""
    engines = service.call("GET", "/recommendations/engines")["engines"]
    missing = [engine["name"] for engine in engines if not engine["ready"]]
    check(not missing, f"all {len(engines)} engines are ready" + (f", not {missing}" if missing else ""))
    rated = {rating["item_id"] for rating in service.call("GET", "/ratings/?size=100")["items"]}
    for engine in engines:
        answer = service.call("GET", f"/recommendations/?k=10&explain=true&engine={engine['name']}")
        shown = {place["item"]["id"] for place in answer["items"]}
        named = (
            engine["name"] in (answer["engine"], "auto") and answer["metadata"]["requested_engine"] == engine["name"]
        )
        check(named and len(shown) == 10 and not shown & rated, f"{engine['name']} answers")
    session = {"item_sequence": sorted(rated)[:4], "k": 10}
    encoders = service.call("POST", "/recommendations/session", session)["metadata"]["availability"]
    for encoder in encoders:
        answer = service.call("POST", "/recommendations/session", {**session, "encoder": encoder})
        shown = {place["item"]["id"] for place in answer["items"]}
        check(len(shown) == 10 and not shown & set(session["item_sequence"]), f"sessions are read by {encoder}")


def take_tour(service: Service, readme: Path) -> None:
    """Run the commands of the README's tour, in order, in one shell."""
    text = readme.read_text(encoding="utf-8")
    tour = re.search(r"^## A tour.*?(?=^## )", text, flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^```bash\n(.*?)^```", tour[0], flags=re.MULTILINE | re.DOTALL) if tour else []
    if not commands:
        sys.exit(f"{readme} has no tour")
    script = "\n".join(commands).replace("http://127.0.0.1:8000", service.address)
    preamble = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
    done = subprocess.run(["bash", "-c", preamble + script], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        sys.exit(f"the tour ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    check(bool(done.stdout.strip()), f"the {len(commands)} steps of the README's tour work")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address")
    parser.add_argument("--wait", type=float, default=60, help="seconds until the server must be ready")
    parser.add_argument("--tour", type=Path, help="a README whose tour is run as well")
    arguments = parser.parse_args()
    service = Service(arguments.address)
    wait_until_ready(service, arguments.wait)
    walk(service)
    ask_every_engine(service)
    if arguments.tour:
        take_tour(service, arguments.tour)


if __name__ == "__main__":
    main()
