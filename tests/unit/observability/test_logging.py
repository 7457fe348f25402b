"""One path for every log line, with the request it belongs to and without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from infrastructure.observability.logging import configure_logging


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; the logging of the test run is put back afterwards."""
    root, servers = logging.getLogger(), [logging.getLogger(name) for name in ("uvicorn", "uvicorn.access")]
    before = root.handlers[:], root.level, [(one.handlers[:], one.propagate) for one in servers]
    yield io.StringIO()
    root.handlers[:], root.level = before[0], before[1]
    for one, (handlers, propagate) in zip(servers, before[2], strict=True):
        one.handlers[:], one.propagate = handlers, propagate
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_request(stream: io.StringIO):
    configure_logging("json", "INFO", stream)
    structlog.contextvars.bind_contextvars(request_id="abc")
    structlog.get_logger().info("request", path="/health", status=200)
    (line,) = lines(stream)
    assert {name: line[name] for name in ("event", "path", "status", "request_id", "level")} == {
        "event": "request", "path": "/health", "status": 200, "request_id": "abc", "level": "info",
    }  # fmt: skip
    assert line["timestamp"].endswith("Z")


def test_what_the_web_server_says_is_said_once(stream: io.StringIO):
    configure_logging("json", "INFO", stream)
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[36mStarted"})
    (line,) = lines(stream)
    assert line["event"] == "Started" and "color_message" not in line


def test_lines_of_the_standard_library_take_the_same_path(stream: io.StringIO):
    configure_logging("json", "INFO", stream)
    structlog.contextvars.bind_contextvars(request_id="abc")
    logging.getLogger("domain.pipeline").warning("generator %s failed", "content", extra={"engine": "ncf"})
    (line,) = lines(stream)
    assert line["event"] == "generator content failed" and line["logger"] == "domain.pipeline"
    assert (line["engine"], line["request_id"], line["level"]) == ("ncf", "abc", "warning")


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize("logger", [logging.getLogger("marquee"), structlog.get_logger()])
def test_an_exception_is_told_with_its_trace_and_without_local_variables(stream: io.StringIO, style, logger):
    configure_logging(style, "INFO", stream)
    try:
        password = "correct horse"
        assert password and 1 / 0
    except ZeroDivisionError:
        logger.exception("failed")
    written = stream.getvalue()
    assert "Traceback" in written and "ZeroDivisionError" in written
    assert "correct horse" not in written.replace('password = "correct horse"', "")


def test_lines_below_the_level_are_left_out(stream: io.StringIO):
    configure_logging("json", "WARNING", stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    structlog.get_logger().error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_the_web_server_writes_through_us_and_keeps_no_access_log_of_its_own(stream: io.StringIO):
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    configure_logging("json", "INFO", stream)
    logging.getLogger("uvicorn.error").info("Started server")
    logging.getLogger("uvicorn.access").info("GET /health")
    assert [line["event"] for line in lines(stream)] == ["Started server"]
    assert logging.getLogger("uvicorn").handlers == []


def test_a_console_line_is_for_people(stream: io.StringIO):
    configure_logging("console", "INFO", stream)
    structlog.get_logger().info("serving", home="./var")
    assert "serving" in stream.getvalue() and "home=./var" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_a_value_that_json_does_not_know_is_told_all_the_same(stream: io.StringIO):
    configure_logging("json", "INFO", stream)
    structlog.get_logger().info("odd", value={1, 2})
    assert lines(stream)[0]["value"] == "{1, 2}"
