"""Who is mailed what a bill reaches, and each member's own choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.accounts.models import PAYERS, Membership, User
from dashboard.errors import Conflict
from dashboard.extensions import db

# What there is to be mailed, by its kind of mail.
CHOICES = ("budget", "unusual")


def payers_of(organization_id: int) -> Sequence[Membership]:
    """Return the memberships of those who can sign in and decide on its money, by name."""
    query = (
        select(Membership)
        .join(Membership.user)
        .where(
            Membership.organization_id == organization_id,
            Membership.role.in_(PAYERS),
            User.is_active,
        )
        .order_by(User.name, User.id)
        .options(joinedload(Membership.user))
    )
    return db.session.scalars(query).all()


def choose_mails(user_id: int, organization_id: int, wanted: Mapping[str, bool]) -> None:
    """Mail a member only what they want from now on; raises Conflict for anybody else."""
    membership = _membership(user_id, organization_id)
    if membership is None:
        raise Conflict("You are not a member of this organization. Nothing was changed.")
    for kind in CHOICES:
        setattr(membership, f"mails_{kind}", wanted[kind])


def wants(address: str, organization_id: int, kind: str) -> bool:
    """Whether who signs in with `address` still is a member and wants mails of this kind."""
    query = (
        select(Membership.id)
        .join(Membership.user)
        .where(
            Membership.organization_id == organization_id,
            getattr(Membership, f"mails_{kind}"),
            Membership.role.in_(PAYERS),
            User.email == address,
            User.is_active,
        )
    )
    return db.session.scalar(select(query.exists())) or False


def _membership(user_id: int, organization_id: int) -> Membership | None:
    return db.session.scalar(
        select(Membership).where(
            Membership.user_id == user_id, Membership.organization_id == organization_id
        )
    )
