"""Load on a local server: wrk where it is installed, else a client of our own; both bounded in connections and time."""

import asyncio
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import httptools
import numpy as np
import uvloop

CONNECTIONS = 16
#: nothing that is measured here takes so long; a server that hangs must not hang the benchmark
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Load:
    """What came back: answers a second, and the latency of an answer in milliseconds. `failed` counts all but 2xx."""

    client: str
    answers: int
    failed: int
    rate: float
    p50_ms: float
    p99_ms: float


def request_bytes(path: str, token: str | None = None, method: str = "GET", body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """A kept-alive connection that sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], tally: "Tally") -> None:
        self.requests = requests
        self.tally = tally
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.parser = httptools.HttpResponseParser(self)
        self._send()

    def _send(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.tally.add(time.perf_counter() - self.sent, self.parser.get_status_code())
        self.parser = httptools.HttpResponseParser(self)
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Tally:
    """Latencies and failures, as they come in."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.failed = 0

    def add(self, seconds: float, status: int) -> None:
        self.seconds.append(seconds)
        self.failed += not 200 <= status < 300

    def load(self, elapsed: float) -> Load:
        p50, p99 = np.percentile(self.seconds, [50, 99]) * 1000 if self.seconds else (0.0, 0.0)
        return Load("own client", len(self.seconds), self.failed, len(self.seconds) / elapsed, float(p50), float(p99))


async def _send_all(port: int, streams: Sequence[Iterator[bytes]], tally: Tally) -> None:
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(partial(Connection, stream, tally), "127.0.0.1", port))[1] for stream in streams
    ]
    async with asyncio.timeout(TIMEOUT_S):
        await asyncio.gather(*(connection.done for connection in connections))


def send_each_once(port: int, requests: Sequence[bytes], tally: Tally) -> float:
    """Send every request once, over all connections. Returns the seconds that it took."""
    rest = iter(requests)
    start = time.perf_counter()
    uvloop.run(_send_all(port, [rest] * CONNECTIONS, tally))
    return time.perf_counter() - start


def send_for(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Send the requests over and over, with wrk if there is one, for about so many seconds."""
    wrk = shutil.which("wrk")
    return _with_wrk(wrk, port, requests, seconds) if wrk else _with_own_client(port, requests, seconds)


def _with_own_client(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    tally = Tally()
    start = time.perf_counter()

    def until_late() -> Iterator[bytes]:
        for request in cycle(requests):
            if time.perf_counter() - start > seconds:
                return
            yield request

    rest = until_late()
    uvloop.run(_send_all(port, [rest] * CONNECTIONS, tally))
    return tally.load(time.perf_counter() - start)


WRK_SCRIPT = """
local requests, n = {}, 0
for request in io.lines(os.getenv("MARQUEE_BENCH_REQUESTS")) do
  requests[#requests + 1] = request:gsub("\\\\r\\\\n", "\\r\\n")
end
function request()
  n = n % #requests + 1
  return requests[n]
end
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  io.write(string.format("figures %d %d %d %f %f\\n", summary.requests, failed, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
"""


def _with_wrk(wrk: str, port: int, requests: Sequence[bytes], seconds: float) -> Load:
    with TemporaryDirectory() as folder:
        script, listing = Path(folder, "requests.lua"), Path(folder, "requests.txt")
        script.write_text(WRK_SCRIPT, encoding="utf-8")
        listing.write_text("\n".join(request.decode().replace("\r\n", "\\r\\n") for request in requests))
        url = f"http://127.0.0.1:{port}/"
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script), url]
        done = subprocess.run(
            command,
            env={**os.environ, "MARQUEE_BENCH_REQUESTS": str(listing)},
            capture_output=True,
            text=True,
            timeout=seconds + TIMEOUT_S,
            check=True,
        )
    figures = re.search(r"^figures (.*)$", done.stdout, flags=re.MULTILINE)
    if figures is None:
        raise RuntimeError(f"wrk printed no figures: {done.stdout}")
    answers, failed, duration, p50, p99 = map(float, figures[1].split())
    return Load("wrk", int(answers), int(failed), answers / (duration / 1e6), p50 / 1000, p99 / 1000)
