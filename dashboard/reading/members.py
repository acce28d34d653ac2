"""The page of an organization's members: who sees its bill, and who is invited to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import joinedload

from dashboard.accounts.factors.held import who_has_factors
from dashboard.accounts.invitations import open_ones
from dashboard.accounts.members import IS_OWNER
from dashboard.accounts.models import Invitation, Membership, User
from dashboard.extensions import db
from dashboard.mail.models import Mail
from dashboard.mail.outbox import newest_of
from dashboard.paging import FIRST, MOST_COUNTED, Counted, Place, Stretch, Turn, stretch_of

SIZE = 50
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


def members_page(organization_id: int, turn: Turn = FIRST) -> MembersPage:
    """Return some members by name, and all who are invited, the newest first."""
    members = _members(organization_id, turn)
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


def _members(organization_id: int, turn: Turn) -> Stretch[Membership]:
    theirs = select(Membership).join(Membership.user)
    theirs = theirs.where(Membership.organization_id == organization_id)
    rows = _in_order(theirs, turn).limit(SIZE + 1).options(joinedload(Membership.user))
    found = db.session.scalars(rows).all()
    total = len(found)
    if turn.place is not None or total > SIZE:
        some = theirs.with_only_columns(Membership.id).limit(MOST_COUNTED + 1).subquery()
        total = db.session.scalar(select(func.count()).select_from(some)) or 0
    places = [Place(one.user.name, one.user_id) for one in found]
    return stretch_of(found, places, turn, size=SIZE, total=Counted.of(total))


def _in_order(query: Select[Membership], turn: Turn) -> Select[Membership]:
    here = tuple_(User.name, User.id)
    if turn.place is not None:
        place = tuple_(turn.place.name, turn.place.id)
        query = query.where(here < place if turn.is_back else here > place)
    order = (User.name.desc(), User.id.desc()) if turn.is_back else (User.name, User.id)
    return query.order_by(*order)


def _has_owner(organization_id: int) -> bool:
    query = (
        select(Membership.id)
        .join(Membership.user)
        .where(Membership.organization_id == organization_id, *IS_OWNER)
    )
    return db.session.scalar(query.limit(1)) is not None
