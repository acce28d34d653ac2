"""What is noted of every request, wherever it is answered: an id, a line in the log, a figure."""

import re
import secrets

import structlog

from dashboard.bounds import LOGGED_PATH
from dashboard.metrics import count_request

# Each name is a series of figures, so whoever asks may not invent them.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
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
    known = method if method in METHODS else "other"
    count_request(endpoint, known, status, seconds)
    if not endpoint.startswith("operation."):
        took, where = round(seconds * 1000, 1), path[:LOGGED_PATH]
        log.info("request", method=known, path=where, status=status, milliseconds=took)
