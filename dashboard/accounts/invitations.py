"""Invitations: a signed link makes somebody a user, once, within a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Select, and_, select

from dashboard.accounts.locks import lock_invitations
from dashboard.accounts.makers import hold_maker
from dashboard.accounts.models import ROLES, Invitation, Membership, User
from dashboard.accounts.passwords import check_password, hash_password
from dashboard.accounts.secret_hash import hash_of
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.email_address import address_of_person
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db
from dashboard.text import unprintable

LIFE = timedelta(days=7)
LONGEST_NAME = 200


class InvitationEnded(NotFound):
    """The link is unknown, was used, was withdrawn, or is too old; which of them is not said."""

    code = "invitation_ended"


def invite(
    email: str, role: str, *, actor: Actor, now: datetime, organization_id: int | None = None
) -> Invitation:
    """Return a new invitation.

    An older one for the same address ends. Raises `Invalid` for a role or address that is none, or
    an organization that does not fit the role, `Conflict` where the address has a user already or
    the maker's access has ended meanwhile.
    """
    email = address_of_person(email)
    _check_role(role, organization_id)
    hold_maker(actor, as_admin=True)
    if db.session.scalar(select(User.id).where(User.email == email)):
        raise Conflict(
            f"{email} can already sign in. No invitation was made. Change their role under People."
        )
    for older in lock_invitations(_open().where(Invitation.email == email)):
        withdraw(older, actor=actor, now=now)
    # Two open ones for an address are refused by an index: the older has to be written first.
    db.session.flush()
    invitation = Invitation(
        email=email,
        role=role,
        organization_id=organization_id,
        created_by_id=actor.id if actor.kind == "user" else None,
        created_at=now,
        expires_at=now + LIFE,
    )
    db.session.add(invitation)
    record("invitation.created", invitation, actor, _facts(invitation), now=now)
    return invitation


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
    record("invitation.withdrawn", invitation, actor, _facts(invitation), now=now)


def withdraw_those_of(user: User, *, actor: Actor, now: datetime) -> None:
    """End the invitations that `user` made and nobody has used."""
    for one in lock_invitations(_open().where(Invitation.created_by_id == user.id)):
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
    for found in lock_invitations(_open().where(is_it, Invitation.expires_at > now)):
        return found
    raise InvitationEnded(
        "This invitation has ended: it works once, within a week. Nothing was changed. Sign in if "
        "you have used it, or ask for a new invitation."
    )


def accept(invitation: Invitation, name: str, password: str, *, now: datetime) -> User:
    """Return the user that an open, locked invitation makes of somebody.

    Raises `Invalid` for a name or password that will not do, `Conflict` where the address has a
    user by now.
    """
    name = _name(name)
    check_password(password, known=(invitation.email, name))
    return admit(invitation, name, hash_password(password), now=now)


def admit(invitation: Invitation, name: str, password_hash: str, *, now: datetime) -> User:
    """Return the user that an open, locked invitation makes of somebody by this hash.

    Raises `Conflict` where the address has a user by now.
    """
    if db.session.scalar(select(User.id).where(User.email == invitation.email)):
        raise Conflict(f"{invitation.email} can already sign in. Nothing was changed. Sign in.")
    user = User(
        email=invitation.email,
        name=name,
        role=invitation.role,
        password_hash=password_hash,
        created_at=now,
    )
    if invitation.organization_id is not None:
        joined = Membership(organization_id=invitation.organization_id, created_at=now)
        user.memberships.append(joined)
    db.session.add(user)
    db.session.flush()
    invitation.accepted_at = now
    record("invitation.accepted", invitation, actor_of(user), _facts(invitation), now=now)
    return user


def open_invitation(invitation_id: int | None, *, now: datetime) -> Invitation | None:
    """Return an invitation that can be used, None for one that has ended."""
    query = _open().where(Invitation.id == invitation_id, Invitation.expires_at > now)
    return db.session.scalar(query)


def invitation_for(email: str, *, now: datetime) -> Invitation | None:
    """Return the open invitation of an address, locked; None if there is none."""
    query = _open().where(Invitation.email == email, Invitation.expires_at > now)
    return next(iter(lock_invitations(query)), None)


def open_invitations() -> Sequence[Invitation]:
    """Return the invitations nobody has used yet, the newest first; also those that are too old."""
    return db.session.scalars(_open().order_by(Invitation.id.desc())).all()


def invitation_by_id(invitation_id: int) -> Invitation:
    """Return one invitation, locked; raises `NotFound`."""
    for found in lock_invitations(select(Invitation).where(Invitation.id == invitation_id)):
        return found
    raise NotFound(f"There is no invitation {invitation_id}.")


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


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or unprintable(name):
        raise Invalid(f"Enter a name of at most {LONGEST_NAME} characters.", field="name")
    return name


def _open() -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


def _facts(invitation: Invitation) -> dict[str, object]:
    return {"email": invitation.email, "role": invitation.role}


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt="an invitation")
