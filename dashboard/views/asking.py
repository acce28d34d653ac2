"""Who is asking: read once for each request, from the session that the cookie is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, current_app, g, session
from sqlalchemy.exc import SQLAlchemyError

from dashboard.accounts.identity import Identity
from dashboard.accounts.sessions import USE_IS_NOTED_EVERY, Life, SessionKey, note_use
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.views.cookies import HELD_AS
from dashboard.views.opening import load_reader

log = structlog.get_logger("dashboard.views.asking")
_UNKNOWN: Any = object()


def key_of(app: Flask, held: Mapping[str, Any]) -> SessionKey | None:
    """Return what is asked about a session, None if there is none.

    `held` is what the cookie holds: Flask's session, or what `CookieSessions.read` returns where
    Flask is not asked.
    """
    secret = held.get(HELD_AS)
    life: Life = app.extensions["session_life"]
    return life.key(secret, now=utc_now()) if isinstance(secret, str) else None


def known_reader() -> Identity | None:
    """Return who is signed in, None if nobody is."""
    # Asked for a dozen times a page, and each look into `g` looks for the request.
    found: Identity | None = g.get("reader", _UNKNOWN)
    if found is _UNKNOWN:
        key = key_of(current_app, session)
        found = g.reader = load_reader(key) if key else None
    return found


def forget_reader() -> None:
    """Show what follows to nobody in particular: it would ask the database who is reading it."""
    g.reader = None


def note_reader(who: Identity) -> None:
    """Note, at most once a minute, that somebody uses their session; pages go on without it."""
    now = utc_now()
    if now - who.seen_at <= USE_IS_NOTED_EVERY:
        return
    try:
        # By itself: the request may only read, be rolled back, or take its time.
        with db.engine.begin() as connection:
            note_use(connection, who.session_id, now=now)
    except SQLAlchemyError as error:
        log.warning("use_not_noted", reason=str(error))
