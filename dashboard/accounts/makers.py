"""Who makes what outlives their request, an API token or an invitation, and loses it with access.

They are locked until it is stored. Whatever ends their access at that moment waits and ends it too,
or came first, and nothing is made.
"""

from __future__ import annotations

from sqlalchemy import select

from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import Membership, User
from dashboard.accounts.permissions import STAFF
from dashboard.audit.actor import Actor
from dashboard.errors import Conflict
from dashboard.extensions import db


def hold_maker(actor: Actor, *, as_admin: bool) -> None:
    """Lock the person that `actor` is, if one; raises `Conflict` if they may make nothing any more.

    `as_admin`: what they make ends with their being an admin.
    """
    if actor.kind != "user" or actor.id is None:
        return
    maker = lock_user(actor.id)
    if maker is None or not maker.is_active or (as_admin and maker.role != "admin"):
        raise Conflict("Your access was just removed. Nothing was created. Ask an admin.")


def hold_owner(actor: Actor, organization_id: int) -> None:
    """Lock the person that `actor` is, if one; raises `Conflict` if they manage no members now."""
    if actor.kind == "user" and actor.id is not None:
        check_manages(lock_user(actor.id), organization_id)


def check_manages(user: User | None, organization_id: int) -> None:
    """Raise `Conflict` for a locked person who does not manage an organization's members any more.

    Our own people do, as those do who are owners of it.
    """
    if user is not None and user.is_active:
        owned = select(Membership.id).where(
            Membership.user_id == user.id,
            Membership.organization_id == organization_id,
            Membership.role == "owner",
        )
        if user.role in STAFF or db.session.scalar(owned) is not None:
            return
    raise Conflict(
        "You are no longer an owner of this organization. Nothing was changed. Ask another owner."
    )
