"""Servers to measure, each in a process of its own on one core, stopped by its process id."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0
UVICORN_OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@contextmanager
def cores_parted() -> Iterator[tuple[int, ...]]:
    """Keep this process on the last core and give the first to servers; where there is no choice, share."""
    if not hasattr(os, "sched_getaffinity") or len(mine := sorted(os.sched_getaffinity(0))) < 2:
        yield ()
        return
    os.sched_setaffinity(0, mine[-1:])
    try:
        yield tuple(mine[:1])
    finally:
        os.sched_setaffinity(0, mine)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], cores: Sequence[int], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a server while the block runs. One thread for each numeric library: the server has one core."""
    pinned = {**os.environ, **environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": _path()}
    with log.open("ab") as output:
        server = subprocess.Popen(command, env=pinned, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            if cores:
                os.sched_setaffinity(server.pid, cores)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def yardstick_command(port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", "benchmarks.yardstick:app", "--port", str(port), *UVICORN_OPTIONS]


def marquee_command(port: int) -> list[str]:
    return [sys.executable, "-c", "from main.cli import run; run()", "serve", "--port", str(port)]


def first_answer(port: int, path: str, token: str | None = None) -> float:
    """Ask until the server answers with 200. Returns the seconds that this took."""
    start = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    while time.perf_counter() - start < START_S:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            if response.status == http.client.OK:
                return time.perf_counter() - start
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise TimeoutError(f"nothing answered on port {port} within {START_S:.0f} s")


def _path() -> str:
    root = Path(__file__).resolve().parents[1]
    return os.pathsep.join([str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
