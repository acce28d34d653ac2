"""People who can sign in: what an admin changes of them, and what they change of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dashboard.accounts.invitations import withdraw_those_of
from dashboard.accounts.locks import IS_ADMIN, lock_person
from dashboard.accounts.memberships import begin_membership, change_membership, end_membership
from dashboard.accounts.models import ROLES, ApiToken, Membership, User
from dashboard.accounts.passwords import check_password, hash_password, password_matches
from dashboard.accounts.permissions import ADMIN_SCOPES, STAFF
from dashboard.accounts.sessions import end_sessions
from dashboard.accounts.sign_in import actor_of
from dashboard.accounts.tokens import live_tokens_of, revoke_token
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.email_address import known_as
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db


def everybody() -> Sequence[User]:
    """Return everybody with their memberships: those who can sign in first, then by name."""
    query = select(User).options(selectinload(User.memberships))
    return db.session.scalars(query.order_by(User.is_active.desc(), User.name, User.id)).all()


def person_by_id(user_id: int, *, lock: bool = False) -> User:
    """Return one person; raises `NotFound`. Whoever changes them has them locked."""
    found = lock_person(user_id) if lock else db.session.get(User, user_id)
    if found is None:
        raise NotFound(f"There is no person {user_id}.")
    return found


def person_by_email(email: str) -> User:
    """Return who signs in with this address, locked; raises `NotFound`."""
    user_id = db.session.scalar(select(User.id).where(User.email == known_as(email)))
    if user_id is None:
        raise NotFound(f"No person signs in with {email}.")
    return person_by_id(user_id, lock=True)


def who_signs_in_with(email: str) -> User | None:
    """Return the active user with this address, None if there is none."""
    query = select(User).where(User.email == known_as(email), User.is_active)
    return db.session.scalar(query)


def change_role(user: User, role: str, *, actor: Actor, now: datetime) -> None:
    """Let `user` hold another role from the commit on; raises `Conflict` for the last admin.

    What an admin handed out, invitations and links for passwords, ends with the role, and so does
    each API token of theirs that may do what only admins decide on. Other tokens stay: sub-systems
    use them. Support's invitations end with their being one of us.
    """
    if role not in ROLES:
        raise Invalid(f"Nothing was changed: the roles are {', '.join(ROLES)}.", field="role")
    if user.role == role:
        return
    if user.role == "admin":
        _leave_an_admin(user)
        user.link_version += 1
        for token in tokens_of(user):
            if ADMIN_SCOPES.intersection(token.scopes):
                revoke_token(token, actor=actor, now=now)
    if user.role in STAFF and role != "admin":
        withdraw_those_of(user, actor=actor, now=now)
    facts = {"role": [user.role, role]}
    user.role = role
    write_entry("person.role_changed", user, actor, facts, now=now)


def deactivate(user: User, *, actor: Actor, now: datetime) -> None:
    """End every session, API token, invitation and link of `user`, who cannot sign in any more.

    Raises `Conflict` for the last admin. The sessions stay ended when the user is let in again.
    """
    if not user.is_active:
        return
    if user.role == "admin":
        _leave_an_admin(user)
    user.is_active = False
    user.link_version += 1
    end_sessions(user, actor=actor, now=now)
    withdraw_those_of(user, actor=actor, now=now)
    ended = tokens_of(user)
    for token in ended:
        revoke_token(token, actor=actor, now=now)
    facts = {"email": user.email, "tokens": [one.name for one in ended]}
    write_entry("person.deactivated", user, actor, facts, now=now)


def activate(user: User, *, actor: Actor, now: datetime) -> None:
    """Let `user` sign in again; tokens that ended stay so."""
    if user.is_active:
        return
    user.is_active = True
    write_entry("person.activated", user, actor, {"email": user.email}, now=now)


def tokens_of(user: User) -> Sequence[ApiToken]:
    """Return the live API tokens that `user` made."""
    return live_tokens_of(user.id)


def join(
    user: User, organization_id: int, *, actor: Actor, now: datetime, role: str = "owner"
) -> None:
    """Let a customer see an organization as `role`, or in another one than before.

    An admin does, who may leave it without an owner. Raises `Invalid` for our own people, who see
    all.
    """
    if user.role in STAFF:
        raise Invalid(f"{user.name} already sees every organization. Nothing was changed.")
    known = next((one for one in user.memberships if one.organization_id == organization_id), None)
    if known is None:
        begin_membership(user, organization_id, role, actor=actor, now=now)
    else:
        change_membership(known, role, actor=actor, now=now)


def leave(user: User, membership_id: int, *, actor: Actor, now: datetime) -> Membership:
    """Take a membership from `user` and return it, be it an organization's last owner's.

    Raises `NotFound`.
    """
    found = next((one for one in user.memberships if one.id == membership_id), None)
    if found is None:
        raise NotFound("This membership has already ended. Nothing was changed.")
    end_membership(found, actor=actor, now=now)
    return found


def change_password(user: User, old: str, new: str, *, now: datetime) -> None:
    """Give `user` a new password; every session ends. Raises `Invalid` where `old` is not it."""
    if not password_matches(user.password_hash, old):
        raise Invalid("That is not your password. Nothing was changed.", field="old_password")
    set_password(user, new, actor=actor_of(user), now=now)


def set_password(user: User, password: str, *, actor: Actor, now: datetime) -> None:
    """Give `user` a new password; every session ends, and so does every link to set one."""
    check_password(password, known=(user.email, user.name))
    user.password_hash = hash_password(password)
    user.link_version += 1
    end_sessions(user, actor=actor, now=now)
    write_entry("person.password_changed", user, actor, now=now)


def note_reset_link(user: User, *, actor: Actor, now: datetime) -> None:
    """Put on record that `actor` made a link by which `user` sets a new password."""
    if not user.is_active:
        raise Conflict(
            f"{user.name} cannot sign in. No link was created. Reactivate the account first."
        )
    write_entry("person.reset_link_made", user, actor, {"email": user.email}, now=now)


def _leave_an_admin(user: User) -> None:
    """Raise `Conflict` if nobody but `user` could manage people; all admins must be locked."""
    if set(db.session.scalars(select(User.id).where(IS_ADMIN))) <= {user.id}:
        raise Conflict(
            f"{user.name} is the only admin, and people need one. Nothing was changed. Make "
            "another person an admin first."
        )
