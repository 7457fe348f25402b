"""Servers in processes of their own, as a person would start them."""

import socket
import subprocess
import sys
import time

import httpx


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(marquee):
    """A server of this data folder in a process group of its own, and a client that speaks to it."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", "from main.cli import run; run()", "serve", "--port", str(port)],
        env=marquee.environment,
        cwd=marquee.home.parent,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return server, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)


def wait_until_ready(client, patience=60):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("the server did not become ready")


def signed_in(client, credentials):
    """The headers of somebody who has signed in."""
    token = client.post("/auth/token", data=credentials).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}
