"""The door for polls of a bill that did not change: nearly all requests of a page that is open.

Of what Flask and its hooks do for a page, a poll that is answered 304 needs only who asks and the
tag, which is one statement. Anything else, a tag that moved, a session that ended, an organization
that is not theirs, goes through the application, which says so. What is answered here looks the
same from outside: headers, log line and figures. See docs/decisions/what-pages-read.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_cookie

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.accounts.sessions import SessionKey
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.noted import begin_request, note_request
from dashboard.reading.poll import polled_tag
from dashboard.together import Together
from dashboard.views.asking import key_of
from dashboard.views.cookies import CookieSessions
from dashboard.views.hypermedia import PANEL
from dashboard.views.stripe_state import with_stripe

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The view's, and what it asks of its reader; a test compares.
ENDPOINT, NEEDED = "organizations.current_invoice", PERMISSIONS["organization.view"]
ADDRESS = re.compile(r"/organizations/([a-z0-9-]+)/current-invoice", re.ASCII)
# One connection is enough for the polls of a process: so many ask on it, one after the other.
MOST_TOGETHER = 16
UNCHANGED = f"{HTTPStatus.NOT_MODIFIED.value} {HTTPStatus.NOT_MODIFIED.phrase.upper()}"


class Asked(NamedTuple):
    """Whose session asks about which organization."""

    key: SessionKey
    slug: str


class Door:
    """Answers an unchanged poll; returns None for any other request, which is left as it was."""

    def __init__(self, app: Flask, headers: Iterable[tuple[str, str]]) -> None:
        self._app = app
        self._headers = list(headers)
        with app.app_context():
            self._engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None
        self._tag_of = Together(self._tags_of, most=MOST_TOGETHER)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes] | None:
        """Answer 304 where the reader already holds the present state."""
        begun = perf_counter()
        held = environ.get("HTTP_HX_PTAG")
        asked = self._asked(environ) if held else None
        if held is None or asked is None or self._told(asked) != held:
            return None
        request_id = begin_request(environ.get("HTTP_X_REQUEST_ID", ""))
        start_response(UNCHANGED, [*self._headers, ("HX-PTag", held), ("X-Request-ID", request_id)])
        seconds = perf_counter() - begun
        note_request(ENDPOINT, "GET", environ["PATH_INFO"], HTTPStatus.NOT_MODIFIED, seconds)
        return []

    def _told(self, asked: Asked) -> str | None:
        tag = self._tag_of(asked)
        return None if tag is None else with_stripe(tag, self._app)

    def _asked(self, environ: WSGIEnvironment) -> Asked | None:
        found = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or environ["REQUEST_METHOD"] != "GET" or not _asks_by_itself(environ):
            return None
        key = key_of(self._app, self._held(environ))
        return None if key is None else Asked(key, found[1])

    def _held(self, environ: WSGIEnvironment) -> Mapping[str, Any]:
        """Return what the cookie holds, as the application reads it."""
        sessions = cast(CookieSessions, self._app.session_interface)
        cookies = parse_cookie(environ.get("HTTP_COOKIE"))
        return sessions.read(self._app, cookies.get(sessions.get_cookie_name(self._app)))

    def _tags_of(self, every: Sequence[Asked]) -> Sequence[str | None]:
        """Return the present tags for those who may see them, in their order.

        Only one thread at a time is here, so the connection is kept: to borrow one and give it back
        took as long as the statement. One that fails is given up.
        """
        now = utc_now()
        try:
            connection = self._connection = self._connection or self._engine.connect()
            return [polled_tag(connection, *one, needed=NEEDED, now=now) for one in every]
        except SQLAlchemyError:  # each of them meets it again in the application, which says so
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
            return [None] * len(every)


def _asks_by_itself(environ: WSGIEnvironment) -> bool:
    """Whether it is the page that asks: else it is a use of the session, which is to be noted."""
    return (
        environ.get("HTTP_HX_REQUEST") == "true"
        and environ.get("HTTP_HX_TARGET") != PANEL
        and "HTTP_HX_HISTORY_RESTORE_REQUEST" not in environ
    )
