"""A new secret in place of an old one, which goes on for a while: nothing stops meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.accounts.locks import held
from dashboard.accounts.makers import hold_maker
from dashboard.accounts.models import ApiToken
from dashboard.accounts.permissions import ADMIN_SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict
from dashboard.extensions import db


def rotate_token(
    token: ApiToken, *, overlap: timedelta, expires_at: datetime, actor: Actor, now: datetime
) -> tuple[ApiToken, str]:
    """Return a token that may do the same, and its secret; `token` ends after `overlap`, or before.

    The new one is the actor's. Raises `Conflict` for one that has ended or has a successor.
    """
    # A person comes before their tokens.
    hold_maker(actor, as_admin=not ADMIN_SCOPES.isdisjoint(token.scopes))
    db.session.scalars(held(select(ApiToken).where(ApiToken.id == token.id))).one()
    if token.has_ended(now):
        raise Conflict(f"{token.name} has ended. Nothing was created. Create a new token.")
    if db.session.scalar(select(ApiToken.id).where(ApiToken.replaces_id == token.id)):
        raise Conflict(
            f"{token.name} was already replaced. Nothing was created. Rotate the new token."
        )
    made, secret = create_token(
        token.name,
        token.scopes,
        actor=actor,
        now=now,
        organization_id=token.organization_id,
        expires_at=expires_at,
    )
    made.replaces_id = token.id
    ends = now + overlap
    token.expires_at = ends if token.expires_at is None else min(token.expires_at, ends)
    facts = {"name": token.name, "ends": token.expires_at.isoformat()}
    write_entry("token.replaced", token, actor, facts, now=now)
    return made, secret
