"""Sign a user in by e-mail and password."""

from datetime import datetime

from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.accounts.passwords import hash_password, needs_rehash, password_matches
from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.extensions import db


def sign_in(email: str, password: str, *, now: datetime) -> User | None:
    """Return the active user with this address and password, stamped with `now`; otherwise None.

    None does not say which of the two was wrong. A hash of older parameters is renewed.
    """
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if not password_matches(user.password_hash if user else None, password):
        return None
    if user is None or not user.is_active:
        return None
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    user.last_sign_in_at = now
    record("session.opened", user, actor_of(user), now=now)
    return user


def end_all_sessions(user: User, *, actor: Actor, now: datetime) -> None:
    """Make every session of `user` invalid, on every machine, from the commit on."""
    user.session_version += 1
    record("sessions.revoked", user, actor, now=now)


def actor_of(user: User) -> Actor:
    """Return `user` as the author of a change."""
    return Actor("user", user.id, user.email)
