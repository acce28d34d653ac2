"""Logs: one JSON object a line, carrying the request's or job's id."""

import logging
import sys
from typing import Any, TextIO

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
# One list for good: loggers that were used before it is configured again keep it.
_OF_LOGGERS = [*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]


def json_lines() -> logging.Formatter:
    """Return what writes a record of anybody's as one JSON object."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )


def server_logs() -> dict[str, Any]:
    """Return what granian is told of its logs: it speaks before, and beside, the application."""
    quiet = {"handlers": ["lines"], "propagate": False}
    return {
        "formatters": {"json": {"()": "dashboard.logs.json_lines"}},
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stdout",
            }
        },
        "loggers": {"_granian": {"level": "INFO", **quiet}, "granian.access": quiet},
    }


def configure_logs(level: str, stream: TextIO = sys.stderr) -> None:
    """Send structlog and the standard library to `stream` as JSON lines, from `level` on."""
    structlog.configure(
        processors=_OF_LOGGERS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_lines())
    # No line tells them, and to find them out takes as long as to write it.
    logging.logProcesses = logging.logThreads = logging.logMultiprocessing = False
    root = logging.getLogger()
    for old in [one for one in root.handlers if getattr(one, "is_ours", False)]:
        root.removeHandler(old)
    handler.is_ours = True  # type: ignore[attr-defined]  # so that a second app does not log twice
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Two lines for every call, of which the ledger keeps a step anyway.
    logging.getLogger("stripe").setLevel(logging.WARNING)
