"""Flask as this product uses it: without what every request would do and none here needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from dashboard.views.page_environment import PageEnvironment


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie, of one application, whose key stays the same."""

    _serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie and checks its signature."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie only when the session changed.

        That an answer depends on the cookie is said of every page: see `mark_variants`.
        """
        if session.modified or session.permanent:
            super().save_session(app, session, response)


class Application(Flask):
    """Flask with the two above, and with plain functions only."""

    jinja_environment = PageEnvironment

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.session_interface = CookieSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: there are no coroutines here, and none has to be looked for."""
        return func
