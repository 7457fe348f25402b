import random
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infrastructure.datasets.download import PublisherDownload
from infrastructure.datasets.published import PassedOver
from tests.integration.datasets.samples import published, write_zip
from tests.unit.datasets.samples import FakeProgress


@dataclass
class FakePublisher:
    """A web server on the loopback that gives out one file, and misbehaves as it is told to."""

    content: bytes
    ranges: bool = True
    status: int = 200
    cut_after: list[int] = field(default_factory=list)  # bytes after which each of the next answers breaks off
    redirects: dict[str, str] = field(default_factory=dict)
    wrong_range: bool = False
    says_length: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers["Range"]
        self.asked.append((request.path, wanted))
        if request.path in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[request.path])
            request.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.ranges else 0
        if self.status != 200 or start >= len(self.content):
            request.send_error(self.status if self.status != 200 else 416)
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        if start:
            first = 0 if self.wrong_range else start
            request.send_header("Content-Range", f"bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        if self.says_length:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.cut_after.pop(0)] if self.cut_after else body)


@pytest.fixture
def original(tmp_path):
    noise = random.Random(7).randbytes(200_000)
    return write_zip(tmp_path / "publisher" / "tiny.zip", {"noise": noise})


@pytest.fixture
def publisher(original, monkeypatch):
    fake = FakePublisher(original.read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            fake.answer(self)

        def log_message(self, format, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def download(publisher, cache, **options):
    return PublisherDownload(cache, FakeProgress(), f"{publisher.address}/movielens", read_timeout=5.0, **options)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_comes_whole_into_the_cache(publisher, cache, original):
    path = download(publisher, cache).find(published(original))
    assert path == cache / "tiny.zip"
    assert path.read_bytes() == publisher.content
    assert files_in(cache) == ["tiny.zip"]
    assert publisher.asked == [("/movielens/tiny.zip", None)]


def test_progress_counts_pieces_of_the_file(publisher, cache, original):
    downloading = download(publisher, cache)
    downloading.find(published(original))
    assert downloading.progress.tracked == [("Downloading tiny.zip", 4)]
    assert downloading.progress.passed == 4


def test_a_damaged_file_in_the_cache_is_replaced(publisher, cache, original):
    cache.mkdir()
    (cache / "tiny.zip").write_bytes(b"damaged")
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content


def test_a_part_that_was_left_behind_is_gone_on_with(publisher, cache, original):
    cache.mkdir()
    (cache / "tiny.zip.part").write_bytes(publisher.content[:1000])
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content
    assert publisher.asked == [("/movielens/tiny.zip", "bytes=1000-")]
    assert files_in(cache) == ["tiny.zip"]


def test_a_download_that_breaks_off_goes_on_at_once(publisher, cache, original):
    publisher.cut_after = [500, 700]
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content
    assert [wanted for _, wanted in publisher.asked] == [None, "bytes=500-", "bytes=1200-"]


def test_a_download_that_keeps_breaking_off_is_passed_over_and_its_part_kept(publisher, cache, original):
    publisher.cut_after = [500] * 3
    with pytest.raises(PassedOver, match="broke off"):
        download(publisher, cache).find(published(original))
    assert (cache / "tiny.zip.part").read_bytes() == publisher.content[:1500]
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content


def test_a_server_without_ranges_sends_everything_again(publisher, cache, original):
    publisher.ranges = False
    publisher.cut_after = [500]
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content
    assert len(publisher.asked) == 2


def test_a_file_with_another_checksum_is_thrown_away(publisher, cache, original):
    publisher.content = publisher.content[:-1] + b"?"
    with pytest.raises(PassedOver, match="another checksum"):
        download(publisher, cache).find(published(original))
    assert files_in(cache) == []
    assert len(publisher.asked) == 1


@pytest.mark.parametrize("length", [1000, 10_000_000])
def test_a_part_of_something_else_is_thrown_away_and_the_file_fetched_in_one_piece(publisher, cache, original, length):
    cache.mkdir()
    (cache / "tiny.zip.part").write_bytes(b"x" * length)
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content
    assert [wanted for _, wanted in publisher.asked] == [f"bytes={length}-", None]


def test_another_part_than_was_asked_for_is_refused(publisher, cache, original):
    publisher.wrong_range = True
    cache.mkdir()
    (cache / "tiny.zip.part").write_bytes(publisher.content[:1000])
    with pytest.raises(PassedOver, match="another part"):
        download(publisher, cache).find(published(original))
    assert (cache / "tiny.zip.part").read_bytes() == publisher.content[:1000]


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_error_of_the_server_is_passed_over(publisher, cache, original, status):
    publisher.status = status
    with pytest.raises(PassedOver, match=f"answered {status}"):
        download(publisher, cache).find(published(original))
    assert files_in(cache) == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_that_is_too_large_is_refused(publisher, cache, original, says_length):
    publisher.says_length = says_length
    with pytest.raises(PassedOver, match="more than 1,000 bytes"):
        download(publisher, cache, max_bytes=1000).find(published(original))
    assert "tiny.zip" not in files_in(cache)


def test_a_redirect_to_another_host_is_refused(publisher, cache, original):
    publisher.redirects["/movielens/tiny.zip"] = publisher.address.replace("127.0.0.1", "localhost") + "/other.zip"
    with pytest.raises(PassedOver, match="redirects to localhost"):
        download(publisher, cache).find(published(original))
    assert len(publisher.asked) == 1


def test_a_redirect_within_the_host_is_followed(publisher, cache, original):
    publisher.redirects["/movielens/tiny.zip"] = "/moved/tiny.zip"
    assert download(publisher, cache).find(published(original)).read_bytes() == publisher.content


def test_a_redirect_to_nowhere_is_refused(publisher, cache, original):
    publisher.redirects["/movielens/tiny.zip"] = "http://127.0.0.1:none/"
    with pytest.raises(PassedOver, match="Invalid URL in location header"):
        download(publisher, cache).find(published(original))


def test_redirects_without_end_are_refused(publisher, cache, original):
    publisher.redirects["/movielens/tiny.zip"] = "/movielens/tiny.zip"
    with pytest.raises(PassedOver, match="without end"):
        download(publisher, cache).find(published(original))


def test_a_publisher_that_cannot_be_reached_is_passed_over(cache, original):
    nobody = FakePublisher(b"", address="http://127.0.0.1:1")
    with pytest.raises(PassedOver, match=r"127\.0\.0\.1 cannot be reached"):
        download(nobody, cache).find(published(original))
