"""The cookie that a browser is known by: signed, and only the secret of its session is of worth.

Beside that secret it holds what Flask keeps for the next page, and the secret of the forms.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

# The name under which the cookie holds the secret of the session.
HELD_AS = "session"


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie, of one application, whose keys stay the same."""

    _serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs the cookie and checks its signature."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:
        """Return its name: under HTTPS one that browsers take from this very host only."""
        name = super().get_cookie_name(app)
        if not self.get_cookie_secure(app):
            return name
        # Browsers take `__Host-` for the whole of a host only.
        return f"__Host-{name}" if self.get_cookie_path(app) == "/" else f"__Secure-{name}"

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return what the request's cookie holds."""
        return SecureCookieSession(self.read(app, request.cookies.get(self.get_cookie_name(app))))

    def read(self, app: Flask, cookie: str | None) -> dict[str, Any]:
        """Return what a cookie holds; nothing of one that is not signed by us, or too old."""
        signer = self.get_signing_serializer(app)
        if signer is None or not cookie:
            return {}
        oldest = int(app.permanent_session_lifetime.total_seconds())
        try:
            held: dict[str, Any] = signer.loads(cookie, max_age=oldest)
        except BadSignature:
            return {}
        return held

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie only when the session changed.

        That an answer depends on the cookie is said of every page: see `mark_variants`.
        """
        if session.modified or session.permanent:
            super().save_session(app, session, response)
