"""Measure how fast Marquee answers, beside a bare FastAPI reply in the same run: `python -m benchmarks.speed`."""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from application.accounts import NewAccount
from benchmarks.circumstances import circumstances
from benchmarks.load import Load, Tally, request_bytes, send_each_once, send_for
from benchmarks.quality import epoch_lines
from benchmarks.sandbox import settings_in
from benchmarks.servers import (
    cores_parted,
    first_answer,
    free_port,
    marquee_command,
    serving,
    yardstick_command,
)
from domain.engagements import Action
from domain.paging import PageRequest
from domain.users import Role
from main.container import Container, build_container
from main.settings import Settings

LIST = "/recommendations/?k=10"
WARM_UP_S = 2.0
#: events that are sent in bulk, how many of them in one call, and the aim, a second
BULK_EVENTS, BULK_CALL, BULK_AIM = 100_000, 10_000, 20_000

#: wide enough for the table where there is no terminal to ask
console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is to the yardstick measured with the same client; None where there is none."""

    what: str
    load: Load
    ratio: float | None = None
    target: float | None = None


@dataclass(frozen=True)
class Speed:
    rows: Sequence[Row]
    start_s: float
    bulk_rate: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument(
        "--home", type=Path, help="a trained data folder; it is copied. Without one, ml-100k is trained"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    parser.add_argument("--users", type=int, default=200, help="signed-in users to rotate over")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="marquee-speed-") as folder:
        settings = settings_in(prepare_home(arguments.home, Path(folder)))
        container = build_container(settings)
        with cores_parted() as cores, console.status("Measuring …"):
            speed = measure(container, settings, cores, arguments.seconds, arguments.users, Path(folder))
    show(speed, cores)


def prepare_home(given: Path | None, folder: Path) -> Path:
    """A copy of the given data folder, or a new one with a model of ml-100k: a benchmark leaves nothing behind."""
    home = folder / "home"
    if given is not None:
        shutil.copytree(given, home)
        return home
    container = build_container(settings_in(home))
    container.migrate()()
    dataset = container.load_dataset()("ml-100k").dataset
    console.print("Training a model to measure with …", highlight=False)
    container.train_model()(
        container.training_config()(None, dataset), epoch_lines(lambda line: console.print(line, highlight=False))
    )
    return home


def measure(
    container: Container, settings: Settings, cores: Sequence[int], seconds: float, users: int, folder: Path
) -> Speed:
    """The bare reply, lists, lists right after a rating, and the start; servers one after another on the same core."""
    port, log = free_port(), folder / "servers.log"
    bare = [request_bytes("/")]
    with serving(yardstick_command(port), cores, {}, log):
        first_answer(port, "/")
        send_for(port, bare, WARM_UP_S)
        yardstick = send_for(port, bare, seconds)
        own_yardstick = each_once(port, bare * max(1, int(yardstick.rate * seconds / 2)))
    ids, tokens = signed_in(container, users)
    lists = [request_bytes(LIST, token) for token in tokens]
    environment = {"MARQUEE_HOME": str(settings.home), "MARQUEE_LOG__LEVEL": "WARNING"}
    with serving(marquee_command(port), cores, environment, log):
        start_s = first_answer(port, LIST, tokens[0])
        send_for(port, lists, WARM_UP_S)
        plain = send_for(port, lists, seconds)
        fresh = after_ratings(container, port, ids, tokens, seconds)
        engaged = each_once(port, engagements(container, port, ids, tokens, int(yardstick.rate * seconds / 4)))
        bulk = bulk_events(container, port, ids)
    rows = [
        Row("bare FastAPI reply, ten Pydantic items", yardstick),
        Row("GET /recommendations/, the same users again", plain, plain.rate / yardstick.rate, 0.5),
        Row("the bare reply again", own_yardstick),
        Row("GET /recommendations/, right after a rating", fresh, fresh.rate / own_yardstick.rate, 0.25),
        Row("POST /events/engagements", engaged, engaged.rate / own_yardstick.rate, 0.5),
    ]
    return Speed(rows, start_s, bulk)


def signed_in(container: Container, count: int) -> tuple[list[int], list[str]]:
    """Ids and tokens of the first users of the data set. They cannot sign in, so their tokens are issued here."""
    interactions = container.interaction_store().read()
    ids = sorted({int(user_id) for user_id in interactions.user_ids})[:count]
    now = container.clock().now()
    with container.unit_of_work()() as work:
        tokens = [container.access_tokens().issue(work.users.get(user_id), now) for user_id in ids]
    return ids, tokens


def each_once(port: int, requests: Sequence[bytes]) -> Load:
    tally = Tally()
    return tally.load(send_each_once(port, requests, tally))


def after_ratings(container: Container, port: int, ids: Sequence[int], tokens: Sequence[str], seconds: float) -> Load:
    """Rounds of a new rating by every user, then every user's list. The lists alone are counted."""
    lists = [request_bytes(LIST, token) for token in tokens]
    tally, elapsed = Tally(), 0.0
    for ratings in rounds_of_ratings(container, ids, tokens):
        send_each_once(port, ratings, checked := Tally())
        if checked.failed:
            raise RuntimeError(f"{checked.failed} of {len(ratings)} ratings were refused")
        elapsed += send_each_once(port, lists, tally)
        if elapsed >= seconds:
            break
    return tally.load(elapsed)


