"""Who a session belongs to, read in one query per request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, String, column, func, select, table
from sqlalchemy.dialects.postgresql import ARRAY

from dashboard.accounts.models import Membership, User
from dashboard.accounts.permissions import STAFF, Permission
from dashboard.accounts.session_models import UserSession
from dashboard.accounts.sessions import SessionKey, is_open
from dashboard.audit.actor import Actor
from dashboard.statement import Statement, parameter

# Named here rather than imported: organizations are built on accounts, not the other way round.
_organizations = table("organizations", column("id"), column("slug", String))
INSTANT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user as the pages need them; `memberships` are their roles, by organization.

    One of us who is `viewing` an organization as its customer is that to everything that asks: an
    owner of it who belongs to nothing else. Whatever they cause still bears their name.
    """

    id: int
    email: str
    name: str
    role: str
    memberships: Mapping[str, str]
    # The session by which they ask, when it was noted as used, and when they showed who they are.
    session_id: int
    seen_at: datetime
    proved_at: datetime
    # The second factor that they showed in it.
    factor: str | None = None
    viewing: str | None = None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Identity:
        """Return the user of a row of the columns `IDENTITY`."""
        user_id, email, name, role, memberships, *rest = row
        session, viewing = rest[:-1], rest[-1]
        who = cls(user_id, email, name, role, dict(map(str.split, memberships)), *session)
        if viewing is None or not who.is_staff:
            return who
        return replace(who, role="customer", memberships={viewing: "owner"}, viewing=viewing)

    @property
    def slugs(self) -> frozenset[str]:
        """The organizations that they belong to."""
        return frozenset(self.memberships)

    @property
    def is_staff(self) -> bool:
        """Whether this is one of us: support or admin."""
        return self.role in STAFF

    @property
    def actor(self) -> Actor:
        """This user as the author of a change."""
        return Actor("user", self.id, self.email)

    def holds(self, permission: Permission, slug: str | None = None) -> bool:
        """Whether this user may use `permission`, for organization `slug` where it is scoped."""
        if permission.is_public:
            return True
        if self.role not in permission.roles:
            return False
        if self.is_staff or not permission.is_scoped:
            return True
        return slug is not None and self.memberships.get(slug) in permission.members


def identity_of(key: SessionKey) -> Identity | None:
    """Return the user of a session, None when it has ended or the user is gone or inactive.

    One query, memberships included: to end a session costs a poll nothing beyond knowing who asks.
    """
    row = _IDENTITY.row(**key._asdict())
    return Identity.of(row) if row else None


def _memberships() -> ColumnElement[Sequence[str]]:
    # Neither a slug nor a role has a space in it.
    of_user = (
        select(_organizations.c.slug + " " + Membership.role)
        .select_from(_organizations)
        .join(Membership, Membership.organization_id == _organizations.c.id)
        .where(Membership.user_id == User.id)
        .scalar_subquery()
    )
    return func.array(of_user, type_=ARRAY(String)).label("memberships")


# Also what other statements begin with, which ask for something on top; `SIGNED_IN` is where from.
IDENTITY: tuple[Any, ...] = (
    User.id, User.email, User.name, User.role, _memberships(),
    UserSession.id, UserSession.last_seen_at, UserSession.proved_at,
    UserSession.factor, UserSession.viewing,
)  # fmt: skip
SIGNED_IN = UserSession.__table__.join(User.__table__, User.id == UserSession.user_id)
# The fields of a `SessionKey` are their values.
HOLDS = (
    UserSession.secret_hash == parameter("secret_hash", String),
    *is_open(parameter("used_after", INSTANT), parameter("begun_after", INSTANT)),
    User.is_active,
)
_IDENTITY = Statement(select(*IDENTITY).select_from(SIGNED_IN).where(*HOLDS))
