"""The door for Stripe's deliveries: those of one moment are stored by one statement.

A rush of events is a thousand small requests. Of what Flask and its hooks do for a page, none of
them needs anything, and it took twice as long as all that they do need. See
docs/decisions/events-in-batches.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from io import BytesIO
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

import structlog
from flask import Flask

from dashboard.clock import utc_now
from dashboard.metrics import WEBHOOKS_RECEIVED, count_request
from dashboard.together import Together
from dashboard.views.stripe_webhook import ENDPOINT
from dashboard.webhooks.handlers import ADDRESS
from dashboard.webhooks.intake import Arrived, store_delivered
from jobs.inbox import RUNG_SECONDS, ring

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# So many texts of the statement are kept prepared on a connection.
MOST_TOGETHER = 16
TAKEN = b'{"received":true}\n'
OK = f"{HTTPStatus.OK.value} {HTTPStatus.OK.phrase}"
log = structlog.get_logger("dashboard.deliveries")


class Door:
    """Takes in a delivery that is in order; returns None for all else, which is left as it was."""

    def __init__(self, app: Flask, headers: Iterable[tuple[str, str]]) -> None:
        self._app = app
        own = (("Content-Type", "application/json"), ("Content-Length", str(len(TAKEN))))
        self._headers = [*own, *headers]
        self._store = Together(self._store_together, most=MOST_TOGETHER)
        self._has_rung_until = 0.0

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes] | None:
        """Store a delivery, together with others that arrive at the same time."""
        if environ.get("PATH_INFO") != ADDRESS or environ["REQUEST_METHOD"] != "POST":
            return None
        begun = perf_counter()
        received = environ["wsgi.input"]
        if not isinstance(received, BytesIO):
            return None
        try:
            self._store(self._verified(environ, received.getvalue()))
        except Exception:  # the view meets it again, for this delivery alone, and says what it is
            return None
        count_request(ENDPOINT, "POST", HTTPStatus.OK, perf_counter() - begun)
        start_response(OK, self._headers)
        return [TAKEN]

    def _verified(self, environ: WSGIEnvironment, raw: bytes) -> Arrived:
        signature = environ.get("HTTP_STRIPE_SIGNATURE", "")
        event: Arrived = self._app.extensions["gateway"].verify_event(raw, signature)
        return event

    def _ring(self) -> None:
        """Ring, unless this process did a moment ago; only one thread at a time is here."""
        now = monotonic()
        if now >= self._has_rung_until and ring():
            self._has_rung_until = now + RUNG_SECONDS

    def _store_together(self, arrived: Sequence[Arrived]) -> Sequence[str | None]:
        begun = perf_counter()
        with self._app.app_context():
            states = store_delivered(arrived, now=utc_now())
            if "received" in states:
                self._ring()
        known = states.count(None)
        new = len(states) - known
        WEBHOOKS_RECEIVED.labels("stored").inc(new)
        WEBHOOKS_RECEIVED.labels("duplicate").inc(known)
        took = round((perf_counter() - begun) * 1000, 1)
        log.info("deliveries_stored", new=new, known=known, milliseconds=took)
        return states
