"""What somebody had typed when their session ended: kept in the next one until it is shown."""

from __future__ import annotations

from sqlalchemy import select, update

from dashboard.accounts.session_models import UserSession
from dashboard.extensions import db

Fields = list[tuple[str, str]]


def keep(session_id: int, fields: Fields) -> None:
    """Keep the fields of one form, in place of those of another."""
    _write(session_id, fields)


def take(session_id: int) -> Fields:
    """Return the fields that are kept, and keep them no more."""
    kept = db.session.scalar(select(UserSession.typed).where(UserSession.id == session_id))
    _write(session_id, None)
    return [(name, value) for name, value in kept or []]


def _write(session_id: int, fields: Fields | None) -> None:
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(typed=fields))
