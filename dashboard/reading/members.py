"""The page of an organization's members: who sees its bill, and who is invited to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.accounts.factors.held import who_has_factors
from dashboard.accounts.invitations import open_ones
from dashboard.accounts.listing import IN_ORDER, SIZE, by_name
from dashboard.accounts.members import IS_OWNER
from dashboard.accounts.models import Invitation, Membership
from dashboard.extensions import db
from dashboard.keyset import in_order
from dashboard.mail.models import Mail
from dashboard.mail.outbox import newest_of
from dashboard.paging import FIRST_BY_NAME, Asked, Stretch

# More than can be open at once; the rest are too old.
MOST_INVITED = 150


@dataclass(frozen=True, slots=True)
class MembersPage:
    """What the page shows; `protected` are the people with a second factor."""

    members: Stretch[Membership]
    protected: frozenset[int]
    has_owner: bool
    invitations: Sequence[Invitation]
    mails: Mapping[int, Mail]

    def is_too_old(self, invitation: Invitation, now: datetime) -> bool:
        """Whether an invitation opens nothing until it is renewed."""
        return invitation.expires_at <= now


def members_page(organization_id: int, asked: Asked = FIRST_BY_NAME) -> MembersPage:
    """Return some members by name, and all who are invited, the newest first."""
    members = _members(organization_id, asked)
    invited = open_ones().where(Invitation.organization_id == organization_id)
    invitations = db.session.scalars(
        invited.order_by(Invitation.id.desc()).limit(MOST_INVITED)
    ).all()
    return MembersPage(
        members,
        who_has_factors([one.user_id for one in members.rows]),
        _has_owner(organization_id),
        invitations,
        newest_of([one.id for one in invitations]),
    )


def _members(organization_id: int, asked: Asked) -> Stretch[Membership]:
    theirs = select(Membership).join(Membership.user)
    theirs = theirs.where(Membership.organization_id == organization_id)
    rows = in_order(theirs, IN_ORDER, asked.turn).limit(SIZE + 1)
    found = db.session.scalars(rows.options(joinedload(Membership.user))).all()
    people = (one.user for one in found)
    return by_name(found, people, asked, counted=theirs.with_only_columns(Membership.id))


def _has_owner(organization_id: int) -> bool:
    query = (
        select(Membership.id)
        .join(Membership.user)
        .where(Membership.organization_id == organization_id, *IS_OWNER)
    )
    return db.session.scalar(query.limit(1)) is not None
