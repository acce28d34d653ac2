"""A membership begins, changes and ends; with it ends what its member made by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.accounts.invitations import open_ones, withdraw, withdraw_those_of
from dashboard.accounts.locks import lock_invitations
from dashboard.accounts.models import MEMBER_ROLES, Invitation, Membership, User
from dashboard.accounts.tokens import live_tokens_of, revoke_token
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Invalid
from dashboard.extensions import db

# What members are, as it is said.
MEMBER_WORDS = {"owner": "Owner", "billing": "Billing", "reader": "Read only"}


def membership_of(user_id: int, organization_id: int) -> Membership | None:
    """Return what a person is to an organization, None where they are no member."""
    query = select(Membership).where(
        Membership.user_id == user_id, Membership.organization_id == organization_id
    )
    return db.session.scalar(query)


def begin_membership(
    user: User, organization_id: int, role: str, *, actor: Actor, now: datetime
) -> Membership:
    """Return the new membership of `user`, who is locked and no member yet."""
    check_member_role(role)
    begun = Membership(user=user, organization_id=organization_id, role=role, created_at=now)
    db.session.add(begun)
    write_entry("membership.created", begun, actor, {"email": user.email, "role": role}, now=now)
    return begun


def change_membership(one: Membership, role: str, *, actor: Actor, now: datetime) -> None:
    """Let a member hold another role; the invitations that an owner made end with their being one.

    The member is locked.
    """
    check_member_role(role)
    if one.role == role:
        return
    facts = {"email": one.user.email, "role": [one.role, role]}
    if one.role == "owner":
        withdraw_those_of(one.user, actor=actor, now=now, organization_id=one.organization_id)
    one.role = role
    write_entry("membership.changed", one, actor, facts, now=now)


def end_membership(one: Membership, *, actor: Actor, now: datetime) -> None:
    """End a membership, whose member is locked, from the commit on.

    With it end the invitations that they made to the organization, those that they were sent, and
    their API tokens for it alone.
    """
    user, organization_id = one.user, one.organization_id
    withdraw_those_of(user, actor=actor, now=now, organization_id=organization_id)
    sent = open_ones().where(
        Invitation.organization_id == organization_id, Invitation.email == user.email
    )
    for invitation in lock_invitations(sent):
        withdraw(invitation, actor=actor, now=now)
    tokens = live_tokens_of(user.id, organization_id=organization_id)
    for token in tokens:
        revoke_token(token, actor=actor, now=now)
    facts = {"email": user.email, "tokens": [token.name for token in tokens]}
    write_entry("membership.ended", one, actor, facts, now=now)
    user.memberships.remove(one)
    db.session.delete(one)


def check_member_role(role: str) -> None:
    """Raise `Invalid` for what no member can be."""
    if role not in MEMBER_ROLES:
        words = ", ".join(MEMBER_ROLES)
        raise Invalid(f"Nothing was changed: a member is one of {words}.", field="member_role")