def engagements(container: Container, port: int, ids: Sequence[int], tokens: Sequence[str], most: int) -> list[bytes]:
    """Requests that each say something new of a list that the user was just shown: every item, every action."""
    send_each_once(port, [request_bytes(LIST, token) for token in tokens], Tally())
    said = []
    for user_id, token in zip(ids, tokens, strict=True):
        with container.unit_of_work()() as work:
            (shown,) = work.impressions.list_page(PageRequest(size=1), user_id).items
        for place in shown.items:
            for action in Action:
                body = {"impression_id": shown.id, "item_id": place.item_id, "action": action}
                said.append(request_bytes("/events/engagements", token, "POST", json.dumps(body).encode()))
    return said[:most]


def bulk_events(container: Container, port: int, ids: Sequence[int]) -> float:
    """Events a second of calls with as many events as fit, one after another."""
    admin = container.sign_up()(NewAccount("bulk@example.com", "bulk", "a password of this run"), role=Role.ADMIN)
    token = container.access_tokens().issue(admin, container.clock().now())
    lines = []
    for number in range(BULK_EVENTS):
        said = {"user_id": ids[number % len(ids)], "item_id": 1 + number % 50, "feedback": "skip", "timestamp": number}
        lines.append(json.dumps(said))
    calls = [lines[start : start + BULK_CALL] for start in range(0, len(lines), BULK_CALL)]
    tally = Tally()
    requests = [request_bytes("/events/bulk", token, "POST", "\n".join(call).encode()) for call in calls]
    elapsed = send_each_once(port, requests, tally)
    if tally.failed:
        raise RuntimeError(f"{tally.failed} of {len(requests)} bulk calls were refused")
    return len(lines) / elapsed


def rounds_of_ratings(container: Container, ids: Sequence[int], tokens: Sequence[str]) -> Iterator[list[bytes]]:
    """Requests that give each user one new rating, of the next title that they have not rated, round after round."""
    titles = [int(item_id) for item_id in container.catalogues().load().ids]
    states = container.user_states()
    unrated = [iter(sorted(set(titles) - {int(i) for i in states.read(user_id).history.item_ids})) for user_id in ids]
    while True:
        picks = [next(titles, None) for titles in unrated]
        bodies = [(token, pick) for token, pick in zip(tokens, picks, strict=True) if pick is not None]
        if not bodies:
            return
        yield [
            request_bytes("/ratings/", token, "POST", json.dumps([{"item_id": pick, "rating": 4}]).encode())
            for token, pick in bodies
        ]


def show(speed: Speed, cores: Sequence[int]) -> None:
    """Print the table. Nothing is asserted: the ratios depend on the machine and on what else it does."""
    where = f"server on core {cores[0]}, load from another" if cores else "server and load share their cores"
    table = Table(title=f"Speed: {where}, 16 connections", title_justify="left")
    for heading in ("what", "client", "answers/s", "p50 ms", "p99 ms", "failed", "ratio", "target", "met"):
        table.add_column(heading, justify="left" if heading in ("what", "client") else "right")
    for row in speed.rows:
        load = row.load
        figures = [f"{load.rate:,.0f}", f"{load.p50_ms:.2f}", f"{load.p99_ms:.2f}", str(load.failed)]
        verdict = (
            ["", "", ""]
            if row.ratio is None or row.target is None
            else [f"{row.ratio:.3f}", f"≥ {row.target}", met(row.ratio >= row.target)]
        )
        table.add_row(row.what, load.client, *figures, *verdict)
    console.print(table)
    tail = speed.rows[1].load
    checks = Table(show_header=False)
    checks.add_row(
        "p99 of a list, in its p50", f"{tail.p99_ms / tail.p50_ms:.1f}", "< 10", met(tail.p99_ms < 10 * tail.p50_ms)
    )
    checks.add_row(
        "POST /events/bulk, events a second", f"{speed.bulk_rate:,.0f}", "≥ 20,000", met(speed.bulk_rate >= BULK_AIM)
    )
    checks.add_row("start to first answer", f"{speed.start_s:.2f} s", "< 5 s", met(speed.start_s < 5))
    console.print(checks)
    console.print(circumstances(), highlight=False)


def met(holds: bool) -> str:
    return "[green]yes[/]" if holds else "[red]no[/]"


if __name__ == "__main__":
    main()
