"""Invitations: a signed link makes somebody a user or a member, once, within a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Select, and_, select

from dashboard.accounts.locks import lock_invitations
from dashboard.accounts.makers import hold_maker
from dashboard.accounts.models import ROLES, Invitation, User
from dashboard.accounts.secret_hash import hash_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.email_address import address_of_person
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db

LIFE = timedelta(days=7)
# What an admin looks through at once; the rest are listed with their organizations.
MOST_LISTED = 100


class InvitationEnded(NotFound):
    """The link is unknown, was used, was withdrawn, or is too old; which of them is not said."""

    code = "invitation_ended"


def invite(
    email: str, role: str, *, actor: Actor, now: datetime, organization_id: int | None = None
) -> Invitation:
    """Return a new invitation by an admin.

    An older one to the same address ends. Raises `Invalid` for text that is no role or address, or
    an organization that does not fit the role, `Conflict` where the address has a user already or
    the maker's access has ended meanwhile.
    """
    email = address_of_person(email)
    _check_role(role, organization_id)
    hold_maker(actor, as_admin=True)
    if has_account(email):
        raise Conflict(
            f"{email} can already sign in. No invitation was made. Change their role under People."
        )
    made = Invitation(email=email, role=role, organization_id=organization_id)
    return make(made, actor=actor, now=now)


def make(invitation: Invitation, *, actor: Actor, now: datetime) -> Invitation:
    """Store and return an invitation, whose maker is locked; an older one to its address ends."""
    older = open_ones().where(
        Invitation.email == invitation.email,
        Invitation.organization_id == invitation.organization_id,
    )
    for one in lock_invitations(older):
        withdraw(one, actor=actor, now=now)
    # Two open ones are refused by an index: the older has to be written first.
    db.session.flush()
    invitation.created_by_id = actor.id if actor.kind == "user" else None
    invitation.created_at, invitation.expires_at = now, now + LIFE
    db.session.add(invitation)
    write_entry("invitation.created", invitation, actor, facts_of(invitation), now=now)
    return invitation


def has_account(email: str) -> bool:
    """Whether somebody is known by this address, who may sign in or not."""
    return db.session.scalar(select(User.id).where(User.email == email)) is not None


def invitation_token(invitation: Invitation, keys: Sequence[str]) -> str:
    """Return the secret part of the link of a stored invitation; nothing of it is kept.

    It names the instant too: a database that was put back to an earlier moment gives out the same
    ids again, to others.
    """
    return _serializer(keys).dumps(
        [invitation.id, invitation.created_at.astimezone(UTC).isoformat()]
    )


def withdraw(invitation: Invitation, *, actor: Actor, now: datetime) -> None:
    """End an invitation; one that has ended already stays as it is."""
    if invitation.accepted_at or invitation.revoked_at:
        return
    invitation.revoked_at = now
    write_entry("invitation.withdrawn", invitation, actor, facts_of(invitation), now=now)


def withdraw_those_of(
    user: User, *, actor: Actor, now: datetime, organization_id: int | None = None
) -> None:
    """End the invitations that `user` made and nobody has used: all, or to one organization."""
    made = open_ones().where(Invitation.created_by_id == user.id)
    if organization_id is not None:
        made = made.where(Invitation.organization_id == organization_id)
    for one in lock_invitations(made):
        withdraw(one, actor=actor, now=now)


def invitation_of(secret: str, keys: Sequence[str], *, now: datetime) -> Invitation:
    """Return the open invitation whose link has this secret, locked; raises `InvitationEnded`."""
    try:
        invitation_id, created_at = _serializer(keys).loads(secret)
        is_it = and_(
            Invitation.id == invitation_id,
            Invitation.created_at == datetime.fromisoformat(created_at),
        )
    except (BadData, TypeError, ValueError):
        # Links of earlier releases were random, and only their hash was kept.
        is_it = Invitation.secret_hash == hash_of(secret)
    for found in lock_invitations(open_ones().where(is_it, Invitation.expires_at > now)):
        return found
    raise InvitationEnded(
        "This invitation has ended: it works once, within a week. Nothing was changed. Sign in if "
        "you have used it, or ask for a new invitation."
    )


def open_invitation(invitation_id: int | None, *, now: datetime) -> Invitation | None:
    """Return an invitation that can be used, None for one that has ended."""
    query = open_ones().where(Invitation.id == invitation_id, Invitation.expires_at > now)
    return db.session.scalar(query)


def invitation_for(email: str, *, now: datetime) -> Invitation | None:
    """Return the open invitation of an address, locked; None if there is none.

    Of several it is the one to be one of our own people, or else the oldest.
    """
    query = open_ones().where(Invitation.email == email, Invitation.expires_at > now)
    found = lock_invitations(query)
    return min(found, key=lambda one: one.organization_id is not None, default=None)


def open_invitations() -> Sequence[Invitation]:
    """Return invitations nobody has used yet, also those that are too old, the newest first.

    Those of our own people come before those of customers.
    """
    order = (Invitation.organization_id.is_not(None), Invitation.id.desc())
    return db.session.scalars(open_ones().order_by(*order).limit(MOST_LISTED)).all()


def invitation_by_id(invitation_id: int) -> Invitation:
    """Return one invitation, locked; raises `NotFound`."""
    for found in lock_invitations(select(Invitation).where(Invitation.id == invitation_id)):
        return found
    raise NotFound(f"There is no invitation {invitation_id}.")


def open_ones() -> Select[Invitation]:
    """Return what asks for invitations that were neither used nor withdrawn."""
    return select(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


def facts_of(invitation: Invitation) -> dict[str, object]:
    """Return what is put on record of an invitation."""
    return {"email": invitation.email, "role": invitation.as_what}


def _check_role(role: str, organization_id: int | None) -> None:
    if role not in ROLES:
        raise Invalid(f"No invitation was made: the roles are {', '.join(ROLES)}.", field="role")
    if role == "customer" and organization_id is None:
        raise Invalid(
            "No invitation was made. Enter the organization the customer belongs to.",
            field="organization",
        )
    if role != "customer" and organization_id is not None:
        raise Invalid(
            f"No invitation was made: {role} sees every organization. Leave the organization out.",
            field="organization",
        )


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt="an invitation")
