"""Members of an organization manage who else is one, and always leave an owner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from dashboard.accounts.invitations import make, open_ones, withdraw
from dashboard.accounts.locks import lock_invitations, lock_members, lock_users
from dashboard.accounts.makers import check_manages, hold_owner
from dashboard.accounts.memberships import change_membership, check_member_role, end_membership
from dashboard.accounts.models import Invitation, Membership, User
from dashboard.audit.actor import Actor
from dashboard.email_address import address_of_person
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db

# So many may be on their way to an organization at once.
MOST_OPEN = 100
# Of a membership with its person: somebody whom the other members can turn to.
IS_OWNER = (Membership.role == "owner", User.is_active, User.role == "customer")
GONE = "This person is no longer a member. Nothing was changed. Check the list of members."


def invite_member(
    organization_id: int, email: str, role: str, *, actor: Actor, now: datetime
) -> Invitation:
    """Return a new invitation to an organization as `role`; an older one for the address ends.

    Whether the address can sign in is not looked at: who invites must not learn it. Raises
    `Invalid` for an address or role that is none, `Conflict` for a member, for too many, and where
    the maker is no owner any more.
    """
    email = address_of_person(email)
    check_member_role(role)
    hold_owner(actor, organization_id)
    members = [one.user_id for one in lock_members(organization_id)]
    if db.session.scalar(select(User.id).where(User.id.in_(members), User.email == email)):
        raise Conflict(f"{email} is already a member. No invitation was made. Change their role.")
    _check_room(organization_id, email, now)
    made = Invitation(
        email=email, role="customer", organization_id=organization_id, member_role=role
    )
    return make(made, actor=actor, now=now)


def renew_invitation(
    organization_id: int, invitation_id: int, *, actor: Actor, now: datetime
) -> Invitation:
    """Return a new invitation in place of one that is open or too old.

    Raises what `invite_member` does."""
    query = open_ones().where(
        Invitation.id == invitation_id, Invitation.organization_id == organization_id
    )
    old = db.session.scalar(query)
    if old is None:
        raise NotFound(
            "This invitation was used or withdrawn. Nothing was changed. Send a new one."
        )
    return invite_member(organization_id, old.email, old.member_role, actor=actor, now=now)


def withdraw_invitation(
    organization_id: int, invitation_id: int, *, actor: Actor, now: datetime
) -> Invitation:
    """End an invitation to an organization and return it; raises `NotFound`."""
    query = select(Invitation).where(
        Invitation.id == invitation_id, Invitation.organization_id == organization_id
    )
    for found in lock_invitations(query):
        if found.accepted_at is not None:
            raise Conflict(
                f"{found.email} has already joined. Nothing was changed. Remove them as a member."
            )
        withdraw(found, actor=actor, now=now)
        return found
    raise NotFound(f"There is no invitation {invitation_id}. Nothing was changed.")


def member_by_id(organization_id: int, membership_id: int) -> Membership:
    """Return a membership of an organization; raises `NotFound`."""
    query = select(Membership).where(
        Membership.id == membership_id, Membership.organization_id == organization_id
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(GONE)
    return found


def change_member(
    organization_id: int, membership_id: int, role: str, *, actor: Actor, now: datetime
) -> Membership:
    """Let a member hold another role and return them; raises `Conflict` for the last owner."""
    check_member_role(role)
    one = _hold(organization_id, membership_id, actor)
    if role != "owner":
        _leave_an_owner(one)
    change_membership(one, role, actor=actor, now=now)
    return one


def remove_member(organization_id: int, membership_id: int, *, actor: Actor, now: datetime) -> User:
    """Take an organization from a member and return them; raises `Conflict` for the last owner."""
    one = _hold(organization_id, membership_id, actor)
    _leave_an_owner(one)
    user = one.user
    end_membership(one, actor=actor, now=now)
    return user


def leave_organization(organization_id: int, *, actor: Actor, now: datetime) -> None:
    """End the actor's own membership; raises `Conflict` for the last owner."""
    lock_users({actor.id or 0})
    own = [one for one in lock_members(organization_id) if one.user_id == actor.id]
    if actor.kind != "user" or not own:
        raise NotFound("You are no longer a member of this organization. Nothing was changed.")
    _leave_an_owner(own[0])
    end_membership(own[0], actor=actor, now=now)


def _hold(organization_id: int, membership_id: int, actor: Actor) -> Membership:
    """Return a member whom `actor` may change, locked with all others; raises `NotFound`.

    Two owners who remove each other wait in line here, and the second finds what the first left.
    """
    user_id = member_by_id(organization_id, membership_id).user_id
    acting = actor.id if actor.kind == "user" else None
    people = {one.id: one for one in lock_users({user_id, acting or user_id})}
    members = {one.id: one for one in lock_members(organization_id)}
    if acting is not None:
        check_manages(people.get(acting), organization_id)
    if membership_id not in members:
        raise NotFound(GONE)
    return members[membership_id]


def _leave_an_owner(one: Membership) -> None:
    """Raise `Conflict` if nobody but `one` is an owner who can sign in; all must be locked."""
    if one.role != "owner":
        return
    others = (
        select(Membership.id)
        .join(Membership.user)
        .where(
            Membership.organization_id == one.organization_id,
            Membership.id != one.id,
            *IS_OWNER,
        )
    )
    if db.session.scalar(others.limit(1)) is None:
        raise Conflict(
            f"{one.user.name} is the only owner who can sign in, and members need one. Nothing was "
            "changed. Make another member an owner first."
        )


def _check_room(organization_id: int, email: str, now: datetime) -> None:
    others = open_ones().where(
        Invitation.organization_id == organization_id,
        Invitation.email != email,
        Invitation.expires_at > now,
    )
    number = db.session.scalar(select(func.count()).select_from(others.subquery())) or 0
    if number >= MOST_OPEN:
        raise Conflict(
            f"{MOST_OPEN} invitations to this organization are open, which is the limit. No "
            "invitation was made. Withdraw some first."
        )
