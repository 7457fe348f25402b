"""The publisher's own download: resumable, bounded in size, and checked before it counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from domain.ports.services import Progress
from infrastructure.datasets.files import put_in_place
from infrastructure.datasets.published import PassedOver, Published

BASE_URL = "https://files.grouplens.org/datasets/movielens"
MAX_BYTES = 64 * 2**20
#: bytes by which progress is counted
PIECE = 2**16
ATTEMPTS = 3
REDIRECTS = 3


class _BrokenOff(Exception):
    """The connection ended early. What has arrived is kept, and the next request asks for the rest."""


@dataclass(frozen=True)
class PublisherDownload:
    """Downloads the zip into the cache. A part that was left behind is gone on with, by HTTP Range.

    Time-outs are in seconds; the one for reading counts anew with every piece that arrives.
    """

    cache: Path
    progress: Progress
    base_url: str = BASE_URL
    max_bytes: int = MAX_BYTES
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    label: str = "the publisher"

    def find(self, wanted: Published) -> Path:
        """The zip, just downloaded and whole. Raises `PassedOver`."""
        self.cache.mkdir(parents=True, exist_ok=True)
        part = self.cache / f"{wanted.zip_name}.part"
        timeout = httpx.Timeout(self.read_timeout, connect=self.connect_timeout)
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            trouble = ""
            for _ in range(ATTEMPTS):
                try:
                    resumed = self._download(client, wanted, part)
                except _BrokenOff as broken:
                    trouble = str(broken)
                    continue
                if wanted.is_own(part):
                    return put_in_place(part, self.cache / wanted.zip_name)
                part.unlink()
                # The part that was left behind may be to blame; a download in one piece is beyond doubt.
                if not resumed:
                    raise PassedOver("sent a file with another checksum than the published one")
        raise PassedOver(f"the download broke off ({trouble}); the next one goes on from there")

    def _download(self, client: httpx.Client, wanted: Published, part: Path) -> bool:
        """Write the zip or what is missing of it to `part`. Returns whether it was gone on with."""
        have = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with self._answer(client, f"{self.base_url}/{wanted.zip_name}", headers) as response:
            if have and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()
                raise _BrokenOff("the part that was left behind is not of this file")
            resumed = _goes_on(response, have)
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            start = have if resumed else 0
            self._check_size(start + (total or 0))
            pieces = None if total is None else -(-total // PIECE)
            with part.open("ab" if resumed else "wb") as file:
                written = self._write(response, file, start)
                for _ in self.progress.track(written, f"Downloading {wanted.zip_name}", pieces):
                    pass
        return resumed

    def _write(self, response: httpx.Response, file: IO[bytes], start: int) -> Iterator[None]:
        """Write whatever arrives at once, so that nothing is lost when it breaks off; yields once a `PIECE`."""
        size, told = start, start
        for arrived in response.iter_raw():
            size += len(arrived)
            self._check_size(size)
            file.write(arrived)
            while size - told >= PIECE:
                told += PIECE
                yield
        if size > told:
            yield

    @contextmanager
    def _answer(self, client: httpx.Client, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """The answer to a GET, its body not read yet, after redirects within the same host alone."""
        target = httpx.URL(url)
        try:
            for _ in range(REDIRECTS + 1):
                with client.stream("GET", target, headers=headers) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    target = _redirected(target, response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise PassedOver(f"{target.host} cannot be reached ({str(error) or type(error).__name__})") from error
        except httpx.TransportError as error:
            raise _BrokenOff(str(error) or type(error).__name__) from error
        raise PassedOver("redirects without end")

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise PassedOver(f"sent more than {self.max_bytes:,} bytes, which no data set here has")


def _goes_on(response: httpx.Response, have: int) -> bool:
    """Whether the answer is the rest after the `have` bytes that are here, rather than the whole file."""
    if response.status_code == httpx.codes.OK:
        return False
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        raise PassedOver(f"answered {response.status_code} {response.reason_phrase}".strip())
    if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise PassedOver("sent another part of the file than was asked for")
    return True


def _redirected(target: httpx.URL, response: httpx.Response) -> httpx.URL:
    location = target.join(response.headers["Location"])
    if (location.scheme, location.host, location.port) != (target.scheme, target.host, target.port):
        raise PassedOver(f"redirects to {location.host}, and another host is not asked")
    return location
