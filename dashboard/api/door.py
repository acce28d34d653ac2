"""Where small batches of usage are answered before they take a seat: nearly all requests there are.

Whatever is the matter with one, a wrong token, an unknown key, a record that was counted before,
goes through the application, which finds out and says what. What is answered here looks the same
from outside: body, headers, log line and figures. See docs/decisions/fold.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Flask, request

from dashboard.accounts.secret_hash import hash_of
from dashboard.allowances import SPENT, Allowances, Spent
from dashboard.api.usual_usage import read_usual
from dashboard.bounds import USAGE_PATH
from dashboard.clock import utc_now
from dashboard.errors import OutcomeUnknown
from dashboard.extensions import db
from dashboard.noted import begin_request, note_request
from dashboard.together import Together
from dashboard.usage.at_once import MOST_TOGETHER, Small, accepter
from dashboard.usage.record import usual
from dashboard.wrong_tokens import WrongTokens

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ENDPOINT = "api.usage.create"
# A hundred records or so: more than that is quicker in a transaction of its own.
MOST_BYTES = 16 * 1024
IS_UNKNOWN = "dashboard.outcome_unknown"
OK = f"{HTTPStatus.OK.value} {HTTPStatus.OK.phrase}"


class Door:
    """Answers a request of the usual kind; returns None for any other, which is left as it was."""

    def __init__(self, app: Flask, headers: Iterable[tuple[str, str]]) -> None:
        self._headers = [("Content-Type", "application/json"), *headers]
        with app.app_context():
            accept = accepter(db.engine, utc_now)
        self._allowances: Allowances = app.extensions["allowances"]
        self._wrong_tokens: WrongTokens = app.extensions["wrong_tokens"]
        self._accept = Together(accept, most=MOST_TOGETHER)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes] | None:
        """Accept a small batch, together with others that arrive at the same time."""
        started = perf_counter()
        batch = _usual_batch(environ)
        if batch is None or self._has_to_wait(environ, batch.token_hash):
            return None
        try:
            if not self._accept(batch):
                return None
        except OutcomeUnknown:
            environ[IS_UNKNOWN] = True
            return None
        body = b'{"recorded":%d,"duplicates":[]}' % len(batch.resolved)
        request_id = begin_request(environ.get("HTTP_X_REQUEST_ID", ""))
        own = [("Content-Length", str(len(body))), ("X-Request-ID", request_id)]
        spent: Spent | None = environ[SPENT]
        start_response(OK, self._headers + own + (spent.headers if spent else []))
        note_request(ENDPOINT, "POST", USAGE_PATH, HTTPStatus.OK, perf_counter() - started)
        return [body]

    def _has_to_wait(self, environ: WSGIEnvironment, token_hash: str) -> bool:
        """Count the request; return whether its token, or its address, has sent too much."""
        if self._wrong_tokens.seconds_to_wait(environ.get("REMOTE_ADDR"), token_hash):
            return True
        spent = environ[SPENT] = self._allowances.spend(token_hash)
        return spent is not None and spent.is_over


def tell_unknown() -> None:
    """Raise OutcomeUnknown for a request of which the door does not know what became."""
    if IS_UNKNOWN in request.environ:
        raise OutcomeUnknown


def _usual_batch(environ: WSGIEnvironment) -> Small | None:
    if (
        environ.get("PATH_INFO") != USAGE_PATH
        or environ["REQUEST_METHOD"] != "POST"
        or environ.get("CONTENT_TYPE") != "application/json"
        or environ.get("QUERY_STRING")
    ):
        return None
    kind, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    received = environ["wsgi.input"]
    if kind.lower() != "bearer" or not isinstance(received, BytesIO):
        return None
    raw = received.getvalue()
    records = read_usual(raw) if len(raw) <= MOST_BYTES else None
    found = usual(records, now=utc_now()) if records else None
    if found is None:
        return None
    resolved, books = found
    versions = frozenset((meter, one.count) for meter, one in books.versions.items())
    return Small(hash_of(secret.strip()), resolved, versions)
