"""Which rows of people and invitations are locked, in which order, before any of the ledger's.

People come first, by their ids, then memberships, then invitations; whom an invitation makes is
new, and nobody else can hold them. Whoever may end the access of an admin locks all of them, so
that two who end each other's wait in line, and one of them is the last; owners of an organization
lock all its memberships for the same reason. Who makes a token or an invitation is locked until it
is stored. What is one person's own, sessions, passkeys, codes and tokens, comes after them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import Select, and_, or_, select

from dashboard.accounts.models import Invitation, Membership, User
from dashboard.extensions import db

Query = TypeVar("Query", bound=Select[*tuple[object, ...]])

IS_ADMIN = and_(User.role == "admin", User.is_active)


def lock_person(user_id: int) -> User | None:
    """Lock one person and all active admins, as they are now; return the person, if any."""
    query = select(User).where(or_(User.id == user_id, IS_ADMIN)).order_by(User.id)
    locked = _locked(query)
    return next((one for one in locked if one.id == user_id), None)


def lock_user(user_id: int) -> User | None:
    """Lock one person alone, as they are now, to change what is theirs only."""
    return next(iter(_locked(select(User).where(User.id == user_id))), None)


def lock_users(user_ids: Collection[int]) -> Sequence[User]:
    """Lock some people, as they are now, to change what they are to each other."""
    return _locked(select(User).where(User.id.in_(user_ids)).order_by(User.id))


def lock_members(organization_id: int) -> Sequence[Membership]:
    """Lock and return the memberships of an organization, as they are now."""
    query = select(Membership).where(Membership.organization_id == organization_id)
    return db.session.scalars(held(query.order_by(Membership.id))).all()


def is_admin(user_id: int) -> bool:
    """Whether somebody is an admin who can sign in, now."""
    query = select(User.id).where(User.id == user_id, IS_ADMIN)
    return db.session.scalar(query) is not None


def lock_invitations(wanted: Select[Invitation]) -> Sequence[Invitation]:
    """Lock and return these invitations, as they are now, by their ids."""
    return db.session.scalars(held(wanted.order_by(Invitation.id))).all()


def held(query: Query, *, wait: bool = True) -> Query:
    """Return `query` such that it locks the rows that it reads, as they are now.

    Without `wait` it leaves out those that somebody else holds.
    """
    fresh = query.execution_options(populate_existing=True)
    return fresh.with_for_update(key_share=True, skip_locked=not wait)


def _locked(query: Select[User]) -> Sequence[User]:
    return db.session.scalars(held(query)).all()
