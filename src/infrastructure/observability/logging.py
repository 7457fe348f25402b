"""Logs: one event a line, with the id of the request that it belongs to; for people in colour, for machines as JSON."""

import logging
import sys
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import Processor

#: loggers of the web server that come with handlers of their own
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure_logging(
    style: Literal["console", "json"] = "console", level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send structlog's events and those of the standard library down one path to `stream` (standard error).

    Start uvicorn with `log_config=None` and `access_log=False`: the API writes one line for each request itself.
    """
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render = _as_json if style == "json" else _as_console(out)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                *shared,
                structlog.stdlib.ExtraAdder(),
                _without_colour,
                structlog.stdlib.add_logger_name,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _SERVER_LOGGERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = name != "uvicorn.access"


def _without_colour(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Uvicorn sends each of its lines a second time, painted."""
    event.pop("color_message", None)
    return event


def _as_json(logger: Any, method: str, event: structlog.typing.EventDict) -> str:
    return orjson.dumps(structlog.processors.format_exc_info(logger, method, event), default=repr).decode()


def _as_console(stream: TextIO) -> Processor:
    # The default way of showing an exception prints local variables, passwords among them.
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
