"""Somebody accepts an invitation: as a new user, or as one who can sign in already."""

from __future__ import annotations

from datetime import datetime

from dashboard.accounts.invitations import facts_of, has_account
from dashboard.accounts.locks import lock_user
from dashboard.accounts.memberships import begin_membership, membership_of
from dashboard.accounts.models import Invitation, Membership, User
from dashboard.accounts.passwords import check_password, hash_password
from dashboard.accounts.permissions import STAFF
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.text import unprintable

LONGEST_NAME = 200


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
    if has_account(invitation.email):
        raise Conflict(f"{invitation.email} can already sign in. Nothing was changed. Sign in.")
    user = User(
        email=invitation.email,
        name=name,
        role=invitation.role,
        password_hash=password_hash,
        created_at=now,
    )
    if invitation.organization_id is not None:
        joined = Membership(
            organization_id=invitation.organization_id, role=invitation.member_role, created_at=now
        )
        user.memberships.append(joined)
    db.session.add(user)
    db.session.flush()
    _use(invitation, user, now=now)
    return user


def why_not(invitation: Invitation, email: str, role: str) -> str | None:
    """Return why who is signed in with this address and role may not accept it; None if they may.

    They have just opened the link, which was sent to its address alone.
    """
    if invitation.email != email:
        return (
            f"This invitation is for {invitation.email}, and you are signed in as {email}. Nothing "
            "was changed. Sign out, then open the link again."
        )
    if role in STAFF:
        return "You already have access to every organization. Nothing was changed."
    if invitation.organization_id is None:
        return "You can already sign in. Nothing was changed. Ask an admin for another role."
    return None


def join_by(invitation: Invitation, user: User, *, now: datetime) -> Membership:
    """Return the membership that an open, locked invitation gives to `user`, who is locked too.

    Who is a member already stays what they are. Raises `Conflict` for who may not accept it.
    """
    if reason := why_not(invitation, user.email, user.role):
        raise Conflict(reason)
    organization_id = int(invitation.organization_id or 0)
    joined = membership_of(user.id, organization_id)
    if joined is None:
        role, actor = invitation.member_role, actor_of(user)
        joined = begin_membership(user, organization_id, role, actor=actor, now=now)
    _use(invitation, user, now=now)
    return joined


def hold_guest(user_id: int) -> User:
    """Return who is about to accept an invitation, locked before it; raises `Conflict`."""
    user = lock_user(user_id)
    if user is None or not user.is_active:
        raise Conflict(
            "Your account is deactivated. Nothing was changed. Ask an admin to reactivate it."
        )
    return user


def _use(invitation: Invitation, user: User, *, now: datetime) -> None:
    invitation.accepted_at = now
    write_entry("invitation.accepted", invitation, actor_of(user), facts_of(invitation), now=now)


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or unprintable(name):
        raise Invalid(f"Enter a name of at most {LONGEST_NAME} characters.", field="name")
    return name
