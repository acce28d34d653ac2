"""See an organization's pages as its customer does: of one session, until it is left or ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from dashboard.accounts.session_models import UserSession
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.extensions import Model, db


def begin_view(
    session_id: int, organization: Model, slug: str, *, actor: Actor, now: datetime
) -> None:
    """Let the session see `organization`, whose slug it is, as its customer does."""
    if _set(session_id, slug):
        write_entry("customer.viewed", organization, actor, now=now)


def end_view(session_id: int, organization: Model, *, actor: Actor, now: datetime) -> None:
    """Let the session see what its user sees again."""
    if _set(session_id, None):
        write_entry("customer.view_ended", organization, actor, now=now)


def _set(session_id: int, slug: str | None) -> bool:
    """Whether it was otherwise before."""
    changed = (
        update(UserSession)
        .where(
            UserSession.id == session_id,
            UserSession.ended_at.is_(None),
            UserSession.viewing.is_distinct_from(slug),
        )
        .values(viewing=slug)
        .returning(UserSession.id)
    )
    return db.session.scalar(changed) is not None
