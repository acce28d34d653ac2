"""Sessions begin, are used, and end: one row each, whose secret only one browser knows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, update

from dashboard.accounts.locks import held, lock_user
from dashboard.accounts.models import User
from dashboard.accounts.secret_hash import hash_of
from dashboard.accounts.session_models import UserSession
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.settings.sessions import LONGEST_SESSION_SECONDS

# How somebody showed who they are, as `begin` is told, and how it is said.
METHODS = {
    "password": "a password",
    "provider": "the company's sign-on",
    "passkey": "a passkey",
    "invitation": "an invitation",
    "reset_link": "a password link",
}
# `last_seen_at` is for people and for idle sessions: a write per request would only make rows hot.
USE_IS_NOTED_EVERY = timedelta(minutes=1)
Instant = datetime | ColumnElement[datetime]


class SessionKey(NamedTuple):
    """What is asked about a session: its secret's hash, and since when it must have been in use."""

    secret_hash: str
    used_after: datetime
    begun_after: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """How long a session lasts: at most, and without being used."""

    idle: timedelta
    most: timedelta

    def key(self, secret: str, *, now: datetime) -> SessionKey:
        """Return what is asked about the session that `secret` opens."""
        return SessionKey(hash_of(secret), now - self.idle, now - self.most)


class Device(NamedTuple):
    """Where somebody signs in: the browser in words, and the address if it is known."""

    name: str
    address: str | None


def begin(
    user: User, method: str, *, device: Device, now: datetime, factor: str | None = None
) -> str:
    """Sign `user` in by one of `METHODS`; return the secret for their browser, which is not kept.

    They have shown just now who they are, `factor` being their second factor. Raises `Conflict`
    for who cannot sign in any more: the row is locked, so that whatever ends all sessions of
    theirs comes before this one or ends it.
    """
    if method not in METHODS:
        raise LookupError(method)
    locked = lock_user(user.id)
    if locked is None or not locked.is_active:
        raise Conflict(
            f"{user.name} cannot sign in: the account is deactivated. Ask an admin to reactivate "
            "it."
        )
    secret = secrets.token_urlsafe(32)
    begun = UserSession(
        user_id=user.id,
        secret_hash=hash_of(secret),
        method=method,
        factor=factor,
        device=device.name,
        address=device.address,
        created_at=now,
        last_seen_at=now,
        proved_at=now,
    )
    db.session.add(begun)
    user.last_sign_in_at = now
    write_entry("session.opened", user, actor_of(user), _facts(begun), now=now)
    db.session.flush()
    return secret


def note_use(connection: Connection, session_id: int, *, now: datetime) -> None:
    """Note over `connection`, whose transaction has nothing else to do, that a session is used.

    Whoever has the row locked notes the same or ends it: nobody waits for that.
    """
    due = select(UserSession.id).where(
        UserSession.id == session_id, UserSession.last_seen_at < now - USE_IS_NOTED_EVERY
    )
    found = held(due, wait=False).scalar_subquery()
    connection.execute(update(UserSession).where(UserSession.id == found).values(last_seen_at=now))


def prove(session_id: int, *, now: datetime) -> None:
    """Note that the person in this session has shown again who they are."""
    db.session.execute(
        update(UserSession).where(UserSession.id == session_id).values(proved_at=now)
    )


def note_factor(session_id: int, factor: str, *, now: datetime) -> None:
    """Note that the person in this session has shown a second factor in it."""
    shown = update(UserSession).where(UserSession.id == session_id)
    db.session.execute(shown.values(factor=factor, proved_at=now))


def open_sessions(user_id: int, life: Life, *, now: datetime) -> Sequence[UserSession]:
    """Return where a person is signed in, the session used last first."""
    query = select(UserSession).where(
        UserSession.user_id == user_id, *is_open(now - life.idle, now - life.most)
    )
    return db.session.scalars(query.order_by(UserSession.last_seen_at.desc())).all()


def end_session(user_id: int, session_id: int, *, actor: Actor, now: datetime) -> UserSession:
    """End one session of a person and return it; raises `NotFound`."""
    query = select(UserSession).where(
        UserSession.id == session_id,
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
    )
    found = db.session.scalar(held(query))
    if found is None:
        raise NotFound("This session has already ended. Nothing was changed.")
    found.ended_at = now
    user = db.session.get_one(User, user_id)
    write_entry("session.ended", user, actor, _facts(found), now=now)
    return found


def end_sessions(
    user: User, *, actor: Actor, now: datetime, but: int | None = None, why: str | None = None
) -> int:
    """End every session of `user`, who is locked, on every machine; return how many those were.

    `but` is the id of one that goes on.
    """
    query = update(UserSession).where(
        UserSession.user_id == user.id, UserSession.ended_at.is_(None), UserSession.id != (but or 0)
    )
    ended = db.session.scalars(query.values(ended_at=now).returning(UserSession.id)).all()
    if ended:
        write_entry("sessions.ended", user, actor, {"sessions": len(ended)}, reason=why, now=now)
    return len(ended)


def forget_old(*, now: datetime) -> None:
    """Delete the rows of sessions that were used last so long ago that none of them can go on."""
    longest = timedelta(seconds=LONGEST_SESSION_SECONDS)
    db.session.execute(delete(UserSession).where(UserSession.last_seen_at < now - longest))


def is_open(used_after: Instant, begun_after: Instant) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of a session that is neither ended nor too old."""
    return (
        UserSession.ended_at.is_(None),
        UserSession.last_seen_at > used_after,
        UserSession.created_at > begun_after,
    )


def _facts(one: UserSession) -> dict[str, object]:
    return {
        "method": one.method,
        "factor": one.factor,
        "device": one.device,
        "address": one.address,
    }
