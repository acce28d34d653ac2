"""What is noted of every request, wherever it is answered: an id, a line in the log, a figure."""

import re
import secrets

import structlog

from dashboard.measures import REQUEST_SECONDS

SAFE_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
log = structlog.get_logger("dashboard.request")


def begin_request(given: str) -> str:
    """Return the id of the request, which its log lines bear: the caller's, if it is harmless."""
    request_id = given if SAFE_REQUEST_ID.match(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def note_request(endpoint: str, method: str, path: str, status: int, seconds: float) -> None:
    """Count the request among the figures, and write its line in the log."""
    REQUEST_SECONDS.labels(endpoint, method, status // 100).observe(seconds)
    if not endpoint.startswith("operation."):
        took = round(seconds * 1000, 1)
        log.info("request", method=method, path=path, status=status, milliseconds=took)
