"""Who may propose and decide: people who may do by themselves what is proposed, as of now."""

from __future__ import annotations

from dashboard.accounts.models import User
from dashboard.accounts.permissions import PERMISSIONS
from dashboard.audit.actor import Actor
from dashboard.errors import Forbidden
from dashboard.extensions import db


def may(user_id: int, permission: str) -> bool:
    """Whether a person can sign in and holds the permission, as the database says now."""
    user = db.session.get(User, user_id, populate_existing=True)
    return user is not None and user.is_active and user.role in PERMISSIONS[permission].roles


def person(actor: Actor, permission: str) -> int:
    """Return the id of the person who acts.

    Raises `Forbidden` for a program, and for a person without the permission."""
    if actor.kind != "user" or actor.id is None:
        raise Forbidden(
            "Only a person can propose or decide on this, so nothing was changed. Sign in to do it."
        )
    if not may(actor.id, permission):
        raise Forbidden("Your role no longer allows this. Nothing was changed. Ask an admin.")
    return actor.id
