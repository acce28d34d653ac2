"""Somebody's session, without the sign-in."""

from datetime import datetime, timedelta

from dashboard.accounts.models import User
from dashboard.accounts.sessions import Life, SessionKey
from dashboard.clock import utc_now
from dashboard.extensions import db
from tests.people import make_session

LIFE = Life(idle=timedelta(hours=12), most=timedelta(days=14))


def key_of(user: User, *, now: datetime | None = None) -> SessionKey:
    """Return the key of a session of `user` that begins now, in the present transaction."""
    db.session.flush()
    now = now or utc_now()
    secret = make_session(db.session.connection(), user.id, now=now)
    return LIFE.key(secret, now=now)
